/** What was answered 2xx is true in the end, and whatever is true in the end has a reason. */
import { createJudge, idsOf, type Judge, type Judgement, seconds } from './judge.ts';
import type { History, ToldReservation, What } from './operation.ts';
import { type Action, type Person, select, selectOk } from './people.ts';
import { type Holds, seatsKey, type Tenancy } from './tenancies.ts';

interface Customer extends Pick<Holds, 'tenancies'> {
  readonly person: Person;
}

export function checkKept(
  { room, givesUp }: Pick<History, 'room' | 'givesUp'>,
  customers: readonly Customer[],
): Judgement[] {
  const kept = createJudge('what was answered stayed true', 'I3');
  const keys = createJudge('one key has one answer', 'I5');
  const ends = createJudge('a reservation ends for a reason', 'I8');
  for (const { person, tenancies } of customers) {
    if (givesUp !== true) for (const hold of person.holds) judgeHold(kept, person, hold);
    for (const pay of person.pays) judgePay(kept, person, pay);
    for (const giveBack of person.giveBacks) judgeGiveBack(kept, person, giveBack);
    judgePlaces(kept, person, room);
    for (const action of [...person.holds, ...person.pays, ...person.charges]) judgeKey(keys, action);
    for (const tenancy of tenancies) judgeEnd(ends, person, tenancy);
  }
  return [kept, keys, ends].map((judge) => judge.judgement());
}

function judgeHold(judge: Judge, { userId, final }: Person, { asked, told, tries }: Action<'hold'>): void {
  if (told === null || final.reservations === null) return;
  const found = final.reservations.get(told.reservationId);
  judge.expect(
    found !== undefined && seatsKey(found.seats) === seatsKey(asked.seats) && found.amount === told.amount,
    () =>
      `${userId} held ${asked.seats.join()} for ${told.amount} as ${told.reservationId}; there is ${describe(found)}`,
    () => idsOf(tries),
  );
}

/**
 * Confirmed; or the money is back, where it was given back at the same moment, or where the person had another
 * purchase on the same turn.
 */
function judgePay(judge: Judge, person: Person, { asked, told, tries }: Action<'pay'>): void {
  const { userId, final } = person;
  if (told === null || final.reservations === null) return;
  const found = final.reservations.get(asked.reservationId);
  const isUndone = found?.status === 'CANCELLED' && mayBeUndone(person, asked.reservationId);
  judge.expect(
    found?.amount === told.amount && (found.status === 'CONFIRMED' || isUndone),
    () => `${userId} paid ${told.amount} for ${asked.reservationId}; there is ${describe(found)}`,
    () => idsOf(tries),
  );
}

function mayBeUndone({ final: { entries }, giveBacks }: Person, reservationId: string): boolean {
  if (entries === null) return true;
  const own = entries.filter((entry) => entry.reservationId === reservationId);
  const wasGivenBack = giveBacks.some(({ asked }) => asked.reservationId === reservationId);
  const hasOther = entries.some((entry) => entry.kind === 'PAYMENT' && !own.includes(entry));
  return own.some(({ kind }) => kind === 'REFUND') && (wasGivenBack || hasOther);
}

function judgeGiveBack(judge: Judge, { userId, final }: Person, action: Action<'give-back'>): void {
  const { asked, answeredMs, tries } = action;
  if (answeredMs === Infinity || final.reservations === null) return;
  const found = final.reservations.get(asked.reservationId);
  judge.expect(
    found?.status === 'CANCELLED',
    () => `${userId} gave ${asked.reservationId} back at ${seconds(answeredMs)}; there is ${describe(found)}`,
    () => idsOf(tries),
  );
}

/** The place that is shown in the end is one that was given. */
function judgePlaces(judge: Judge, { userId, operations }: Person, room: string): void {
  const joins = select(operations, 'join').filter(({ asked }) => asked.room === room);
  if (joins.some(({ outcome }) => outcome === 'unknown')) return;
  const numbers = selectOk(joins, 'join').map(({ told }) => told.number);
  for (const { id, asked, isFinal, told } of selectOk(operations, 'look')) {
    if (!isFinal || asked.room !== room) continue;
    judge.expect(
      numbers.includes(told.number),
      () => `${userId} was given ${numbers.join()} and stands at ${told.number} in the end`,
      () => [id],
    );
  }
}

function judgeKey<W extends What>(judge: Judge, { userId, answers, tries }: Action<W>): void {
  if (answers.length < 2) return;
  const different = new Set(answers.map((told) => JSON.stringify(told)));
  judge.expect(
    different.size === 1,
    () => `${userId} was told with one key ${[...different].join(' and ')}`,
    () => idsOf(tries),
  );
}

/** Nobody's reservation is cancelled without anybody's doing, or before its time. */
function judgeEnd(judge: Judge, { final, operations }: Person, tenancy: Tenancy): void {
  const found = final.reservations?.get(tenancy.reservationId);
  if (found?.status !== 'CANCELLED' && found?.status !== 'EXPIRED') return;
  const { userId, reservationId, granted, endFromMs } = tenancy;
  const told = selectOk(operations, 'reservation').filter(
    (look) => look.told.reservationId === reservationId && look.told.status === found.status,
  );
  const toldMs = Math.min(...told.map(({ answeredMs }) => answeredMs), Infinity);
  const when = toldMs < Infinity ? `at ${seconds(toldMs)}` : 'in the end, and nobody did that';
  judge.expect(
    endFromMs < Infinity && endFromMs <= toldMs,
    () => `${userId} holds ${reservationId} since ${seconds(granted.fromMs)}; it was ${found.status} ${when}`,
    () => tenancy.operations,
  );
}

function describe(found: ToldReservation | undefined): string {
  if (found === undefined) return 'nothing';
  return `${found.seats.join()} for ${found.amount}, ${found.status}`;
}
