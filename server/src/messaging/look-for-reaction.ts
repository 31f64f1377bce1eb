/**
 * Waiting for what a reaction is about to make: between services things appear a few milliseconds after they were
 * promised, so nobody should see a "not found" for what was just created.
 */
import { limits } from '../limits.ts';
import { Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import { createKeptReads } from '../platform/kept-reads.ts';
import { lookUntilFound } from '../platform/patience.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { measureLag } from './measure-lag.ts';

/**
 * The longest way from a promise to what is looked for: a hold, its reservation, the payment that is due for it. Each
 * reader on the way can take its share of the time without being far behind when the time is over, so it is looked at
 * the readers once for each: who takes longer than all shares together shows in one of these looks.
 */
const READERS_ON_THE_WAY = 2;
const SHARE_MS = limits.reactionWaitMs / READERS_ON_THE_WAY;

/** Measured for all who look in vain, and when readers are behind that is everybody: it walks all that is not read. */
const LAG_FRESH_MS = SHARE_MS / 2;

/**
 * What is found within `limits.reactionWaitMs`; undefined for what is not there. While a reader is so far behind that
 * it may yet be made, nobody can say that, and the answer is `Overloaded`: ask again.
 */
export type LookForReaction = <T>(look: () => Promise<T | undefined>) => Promise<T | undefined>;

export function createLookForReaction({
  database,
  clock,
}: {
  readonly database: Reader;
  readonly clock: Clock;
}): LookForReaction {
  const lags = createKeptReads<'lag', number>({
    name: 'measure-lag',
    read: async () => (await measureLag(database)) * 1_000,
    freshMs: LAG_FRESH_MS,
    weightMax: 1,
    weightOf: () => 1,
    readingsMax: 1,
    waitingMax: 0,
    clock,
  });

  return async (look) => {
    let lagMs = 0;
    for (let share = 0; share < READERS_ON_THE_WAY; share++) {
      const found = await lookUntilFound(clock, SHARE_MS, look);
      if (found !== undefined) return found;
      lagMs = Math.max(lagMs, (await lags.get('lag')) ?? 0);
    }
    // What was promised before the looking began has been in the log for that long. A measurement may be a moment old.
    if (lagMs >= SHARE_MS - LAG_FRESH_MS) throw new Overloaded(`readers of the log are ${lagMs} ms behind`);
    // It may have been made between the last look and the measurement.
    return look();
  };
}
