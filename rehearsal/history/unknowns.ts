/**
 * Unknown outcomes are all or nothing: what somebody has in the end is whole (seats, tickets and money agree), and
 * was asked for by them.
 */
import { createJudge, idsOf, type Judge, type Judgement } from './judge.ts';
import type { ToldEntry, ToldReservation } from './operation.ts';
import { type Action, type Person, selectOk } from './people.ts';
import { type Holds, seatsKey } from './tenancies.ts';

interface Customer extends Holds {
  readonly person: Person;
}

/** What became of those that were not answered at first. */
export interface Resolved {
  /** The same key told. */
  readonly retried: number;
  readonly happened: number;
  readonly didNot: number;
  /** Nobody looked at the end. */
  readonly open: number;
}

export function checkUnknowns(customers: readonly Customer[]): Judgement[] {
  const whole = createJudge('what somebody has is whole: seats, tickets and money', 'I4');
  const asked = createJudge('nobody has what they did not ask for', 'I4');
  for (const customer of customers) {
    for (const reservation of customer.person.final.reservations?.values() ?? []) {
      judgeWhole(whole, customer.person, reservation);
    }
    judgeAsked(asked, customer);
  }
  return [whole, asked].map((judge) => judge.judgement());
}

function judgeWhole(judge: Judge, { userId, final, operations }: Person, reservation: ToldReservation): void {
  const { reservationId, status, seats, amount } = reservation;
  const isSold = status === 'CONFIRMED';
  const ids = () => idsOf(operations.filter(({ isFinal }) => isFinal));
  if (final.tickets !== null) {
    const own = final.tickets
      .filter((ticket) => ticket.reservationId === reservationId)
      .map(({ seat }) => seat);
    judge.expect(
      seatsKey(own) === (isSold ? seatsKey(seats) : ''),
      () =>
        `${userId} has ${reservationId}, ${status}, of ${seats.join()}, and tickets for ${own.join() || 'none'}`,
      ids,
    );
  }
  if (final.entries !== null) {
    const paid = final.entries.reduce(
      (sum, entry) => (entry.reservationId === reservationId ? sum - entry.amount : sum),
      0,
    );
    judge.expect(
      paid === (isSold ? amount : 0),
      () => `${userId} has ${reservationId}, ${status}, of ${amount}, and has paid ${paid} for it`,
      ids,
    );
  }
}

function judgeAsked(judge: Judge, { person, tenancies, unasked }: Customer): void {
  const { userId, final, operations } = person;
  const ids = () => idsOf(operations.filter(({ isFinal }) => isFinal));
  judge.take({ judged: tenancies.length, broken: [] });
  for (const { reservationId, seats, status } of unasked) {
    judge.expect(
      false,
      () => `${userId} has ${reservationId}, ${status}, of ${seats.join()}, and never asked for it`,
      ids,
    );
  }
  for (const entry of final.entries ?? []) {
    judge.expect(
      wasAsked(entry, person, tenancies),
      () =>
        `${userId} has ${entry.kind} of ${entry.amount} for ${entry.reservationId ?? 'nothing'} without asking for it`,
      ids,
    );
  }
  judgeCharges(judge, person);
}

function wasAsked(entry: ToldEntry, { pays }: Person, tenancies: Holds['tenancies']): boolean {
  if (entry.kind === 'CHARGE') return true; // counted by amount
  const tenancy = tenancies.find(({ reservationId }) => reservationId === entry.reservationId);
  return tenancy?.payNow === true || pays.some(({ asked }) => asked.reservationId === entry.reservationId);
}

/** Charges that nobody was told of are as many as were left unanswered, of each amount, at the most. */
function judgeCharges(judge: Judge, { userId, charges, final, operations }: Person): void {
  if (final.entries === null) return;
  const told = new Set(charges.map((charge) => charge.told?.transferId));
  const untold = final.entries.filter(({ kind, transferId }) => kind === 'CHARGE' && !told.has(transferId));
  for (const [amount, own] of Map.groupBy(untold, (entry) => entry.amount)) {
    const unknown = charges.filter((charge) => charge.told === null && charge.asked.amount === amount);
    judge.expect(
      own.length <= unknown.length,
      () =>
        `${userId} was charged ${amount} ${own.length} times without an answer, and asked ${unknown.length} times`,
      () => idsOf(operations.filter(({ what, isFinal }) => isFinal && what === 'entries')),
    );
  }
}

/** For the report: of the holds, charges, payments and joins that had a try without an answer. */
export function resolveUnknowns(customers: readonly Customer[]): Resolved {
  const sum = { retried: 0, happened: 0, didNot: 0, open: 0 };
  for (const { person, traceless, discovered } of customers) {
    const { holds, charges, pays, final } = person;
    const unclear = [...holds, ...charges, ...pays].filter(isUnclear);
    sum.retried += unclear.filter((action) => action.told !== null).length;
    sum.happened += discovered;
    sum[final.reservations === null ? 'open' : 'didNot'] += traceless.length;
    const movements = [...charges, ...pays].filter((action) => action.told === null).length;
    if (final.entries === null) sum.open += movements;
    else {
      const happened = movements === 0 ? 0 : untoldMovements(person, final.entries);
      sum.happened += happened;
      sum.didNot += movements - happened;
    }
    resolveJoins(person, sum);
  }
  return sum;
}

function isUnclear({ tries }: Pick<Action<'hold' | 'charge' | 'pay'>, 'tries'>): boolean {
  return tries.some(({ outcome }) => outcome === 'unknown');
}

function untoldMovements({ charges, pays }: Person, entries: readonly ToldEntry[]): number {
  const told = new Set(charges.map((charge) => charge.told?.transferId));
  const charged = entries.filter(({ kind, transferId }) => kind === 'CHARGE' && !told.has(transferId)).length;
  const open = new Set(pays.filter((pay) => pay.told === null).map(({ asked }) => asked.reservationId));
  for (const pay of pays) if (pay.told !== null) open.delete(pay.asked.reservationId);
  const paid = entries.filter(
    (entry) => entry.kind === 'PAYMENT' && open.has(entry.reservationId ?? ''),
  ).length;
  return charged + paid;
}

function resolveJoins({ operations }: Person, sum: { retried: number; open: number }): void {
  const answered = selectOk(operations, 'join').map(({ sentMs }) => sentMs);
  const last = Math.max(...answered, -Infinity);
  for (const { what, outcome, sentMs } of operations) {
    if (what !== 'join' || outcome !== 'unknown') continue;
    if (sentMs < last) sum.retried++;
    else sum.open++;
  }
}
