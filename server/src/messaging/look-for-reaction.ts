/**
 * Waiting for what a reaction is about to make: between services things appear a few milliseconds after they were
 * promised, so nobody should see a "not found" for what was just created.
 */
import { limits } from '../limits.ts';
import { Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import { lookUntilFound } from '../platform/patience.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { measureLag } from './measure-lag.ts';

/**
 * What is found within `limits.reactionWaitMs`; undefined for what is not there. While a reader is so far behind that
 * it may yet be made, nobody can say that, and the answer is `Overloaded`: ask again.
 */
export async function lookForReaction<T>(
  { database, clock }: { readonly database: Reader; readonly clock: Clock },
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const found = await lookUntilFound(clock, limits.reactionWaitMs, look);
  if (found !== undefined) return found;
  const lagMs = (await measureLag(database)) * 1_000;
  // What was promised before the looking began has been in the log for that long.
  if (lagMs >= limits.reactionWaitMs) throw new Overloaded(`readers of the log are ${lagMs} ms behind`);
  return undefined;
}
