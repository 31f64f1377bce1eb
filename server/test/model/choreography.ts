/**
 * What follows by itself: four readers of the log, and the clock. While requests are under way each of them may have
 * come as far as it likes; once everything is settled there is one state left.
 */
import { admit, endOverdue, extend, isOverdue, shorten, spend } from './line.ts';
import {
  amountOf,
  balanceOf,
  distinct,
  holdOf,
  type LogEvent,
  post,
  putSeats,
  type Reader,
  type State,
} from './state.ts';

type Reaction = (state: State, event: LogEvent) => void;

const READERS: readonly Reader[] = ['reservations', 'payments', 'seats', 'waiting-room'];

const REACTIONS: Readonly<Record<Reader, Partial<Record<LogEvent['name'], Reaction>>>> = {
  reservations: {
    SeatReserved: (state, { reservation }) => {
      state.reservations[reservation] = 'HELD';
      state.log.push({ name: 'ReservationCreated', reservation });
    },
    PaymentProcessed: (state, { reservation }) => {
      if (state.reservations[reservation] === 'HELD') state.reservations[reservation] = 'CONFIRMED';
    },
    PaymentProcessingFailed: (state, { reservation, reason }) => {
      const to = reason === 'lapsed' ? 'EXPIRED' : 'CANCELLED';
      if (state.reservations[reservation] === 'HELD') state.reservations[reservation] = to;
    },
    TokenExpirationFailed: (state, { reservation }) => {
      state.reservations[reservation] = 'CANCELLED';
    },
  },
  payments: {
    ReservationCreated: openPayment,
    ReservationCancelled: (state, event) => {
      const payment = state.payments[event.reservation];
      if (payment?.state === 'DUE') payment.state = 'VOID';
      else refund(state, event);
    },
    TokenExpirationFailed: refund,
  },
  seats: {
    ReservationCancelled: release,
    PaymentProcessingFailed: release,
    TokenExpirationFailed: release,
    PaymentProcessed: (state, { reservation }) => {
      const hold = holdOf(state, reservation);
      if (hold.state !== 'HELD') return;
      hold.state = 'SOLD';
      putSeats(state, reservation, reservation);
    },
  },
  'waiting-room': {
    SeatReserved: (state, { reservation }) => extend(state, reservation),
    ReservationCancelled: (state, { reservation }) => shorten(state, reservation),
    PaymentProcessingFailed: (state, { reservation }) => shorten(state, reservation),
    PaymentProcessed: (state, { reservation }) => {
      const place = state.payments[reservation]?.place ?? holdOf(state, reservation).place;
      if (spend(state, place, reservation)) return;
      state.log.push({ name: 'TokenExpirationFailed', reservation });
    },
  },
};

function openPayment(state: State, { reservation }: LogEvent): void {
  const hold = holdOf(state, reservation);
  state.payments[reservation] = { state: 'DUE', place: hold.place };
  if (!hold.payNow) return;
  if (balanceOf(state, hold.fan) >= amountOf(hold)) {
    take(state, reservation);
    return;
  }
  state.payments[reservation].state = 'REFUSED';
  state.log.push({ name: 'PaymentProcessingFailed', reservation, reason: 'refused' });
}

/** The money for what is due; gives the balance after it. */
export function take(state: State, reservation: string): number {
  const hold = holdOf(state, reservation);
  const payment = state.payments[reservation];
  if (payment !== undefined) payment.state = 'PAID';
  state.log.push({ name: 'PaymentProcessed', reservation });
  return post(state, { fan: hold.fan, kind: 'PAYMENT', amount: -amountOf(hold), reservation });
}

function refund(state: State, { reservation }: LogEvent): void {
  const payment = state.payments[reservation];
  if (payment?.state !== 'PAID') return;
  payment.state = 'REFUNDED';
  const hold = holdOf(state, reservation);
  post(state, { fan: hold.fan, kind: 'REFUND', amount: amountOf(hold), reservation });
}

function release(state: State, { reservation }: LogEvent): void {
  const hold = holdOf(state, reservation);
  if (hold.state === 'RELEASED') return;
  hold.state = 'RELEASED';
  putSeats(state, reservation, null);
}

/** Takes the next event that concerns the reader; false when there is none. */
function readNext(state: State, reader: Reader): boolean {
  for (;;) {
    const event = state.log[state.read[reader]];
    if (event === undefined) return false;
    state.read[reader]++;
    const reaction = REACTIONS[reader][event.name];
    if (reaction === undefined) continue;
    reaction(state, event);
    return true;
  }
}

/** Due payments lapse and turns end. */
function tickClock(state: State): boolean {
  const due = Object.entries(state.payments).filter(([, payment]) => payment.state === 'DUE');
  const lapsing = due.filter(([name]) => holdOf(state, name).expiresMs <= state.nowMs);
  for (const [reservation, payment] of lapsing) {
    payment.state = 'LAPSED';
    state.log.push({ name: 'PaymentProcessingFailed', reservation, reason: 'lapsed' });
  }
  const isEnding = state.places.some((place) => isOverdue(state, place));
  return (isEnding && endOverdue(state)) || lapsing.length > 0;
}

/** Everything that follows has followed. */
export function settled(from: State): State {
  const state = structuredClone(from);
  for (let isMoving = true; isMoving;) {
    isMoving = tickClock(state);
    for (const reader of READERS) while (readNext(state, reader)) isMoving = true;
  }
  state.log = [];
  state.read = { seats: 0, reservations: 0, payments: 0, 'waiting-room': 0 };
  state.changed = [];
  for (const room of [0, 1] as const) admit(state, room);
  return state;
}

/** Nothing will follow by itself. */
export function isSettled(state: State): boolean {
  return state.log.length === 0 && state.changed.length === 0 && !tickClock(structuredClone(state));
}

const REACHABLE_MAX = 20_000;

/** Every state that these may be in by now, with each reader as far as it likes. */
export function reachable(states: readonly State[]): State[] {
  const found = new Map(states.map((state) => [JSON.stringify(state), state]));
  const todo = [...found.values()];
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    for (const move of [tickClock, ...READERS.map((reader) => (next: State) => readNext(next, reader))]) {
      const next = structuredClone(state);
      if (!move(next)) continue;
      const key = JSON.stringify(next);
      if (found.has(key)) continue;
      found.set(key, next);
      todo.push(next);
    }
    if (found.size > REACHABLE_MAX) throw new Error('too much is open for the model: shorten the groups');
  }
  return distinct([...found.values()]);
}
