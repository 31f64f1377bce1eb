/** From the door to one's turn: an account, the dates, a place in line, and asking where one stands. */
import { calls } from './calls.ts';
import { type End, endOf, type Fan, isStopped, pause } from './fan.ts';

const POLL_AFTER_MS = 2_000;
/** Whoever reloads does so at every so many looks at their place. */
const RELOAD_EVERY = 3;

/** Undefined: in line, or let in already. */
export async function enter(fan: Fan): Promise<End | undefined> {
  const { api, plan } = fan;
  const guest = await api.insist(calls.guest());
  if (guest.outcome !== 'ok') return stoppedOr(fan, endOf(guest, 'a guest account'));
  fan.account = String(guest.body['accessToken']);
  fan.caller.userId = String(guest.body['userId']);
  fan.story.userId = fan.caller.userId;

  const end = await browse(fan);
  if (end !== undefined) return end;
  await pause(fan, plan.thinkMs.dates);
  return isStopped(fan) ? { ending: 'stopped' } : join(fan);
}

/** What is on, the performance that everybody talks of, and the other dates of its concert. */
async function browse(fan: Fan): Promise<End | undefined> {
  const { api, crowd } = fan;
  const concerts = await api.insist(calls.concerts());
  if (concerts.outcome !== 'ok') return stoppedOr(fan, endOf(concerts, 'the concerts'));
  const dates = await api.insist(calls.dates(crowd.target.performanceId));
  if (dates.outcome !== 'ok') return stoppedOr(fan, endOf(dates, 'the dates'));
  const others = await api.insist(calls.datesOf(Number(dates.body['concertId'])));
  return others.outcome === 'ok' ? undefined : stoppedOr(fan, endOf(others, 'the dates'));
}

/** For a place, or to be told again which one it is. */
async function join(fan: Fan): Promise<End | undefined> {
  const { api, crowd, story } = fan;
  const joined = await api.insist(calls.join(fan.account, crowd.target.room));
  if (joined.outcome !== 'ok') return stoppedOr(fan, endOf(joined, 'joining the line'));
  const { token, pollAfterMs } = joined.body;
  fan.token = String(token);
  fan.place = { standing: joined.told, etag: undefined, pollAfterMs: Number(pollAfterMs ?? POLL_AFTER_MS) };
  story.joinedMs ??= crowd.api.clock.monotonicMs();
  story.number = joined.told.number;
  return undefined;
}

/** Undefined: it is their turn. */
export async function wait(fan: Fan): Promise<End | undefined> {
  const { plan, crowd, story } = fan;
  const untilMs = crowd.api.clock.monotonicMs() + plan.waitsMs;
  for (let looks = 0; ; looks++) {
    const { standing, pollAfterMs } = fan.place ?? {};
    if (standing?.state === 'ACTIVE') break;
    if (standing?.state !== 'WAITING') return { ending: 'turn ran out', why: `waiting: ${standing?.state}` };
    if (crowd.isSoldOut()) return leave(fan, { ending: 'sold out in line' });
    const leftMs = untilMs - crowd.api.clock.monotonicMs();
    if (leftMs <= 0) {
      story.did.add('gives-up');
      return leave(fan, { ending: 'gave up waiting' });
    }
    await pause(fan, Math.min(pollAfterMs ?? POLL_AFTER_MS, leftMs));
    if (isStopped(fan)) return { ending: 'stopped' };
    const end = await lookAgain(fan, looks);
    if (end !== undefined) return end;
  }
  story.admittedMs = crowd.api.clock.monotonicMs();
  return undefined;
}

async function lookAgain(fan: Fan, looks: number): Promise<End | undefined> {
  const { plan, story } = fan;
  if (plan.does.has('comes-back') && plan.comesBack === 'waiting' && !story.did.has('comes-back')) {
    return takeOtherDevice(fan);
  }
  if (plan.does.has('reloads') && looks % RELOAD_EVERY === RELOAD_EVERY - 1) return reload(fan);
  return look(fan);
}

/** With nothing but the account: what was on the first device is not there. */
export async function takeOtherDevice(fan: Fan): Promise<End | undefined> {
  fan.story.did.add('comes-back');
  fan.caller.device += 1;
  fan.map = undefined;
  return join(fan);
}

/** The page begins anew: everything is asked for again, and nothing is remembered. */
export async function reload(fan: Fan): Promise<End | undefined> {
  fan.story.did.add('reloads');
  fan.map = undefined;
  const dates = await fan.api.insist(calls.dates(fan.crowd.target.performanceId));
  if (dates.outcome !== 'ok') return stoppedOr(fan, endOf(dates, 'the dates'));
  return join(fan);
}

async function look(fan: Fan): Promise<End | undefined> {
  const { api, crowd, place } = fan;
  const seen = await api.insist(calls.look(fan.token, crowd.target.room, place?.etag, place?.standing));
  if (seen.outcome === 'refused' && seen.problem === 'queue.token-invalid') return join(fan);
  if (seen.outcome !== 'ok') return stoppedOr(fan, endOf(seen, 'asking for the place'));
  const pollAfterMs = Number(seen.body['pollAfterMs'] ?? place?.pollAfterMs ?? POLL_AFTER_MS);
  fan.place = { standing: seen.told, etag: seen.headers.etag ?? place?.etag, pollAfterMs };
  return undefined;
}

export async function leave(fan: Fan, end: End): Promise<End> {
  const left = await fan.api.insist(calls.leave(fan.token, fan.crowd.target.room));
  if (left.outcome === 'unknown') return stoppedOr(fan, { ...end, why: 'leaving was not answered' });
  return left.outcome === 'ok' ? end : endOf(left, 'leaving the line');
}

/** Whoever is stopped does not insist, so that an outcome that is not known explains itself. */
export function stoppedOr(fan: Fan, end: End): End {
  return isStopped(fan) && end.ending === 'service away' ? { ending: 'stopped' } : end;
}
