/** Money into the wallet, the payment, and the tickets. */
import { CHARGE_MAX_KRW } from '#contract/money.ts';
import { calls } from './calls.ts';
import { clicked, onceThere } from './click.ts';
import { type End, endOf, type Fan, isStopped, nextKey, pause, type Try } from './fan.ts';
import { stoppedOr } from './wait.ts';

/** A confirmation follows a payment within milliseconds, and later when the service has just come back. */
const CONFIRMED_WITHIN_MS = 60_000;
const ASK_AGAIN_MS = 150;
const ASK_AGAIN_MS_MAX = 2_000;

export async function charge(fan: Fan, amountKrw: number): Promise<End | undefined> {
  for (let left = amountKrw; left > 0; left -= CHARGE_MAX_KRW) {
    const call = calls.charge(fan.account, nextKey(fan), Math.min(left, CHARGE_MAX_KRW));
    const charged = await fan.api.insist(call);
    if (charged.outcome !== 'ok') return stoppedOr(fan, endOf(charged, 'charging the wallet'));
  }
  return undefined;
}

export async function pay(fan: Fan, seats: number): Promise<Try> {
  const { plan, story, open } = fan;
  if (open === undefined) return { ending: 'unexplained', why: 'nothing to pay' };
  const few = plan.does.has('charges-little') && !story.did.has('charges-little');
  if (few) story.did.add('charges-little');
  const end = await charge(fan, few ? Math.ceil(open.amountKrw / 3) : open.amountKrw);
  if (end !== undefined) return end;
  return payOnce(fan, seats, few);
}

async function payOnce(fan: Fan, seats: number, isShort: boolean): Promise<Try> {
  const { open } = fan;
  if (open === undefined) return { ending: 'unexplained', why: 'nothing to pay' };
  const paid = await clicked(fan, (key) =>
    onceThere(fan, () => fan.api.insist(calls.pay(fan.token, key, open.reservationId))),
  );
  if (paid.outcome === 'ok') return settlePaid(fan, seats);
  if (paid.outcome === 'refused' && paid.problem === 'wallet.insufficient' && isShort) {
    const end = await charge(fan, Number(paid.body['shortfall']));
    return end ?? payOnce(fan, seats, false);
  }
  if (paid.outcome === 'refused' && paid.problem === 'payment.lapsed') {
    fan.open = undefined;
    return fan.plan.choosesOthers ? 'again' : { ending: 'paid too late' };
  }
  return stoppedOr(fan, endOf(paid, 'paying'));
}

/** Asks until the reservation is confirmed, or is not to be: then whatever was paid is back. */
export async function settlePaid(fan: Fan, seats: number): Promise<Try> {
  const { api, crowd, story, open } = fan;
  if (open === undefined) return { ending: 'unexplained', why: 'nothing was held' };
  const untilMs = crowd.api.clock.monotonicMs() + CONFIRMED_WITHIN_MS;
  for (let againMs = ASK_AGAIN_MS; ; againMs = Math.min(2 * againMs, ASK_AGAIN_MS_MAX)) {
    const told = await onceThere(fan, () => api.insist(calls.reservation(fan.account, open.reservationId)));
    if (told.outcome !== 'ok') return stoppedOr(fan, endOf(told, 'the reservation'));
    if (told.told.status === 'CONFIRMED') break;
    if (told.told.status !== 'HELD') return unpaid(fan, told.told.status);
    if (isStopped(fan)) return { ending: 'stopped' };
    if (crowd.api.clock.monotonicMs() > untilMs) {
      return { ending: 'unexplained', why: `paid, and ${told.told.status} for a minute after` };
    }
    await pause(fan, againMs);
  }
  story.seats += seats;
  story.paidKrw += open.amountKrw;
  fan.open = undefined;
  const tickets = await api.insist(calls.tickets(fan.account));
  return tickets.outcome === 'ok' ? { ending: 'bought' } : stoppedOr(fan, endOf(tickets, 'the tickets'));
}

/** Whoever pays at once with too little in the wallet loses the seats, and chooses anew. */
function unpaid(fan: Fan, status: string): Try {
  const { plan, story } = fan;
  fan.open = undefined;
  const hadTooLittle = story.did.has('pays-now') && plan.does.has('charges-little');
  return hadTooLittle ? 'again' : { ending: 'money back', why: `paid, and then ${status}` };
}
