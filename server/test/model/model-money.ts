/** Charging the wallet and paying from it. */
import type { CallOf } from './calls.ts';
import { take } from './choreography.ts';
import { behindTheDoor, recall } from './door.ts';
import { type Outcome, refusal, type Seen } from './outcome.ts';
import { amountOf, type Answer, balanceOf, post, type State } from './state.ts';

export function answersOfMoney(state: State, call: CallOf<'pay'> | CallOf<'charge'>, seen: Seen): Outcome[] {
  return call.do === 'pay' ? answersOfPaying(state, call, seen) : [charging(state, call)];
}

function charging(state: State, { fan, amountKrw, key }: CallOf<'charge'>): Outcome {
  const name = `charge/${fan}/${key}`;
  const body = String(amountKrw);
  const before = recall(state, name, body);
  if (before !== undefined) return { answer: before, next: state };
  const next = structuredClone(state);
  const balance = post(next, { fan, kind: 'CHARGE', amount: amountKrw, reservation: null });
  const answer: Answer = { status: 201, amount: amountKrw, balance, replayed: false };
  next.deeds[name] = { body, answer };
  return { answer, next };
}

function answersOfPaying(state: State, call: CallOf<'pay'>, seen: Seen): Outcome[] {
  const { fan, place, key, reservation } = call;
  const name = `pay/${fan}/${key}`;
  const before = recall(state, name, reservation);
  return behindTheDoor(state, { place, act: 'pay' }, seen, {
    recall: () => before,
    act: (next) => (before === undefined ? paying(next, call, name) : [{ answer: before, next }]),
  });
}

function paying(from: State, { fan, place, reservation }: CallOf<'pay'>, name: string): Outcome[] {
  const hold = from.holds[reservation];
  if (hold?.fan !== fan) return [refusal(from, 404, 'reservation.not-found')];
  const payment = from.payments[reservation];
  // It waits for what follows from the hold.
  if (payment === undefined) return [];
  const amount = amountOf(hold);
  const balance = balanceOf(from, fan);
  if (payment.state === 'PAID') return [refusal(from, 409, 'payment.already-paid', { paid: reservation })];
  const isLapsed = payment.state === 'LAPSED' || (payment.state === 'DUE' && hold.expiresMs <= from.nowMs);
  if (isLapsed) return [refusal(from, 409, 'payment.lapsed')];
  if (payment.state !== 'DUE')
    return [refusal(from, 409, 'payment.closed', { paymentStatus: payment.state })];
  if (place.room !== 0) return [refusal(from, 403, 'queue.token-foreign')];
  if (balance < amount) {
    const shortfall = amount - balance;
    return [refusal(from, 402, 'wallet.insufficient', { balance, amount, shortfall })];
  }
  const next = structuredClone(from);
  const left = take(next, reservation);
  const due = next.payments[reservation];
  if (due !== undefined) due.place = { room: place.room, number: place.number };
  const answer: Answer = { status: 201, paid: reservation, amount, balance: left, replayed: false };
  next.deeds[name] = { body: reservation, answer };
  return [{ answer, next }];
}
