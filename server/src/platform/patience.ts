/** Waiting for something that is on its way. */
import type { Clock } from './clock.ts';

/**
 * Looks until there is something or the time is over; the pauses double from 4 ms.
 * Between services things appear a few milliseconds after they were promised, so nobody should see a
 * "not found" for what was just created.
 */
export async function lookUntilFound<T>(
  clock: Clock,
  maxMs: number,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const endMs = clock.monotonicMs() + maxMs;
  for (let pauseMs = 4; ; pauseMs *= 2) {
    const found = await look();
    const leftMs = endMs - clock.monotonicMs();
    if (found !== undefined || leftMs <= 0) return found;
    await clock.sleep(Math.min(pauseMs, leftMs));
  }
}
