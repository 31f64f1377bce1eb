/** Who had which seats from when to when, as far as it can be known from what was asked and answered. */
import type { History, ToldReservation } from './operation.ts';
import { type Action, type Person, selectOk } from './people.ts';

interface Span {
  readonly fromMs: number;
  /** Infinity: nobody was told. */
  readonly byMs: number;
}

/** One hold that happened, and what became of it. */
export interface Tenancy {
  readonly userId: string;
  readonly performanceId: number;
  readonly reservationId: string;
  readonly seats: readonly number[];
  readonly amount: number;
  /** Perhaps the money was to be taken at once. */
  readonly payNow: boolean;
  /** The requests that it came from. */
  readonly operations: readonly number[];
  readonly granted: Span;
  /**
   * While the seats were held. Null: it never was, or nobody can know. Whoever gives seats back and pays at the same
   * moment may pay when they are somebody else's already, and gets the money back.
   */
  readonly paid: Span | null;
  /** Nothing can have ended it before. Infinity: nothing has, to the end. */
  readonly endFromMs: number;
  /** It had ended by then, if the service kept its time. Infinity: perhaps it was paid, so nothing had to end it. */
  readonly endByMs: number;
}

export interface Holds {
  readonly tenancies: readonly Tenancy[];
  /** Of unknown outcome, that have happened all the same: nobody was told, until somebody looked. */
  readonly discovered: number;
  /** Of unknown outcome, and no trace of them: they did not happen, or nobody looked at the end. */
  readonly traceless: readonly Action<'hold'>[];
  /** What a person has and cannot have asked for. */
  readonly unasked: readonly ToldReservation[];
}

/** The service's clock and the recorder's do not run at quite the same pace. */
const PACE_SLACK_MS = 100;

type Terms = Pick<History, 'holdTtlMs' | 'givesUp'>;

export function holdsOf(person: Person, terms: Terms): Holds {
  const told = person.holds.flatMap((hold) => (hold.told === null ? [] : [{ ...hold, told: hold.told }]));
  const unknown = Map.groupBy(
    person.holds.filter((hold) => hold.told === null),
    ({ asked }) => seatsKey(asked.seats),
  );
  const tenancies = told.map((hold) =>
    tenancyOf(person, [hold], { ...hold.told, byMs: hold.answeredMs }, terms),
  );
  const known = new Set(tenancies.map(({ reservationId }) => reservationId));
  const unasked: ToldReservation[] = [];
  const used = new Map<string, number>();
  for (const seen of seenReservations(person)) {
    if (known.has(seen.told.reservationId)) continue;
    const key = seatsKey(seen.told.seats);
    const candidates = unknown.get(key) ?? [];
    const before = used.get(key) ?? 0;
    used.set(key, before + 1);
    // Which of them it was cannot be told, but each makes one at most.
    if (before >= candidates.length) unasked.push(seen.told);
    else {
      tenancies.push(tenancyOf(person, candidates, { ...seen.told, byMs: seen.byMs }, terms));
    }
  }
  const traceless = [...unknown].flatMap(([key, candidates]) => candidates.slice(used.get(key) ?? 0));
  return { tenancies, discovered: tenancies.length - told.length, traceless, unasked };
}

function tenancyOf(
  person: Person,
  holds: readonly Action<'hold'>[],
  { reservationId, amount, byMs }: Pick<ToldReservation, 'reservationId' | 'amount'> & Pick<Span, 'byMs'>,
  { holdTtlMs, givesUp = false }: Terms,
): Tenancy {
  const granted = { fromMs: Math.min(...holds.map((hold) => hold.sentMs)), byMs };
  const payNow = holds.some(({ asked }) => asked.payNow);
  const pays = person.pays.filter(({ asked }) => asked.reservationId === reservationId);
  const payFromMs = Math.min(...pays.map((pay) => pay.sentMs), payNow ? granted.fromMs : Infinity);
  const payByMs = Math.min(...pays.map((pay) => pay.answeredMs), Infinity);
  const status = person.final.reservations?.get(reservationId)?.status;
  const isPaid = payByMs < Infinity || status === 'CONFIRMED';
  const givenBack = person.giveBacks.filter(({ asked }) => asked.reservationId === reservationId);
  const mayBeUndone = status === 'CANCELLED' || (status === undefined && givenBack.length > 0);
  // Of two purchases on one turn one is undone.
  const hasOther =
    person.pays.length > pays.length ||
    person.holds.some(({ asked, tries }) => asked.payNow && !holds.some((hold) => hold.tries === tries));
  const undoneFromMs = payNow || hasOther ? payFromMs : Infinity;
  const ends = {
    cancelled: givesUp
      ? granted.fromMs
      : Math.min(...givenBack.map((giveBack) => giveBack.sentMs), undoneFromMs),
    expired: isPaid ? Infinity : granted.fromMs + holdTtlMs - PACE_SLACK_MS,
  };
  return {
    userId: person.userId,
    performanceId: holds[0]?.asked.performanceId ?? 0,
    reservationId,
    seats: holds[0]?.asked.seats ?? [],
    amount,
    payNow,
    operations: holds.flatMap(({ tries }) => tries.map(({ id }) => id)),
    granted,
    paid: isPaid && !mayBeUndone ? { fromMs: payFromMs, byMs: payByMs } : null,
    endFromMs: endOf(status, ends),
    endByMs: mayBePaid(status, payFromMs)
      ? Infinity
      : Math.min(byMs + holdTtlMs, ...givenBack.map((giveBack) => giveBack.answeredMs)),
  };
}

/** Of what was bought and then undone nobody is told when. */
function mayBePaid(status: ToldReservation['status'] | undefined, payFromMs: number): boolean {
  if (status === 'EXPIRED') return false;
  return status === 'HELD' || status === 'CONFIRMED' || payFromMs < Infinity;
}

function endOf(
  status: ToldReservation['status'] | undefined,
  ends: { readonly cancelled: number; readonly expired: number },
): number {
  switch (status) {
    case 'HELD':
    case 'CONFIRMED':
      return Infinity;
    case 'CANCELLED':
      return ends.cancelled;
    case 'EXPIRED':
      return ends.expired;
    case undefined:
      return Math.min(ends.cancelled, ends.expired);
  }
}

/** Whatever a person was shown, and since when. */
function seenReservations({ operations }: Person): { told: ToldReservation; byMs: number }[] {
  const seen = new Map<string, { told: ToldReservation; byMs: number }>();
  const looks = [
    ...selectOk(operations, 'reservation').map(({ told, answeredMs }) => ({ told: [told], answeredMs })),
    ...selectOk(operations, 'reservations'),
  ];
  for (const { told, answeredMs } of looks) {
    for (const reservation of told) {
      const byMs = Math.min(answeredMs, seen.get(reservation.reservationId)?.byMs ?? Infinity);
      seen.set(reservation.reservationId, { told: reservation, byMs });
    }
  }
  return [...seen.values()];
}

export function seatsKey(seats: readonly number[]): string {
  return seats.toSorted((a, b) => a - b).join();
}
