/** The visit of a fan, from home to home. */
import { calls } from './calls.ts';
import { type End, type Fan, isStopped, pause } from './fan.ts';
import { buy } from './buy.ts';
import { enter, wait } from './wait.ts';

export async function live(fan: Fan): Promise<void> {
  const { plan, story, crowd } = fan;
  await pause(fan, plan.arrivesMs);
  story.arrivedMs = crowd.clock.monotonicMs();
  story.end = await visit(fan);
  story.endedMs = crowd.clock.monotonicMs();
}

async function visit(fan: Fan): Promise<End> {
  if (isStopped(fan)) return { ending: 'stopped' };
  return (await enter(fan)) ?? (await wait(fan)) ?? buy(fan);
}

/** Whoever was stopped takes nobody's place and holds nobody's seats: one try for each. */
export async function withdraw(fan: Fan): Promise<void> {
  if (fan.story.end?.ending !== 'stopped') return;
  if (fan.open !== undefined) {
    await fan.api.ask(calls.giveBack(fan.account, fan.open.reservationId));
  }
  if (fan.token !== '') await fan.api.ask(calls.leave(fan.token, fan.crowd.target.room));
}
