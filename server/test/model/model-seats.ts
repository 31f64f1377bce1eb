/** Holding seats, looking at them and giving them back. */
import type { CallOf } from './calls.ts';
import { behindTheDoor, recall } from './door.ts';
import { type Outcome, refusal, type Seen } from './outcome.ts';
import {
  amountOf,
  type Answer,
  type Hold,
  HOLD_TTL_MS,
  putSeats,
  SEAT_COUNTS,
  seatKey,
  SEATS_PER_PERSON,
  seatsOf,
  type State,
} from './state.ts';

type SeatCall = CallOf<'hold'> | CallOf<'map'> | CallOf<'giveBack'>;

export function answersOfSeats(state: State, call: SeatCall, seen: Seen): Outcome[] {
  if (call.do === 'map') return answersOfMap(state, call, seen);
  return call.do === 'hold' ? answersOfHold(state, call, seen) : answersOfGivingBack(state, call);
}

/** The same key of the same fan always names the same reservation. */
export function reservationName(fan: number, key: string): string {
  return `${'ABC'[fan] ?? '?'}-${key}`;
}

function answersOfHold(state: State, call: CallOf<'hold'>, seen: Seen): Outcome[] {
  const name = reservationName(call.fan, call.key);
  const { show, seats, payNow } = call;
  const before = recall(state, `hold/${name}`, JSON.stringify({ show, seats, payNow }));
  const { place } = call;
  return behindTheDoor(state, { place, act: 'hold' }, seen, {
    recall: () => before,
    act: (next) => {
      if (before !== undefined) return [{ answer: before, next }, ...refusedFromMemory(next, call)];
      const refused = refuseByTerms(next, call);
      if (refused !== undefined) return [refused, ...refusedFromMemory(next, call)];
      const taken = seats.filter((seat) => next.seats[show]?.[seat - 1] !== null);
      if (taken.length > 0) {
        return [refusal(next, 409, 'seats.taken', { seats: taken }), ...refusedFromMemory(next, call)];
      }
      return [...refusedFromMemory(next, call), granted(next, call, name)];
    },
  });
}

function refuseByTerms(next: State, { fan, show, seats, place }: CallOf<'hold'>): Outcome | undefined {
  const count = SEAT_COUNTS[show];
  if (count === undefined) return refusal(next, 404, 'performance.not-found');
  if (place.room !== 0) return refusal(next, 403, 'queue.token-foreign');
  if (show !== 0) return refusal(next, 409, 'sale.not-open');
  const unknown = seats.filter((seat) => seat > count);
  if (unknown.length > 0) return refusal(next, 404, 'seats.not-found', { seats: unknown });
  const has = seatsOf(next, fan, show);
  if (has + seats.length <= SEATS_PER_PERSON) return undefined;
  return refusal(next, 403, 'seats.limit-reached', { limit: SEATS_PER_PERSON, has });
}

/** An instance may be behind with seats that have just changed hands, and name any of those that it may think taken. */
function refusedFromMemory(next: State, { show, seats, place }: CallOf<'hold'>): Outcome[] {
  const changed = seats.filter((seat) => next.changed.includes(seatKey(show, seat)));
  if (changed.length === 0 || place.room !== 0 || seats.length > SEATS_PER_PERSON) return [];
  const surely = seats.filter((seat) => !changed.includes(seat) && next.seats[show]?.[seat - 1] !== null);
  const some = subsets(changed).map((part) => [...surely, ...part].toSorted((a, b) => a - b));
  const named = some.filter((part) => part.length > 0);
  return named.map((part) => refusal(next, 409, 'seats.taken', { seats: part }));
}

function subsets(seats: readonly number[]): number[][] {
  const [first, ...others] = seats;
  if (first === undefined) return [[]];
  const without = subsets(others);
  return [...without, ...without.map((part) => [first, ...part])];
}

function granted(from: State, { fan, show, seats, payNow, place }: CallOf<'hold'>, name: string): Outcome {
  const next = structuredClone(from);
  const expiresMs = next.nowMs + HOLD_TTL_MS;
  const hold: Hold = { fan, show, seats, payNow, place, expiresMs, state: 'HELD' };
  next.holds[name] = hold;
  putSeats(next, name, name);
  next.log.push({ name: 'SeatReserved', reservation: name });
  const answer: Answer = { status: 201, reservation: name, seats, amount: amountOf(hold), replayed: false };
  next.deeds[`hold/${name}`] = { body: JSON.stringify({ show, seats, payNow }), answer };
  return { answer, next };
}

/** The map of a quarter of a second ago, or of now; while seats change hands, of any moment between. */
function answersOfMap(state: State, call: CallOf<'map'>, seen: Seen): Outcome[] {
  const { show, place } = call;
  return behindTheDoor(state, { place, act: 'look' }, seen, {
    act: (next) => {
      if (SEAT_COUNTS[show] === undefined) return [refusal(next, 404, 'performance.not-found')];
      const changed = new Set([next, ...seen.past].flatMap((past) => past.changed));
      const unsure = seatsOfShow(show).filter((seat) => changed.has(seatKey(show, seat)));
      const maps = [next, ...seen.past].map((past) => freeSeats(past, show));
      const sure = freeSeats(next, show).filter((seat) => !unsure.includes(seat));
      const between = subsets(unsure).map((part) => [...sure, ...part].toSorted((a, b) => a - b));
      return [...maps, ...between].map((seats) => ({ answer: { status: 200, seats }, next }));
    },
  });
}

function seatsOfShow(show: number): number[] {
  return Array.from({ length: SEAT_COUNTS[show] ?? 0 }, (_, index) => index + 1);
}

function freeSeats(state: State, show: number): number[] {
  return seatsOfShow(show).filter((seat) => state.seats[show]?.[seat - 1] === null);
}

function answersOfGivingBack(state: State, { fan, reservation }: CallOf<'giveBack'>): Outcome[] {
  const hold = state.holds[reservation];
  if (hold?.fan !== fan) return [refusal(state, 404, 'reservation.not-found')];
  const status = state.reservations[reservation];
  // It waits for the record of what was just held.
  if (status === undefined) return [];
  if (status === 'CANCELLED') return [{ answer: { status: 204 }, next: state }];
  if (status !== 'HELD') return [refusal(state, 409, 'reservation.not-held', { reservationStatus: status })];
  const next = structuredClone(state);
  next.reservations[reservation] = 'CANCELLED';
  next.log.push({ name: 'ReservationCancelled', reservation });
  return [{ answer: { status: 204 }, next }];
}
