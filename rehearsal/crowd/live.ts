/** The visit of a fan, from home to home. */
import { type ApiDeps, createApi } from './api.ts';
import { calls } from './calls.ts';
import { type End, type Fan, isStopped, pause } from './fan.ts';
import { buy } from './buy.ts';
import { streamOf } from './plan.ts';
import { enter, wait } from './wait.ts';

export async function live(fan: Fan): Promise<void> {
  const { plan, story, crowd } = fan;
  await pause(fan, plan.arrivesMs);
  story.arrivedMs = crowd.api.clock.monotonicMs();
  story.end = await visit(fan);
  story.endedMs = crowd.api.clock.monotonicMs();
}

async function visit(fan: Fan): Promise<End> {
  if (isStopped(fan)) return { ending: 'stopped' };
  return (await enter(fan)) ?? (await wait(fan)) ?? buy(fan);
}

/** Whoever was stopped takes nobody's place and holds nobody's seats. */
export async function withdraw(fan: Fan, deps: ApiDeps): Promise<void> {
  const { account, token, story, plan, crowd, caller } = fan;
  if (story.end?.ending !== 'stopped') return;
  const api = createApi(caller, streamOf(crowd.seed, plan.index, 'pauses'), deps);
  // A hold whose answer was not waited for is in the list of what they have.
  const listed = account === '' ? undefined : await api.ask(calls.reservations(account));
  const held = listed?.outcome === 'ok' ? listed.told.filter(({ status }) => status === 'HELD') : [];
  for (const { reservationId } of held) await api.ask(calls.giveBack(account, reservationId));
  if (token !== '') await api.ask(calls.leave(token, crowd.target.room));
}
