/** With one's turn: the map, a choice, a hold, and what comes of it. */
import type { Reply } from './api.ts';
import { calls } from './calls.ts';
import { chooseSeats } from './choose-seats.ts';
import { clicked, onceThere } from './click.ts';
import { type End, endOf, type Fan, isStopped, pause, type Try } from './fan.ts';
import { charge, pay, settlePaid } from './pay.ts';
import { towardsFront } from './plan.ts';
import { leave, reload, stoppedOr, takeOtherDevice } from './wait.ts';

/** How long until the next look at a map on which nothing is free. */
const NOTHING_FREE_MS = 2_500;
/** How long until the next choice, when somebody else was quicker. */
const AGAIN_MS = 800;

export async function buy(fan: Fan): Promise<End> {
  const { plan, crowd } = fan;
  const untilMs = crowd.api.clock.monotonicMs() + plan.looksForMs;
  for (let tries = 0; ; tries++) {
    if (isStopped(fan)) return { ending: 'stopped' };
    if (crowd.isSoldOut()) return leave(fan, { ending: 'sold out at the seats' });
    if (crowd.api.clock.monotonicMs() > untilMs) return leave(fan, { ending: 'found no seats' });
    const tried = await tryToBuy(fan, tries);
    if (tried !== 'again') return tried;
  }
}

async function tryToBuy(fan: Fan, tries: number): Promise<Try> {
  const end = await lookAtMap(fan);
  if (end !== undefined) return end;
  const free = fan.map?.free ?? [];
  if (free.length === 0) {
    await pause(fan, jittered(fan, NOTHING_FREE_MS));
    return 'again';
  }
  await pause(fan, tries === 0 ? fan.plan.thinkMs.choose : jittered(fan, AGAIN_MS));
  if (isStopped(fan)) return { ending: 'stopped' };
  return holdSome(fan, free, tries);
}

async function lookAtMap(fan: Fan): Promise<End | undefined> {
  const { api, crowd, map } = fan;
  const seen = await api.insist(calls.map(fan.token, crowd.target.performanceId, map?.etag, map?.seen));
  if (seen.outcome !== 'ok') return stoppedOr(fan, endOf(seen, 'the seat map'));
  const free = seen.status === 304 ? map?.free : (seen.body['seats'] as number[] | undefined);
  fan.map = { seen: seen.told, free: free ?? [], etag: seen.headers.etag ?? map?.etag };
  return undefined;
}

async function holdSome(fan: Fan, free: readonly number[], tries: number): Promise<Try> {
  const { plan, crowd, story } = fan;
  const { performanceId, seatCount, seatsPerPerson } = crowd.target;
  // First where they want to sit, then further and further away from the crowd.
  const favourite = tries === 0 ? plan.favourite : towardsFront(fan.seats, tries === 1 ? 2 : 1);
  const seats = chooseSeats(free, Math.min(plan.seatCount, seatsPerPerson), favourite, seatCount);
  const payNow = plan.does.has('pays-now') && !plan.does.has('never-pays') && !story.did.has('pays-now');
  if (payNow) {
    story.did.add('pays-now');
    const few = plan.does.has('charges-little') && !story.did.has('charges-little');
    if (few) story.did.add('charges-little');
    const end = await charge(fan, few ? 1_000 : seats.length * crowd.target.priceKrwMax);
    if (end !== undefined) return end;
  }
  const wish = { performanceId, seats: seats.toSorted((a, b) => a - b), payNow };
  const held = await clicked(fan, (key) => fan.api.insist(calls.hold(fan.token, key, wish)));
  if (held.outcome !== 'ok') return lostOr(fan, held);
  crowd.holds.note(held.body, held.headers);
  const { reservationId, amount } = held.told;
  fan.open = { reservationId, amountKrw: amount };
  story.reservations.add(reservationId);
  return payNow ? settlePaid(fan, seats.length) : afterHold(fan, seats.length);
}

async function lostOr(fan: Fan, held: Reply<'hold'>): Promise<Try> {
  const { story } = fan;
  if (held.outcome === 'refused' && held.problem === 'seats.taken') {
    story.lostChoices += 1;
    return 'again';
  }
  // Seats given back count as theirs until they are free: a moment later, and longer while readers are behind.
  const isTooSoon = held.outcome === 'refused' && held.problem === 'seats.limit-reached';
  if (isTooSoon && story.reservations.size > 0) {
    await pause(fan, jittered(fan, AGAIN_MS));
    return 'again';
  }
  return stoppedOr(fan, endOf(held, 'holding seats'));
}

async function afterHold(fan: Fan, seats: number): Promise<Try> {
  const { plan, story } = fan;
  if (plan.does.has('changes-mind') && !story.did.has('changes-mind')) return giveBack(fan);
  if (plan.does.has('never-pays')) {
    story.did.add('never-pays');
    return { ending: 'never paid' };
  }
  if (plan.does.has('comes-back') && !story.did.has('comes-back')) {
    const end = (await takeOtherDevice(fan)) ?? (await findHold(fan));
    if (end !== undefined) return end;
  } else if (plan.does.has('reloads')) {
    const end = (await reload(fan)) ?? (await findHold(fan));
    if (end !== undefined) return end;
  }
  await pause(fan, plan.thinkMs.pay);
  if (isStopped(fan)) return { ending: 'stopped' };
  return pay(fan, seats);
}

/** On a device that knows only the account, the list says what is held. */
async function findHold(fan: Fan): Promise<End | undefined> {
  const listed = await fan.api.insist(calls.reservations(fan.account));
  if (listed.outcome !== 'ok') return stoppedOr(fan, endOf(listed, 'the reservations'));
  const held = listed.told.find(({ reservationId }) => reservationId === fan.open?.reservationId);
  // It follows from the hold within milliseconds; whoever is quicker pays what they have in mind.
  if (held !== undefined) fan.open = { reservationId: held.reservationId, amountKrw: held.amount };
  return undefined;
}

async function giveBack(fan: Fan): Promise<Try> {
  const { plan, story, open } = fan;
  story.did.add('changes-mind');
  await pause(fan, plan.thinkMs.pay);
  if (open === undefined || isStopped(fan)) return { ending: 'stopped' };
  const given = await onceThere(fan, () => fan.api.insist(calls.giveBack(fan.account, open.reservationId)));
  // On a slow day the hold is over before.
  const isOver = given.outcome === 'refused' && given.problem === 'reservation.not-held';
  if (given.outcome !== 'ok' && !isOver) return stoppedOr(fan, endOf(given, 'giving seats back'));
  fan.open = undefined;
  return plan.choosesOthers ? 'again' : leave(fan, { ending: 'changed their mind' });
}

function jittered(fan: Fan, ms: number): number {
  return Math.round((ms * fan.seats.between(500, 1_500)) / 1_000);
}
