/** What the tables say, exactly: nothing of it is answered from memory. */
import type { Call, CallOf } from './calls.ts';
import { type Outcome, refusal, roomAnswer } from './outcome.ts';
import { amountOf, balanceOf, type Entry, holdOf, PRICE_KRW, SEAT_COUNTS, type State } from './state.ts';

type Steering = 'join' | 'leave' | 'stand' | 'hold' | 'map' | 'giveBack' | 'pay' | 'charge';
type ReadCall = Exclude<Call, { do: Steering | 'changeRoom' | 'openRoomAgain' | 'raiseEpoch' }>;
type ListCall = CallOf<'listReservations' | 'wallet' | 'entries' | 'payments' | 'tickets'>;

export function answersOfReads(state: State, call: ReadCall): Outcome[] {
  switch (call.do) {
    case 'findReservation':
      return answersOfFinding(state, call);
    case 'findRoom':
      return [{ answer: { status: 200, ...roomAnswer(state) }, next: state }];
    case 'sales':
      return [salesNow(state, call)];
    case 'checkTicket': {
      const isGood = state.reservations[call.reservation] === 'CONFIRMED';
      if (!isGood) return [refusal(state, 422, 'ticket.invalid')];
      const { reservation, seat } = call;
      return [{ answer: { status: 200, reservation, seat }, next: state }];
    }
    default:
      return [{ answer: { status: 200, ...listOf(state, call) }, next: state }];
  }
}

function answersOfFinding(state: State, call: CallOf<'findReservation'>): Outcome[] {
  const { fan, reservation } = call;
  if (state.holds[reservation]?.fan !== fan) return [refusal(state, 404, 'reservation.not-found')];
  // It waits for the record of what was just held.
  if (state.reservations[reservation] === undefined) return [];
  return [{ answer: { status: 200, ...record(state, reservation) }, next: state }];
}

function record(state: State, reservation: string): Record<string, unknown> {
  const hold = holdOf(state, reservation);
  const status = state.reservations[reservation];
  return { reservation, is: status, show: hold.show, seats: hold.seats, amount: amountOf(hold) };
}

/** Lists are compared by name: what is made in the same moment has no order that a model could know. */
function listOf(state: State, call: ListCall): Record<string, unknown> {
  const { fan } = call;
  const own = Object.keys(state.reservations).filter((name) => state.holds[name]?.fan === fan);
  const names = own.toSorted();
  switch (call.do) {
    case 'listReservations':
      return { reservations: names.map((name) => record(state, name)) };
    case 'wallet':
      return { balance: balanceOf(state, fan) };
    case 'entries': {
      const entries = state.entries.filter((entry) => entry.fan === fan).toReversed();
      return { entries: entries.map(entryAnswer) };
    }
    case 'payments':
      return { payments: names.flatMap((name) => paymentOf(state, name)) };
    case 'tickets': {
      const confirmed = names.filter((name) => state.reservations[name] === 'CONFIRMED');
      const tickets = confirmed.flatMap((name) => holdOf(state, name).seats.map((seat) => `${name}/${seat}`));
      return { tickets: tickets.toSorted() };
    }
  }
}

function entryAnswer({ kind, amount, balanceAfter, reservation }: Entry): Record<string, unknown> {
  return { kind, amount, balanceAfter, reservation };
}

function paymentOf(state: State, name: string): Record<string, unknown>[] {
  const payment = state.payments[name];
  if (payment?.state !== 'PAID' && payment?.state !== 'REFUNDED') return [];
  const hold = holdOf(state, name);
  return [{ reservation: name, is: payment.state, seats: hold.seats, amount: amountOf(hold) }];
}

/** While seats change hands, an instance may be behind with any of them. */
export const UNSURE = 'unsure';

function salesNow(state: State, { show }: CallOf<'sales'>): Outcome {
  const isUnsure = state.changed.some((key) => key.startsWith(`${show}/`));
  const answer = { status: 200, ...(isUnsure ? { [UNSURE]: true } : salesOf(state, show)) };
  return { answer, next: state };
}

function salesOf(state: State, show: number): Record<string, unknown> {
  const holds = Object.values(state.holds).filter((hold) => hold.show === show);
  const count = (what: 'HELD' | 'SOLD') =>
    holds.filter((hold) => hold.state === what).reduce((sum, hold) => sum + hold.seats.length, 0);
  const [held, sold] = [count('HELD'), count('SOLD')];
  return { free: (SEAT_COUNTS[show] ?? 0) - held - sold, held, sold, soldAmount: sold * PRICE_KRW };
}
