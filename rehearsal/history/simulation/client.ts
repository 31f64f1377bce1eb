/** A fan's way to the service: slow, and now and then an answer, or a request, is lost. */
import type { AskedOf, ToldOf, What } from '../operation.ts';
import type { Answered, Recorder } from '../recorder.ts';
import type { Nature } from './nature.ts';

/** Out of a hundred. */
const LOST_SHARE = 12;
const WAY_MAX_MS = 40;
/** Then nobody waits for an answer any more. */
const PATIENCE_MS = 120;
/** A lost request may still arrive. */
const LATE_MAX_MS = 400;

export interface Call<W extends What> {
  readonly what: W;
  readonly asked: AskedOf<W>;
  readonly key?: string;
  readonly isFinal?: boolean;
  readonly act: (instance: number) => Answered<W>;
}

export interface Client {
  /** Undefined: refused, or nobody knows. */
  ask<W extends What>(call: Call<W>): Promise<ToldOf<W> | undefined>;
  /** Once more, with the same key, while nobody knows. */
  insist<W extends What>(call: Call<W>): Promise<ToldOf<W> | undefined>;
}

export function createSimulatedClient(
  nature: Nature,
  recorder: Recorder,
  who: { readonly userId: string; readonly device: number },
): Client {
  const { time, chance } = nature;

  async function send<W extends What>(call: Call<W>): Promise<Answered<W>> {
    const { what, asked, key = null, isFinal = false, act } = call;
    const instance = chance.between(0, 1);
    const record = recorder.begin<W>({ ...who, instance, what, asked, key, isFinal });
    const answer = await carry(isFinal, () => act(instance));
    record.end(answer);
    return answer;
  }

  async function carry<W extends What>(isSafe: boolean, act: () => Answered<W>): Promise<Answered<W>> {
    if (!isSafe && chance.percent(LOST_SHARE)) {
      // One in three never arrives; the others do, perhaps when nobody waits any more.
      if (chance.between(0, 2) > 0) time.schedule(chance.between(1, LATE_MAX_MS), act);
      await time.wait(PATIENCE_MS);
      return { status: 0, outcome: 'unknown', problem: 'unanswered' };
    }
    await time.wait(chance.between(1, WAY_MAX_MS));
    const answer = act();
    await time.wait(chance.between(1, WAY_MAX_MS));
    return answer;
  }

  async function insist<W extends What>(call: Call<W>): Promise<ToldOf<W> | undefined> {
    for (let tries = 0; ; tries++) {
      const answer = await send(call);
      if (answer.outcome === 'ok') return answer.told;
      if (answer.outcome === 'refused' || tries === 3 || chance.percent(20)) return undefined;
      await time.wait(chance.between(1, 200));
    }
  }

  return {
    ask: async (call) => {
      const answer = await send(call);
      return answer.outcome === 'ok' ? answer.told : undefined;
    },
    insist,
  };
}
