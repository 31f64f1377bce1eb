import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import type { Line } from './line.ts';

/** How often turns are ended and people let in; a join and a spent turn do so by themselves. */
const TICK_MS = 250;
/** When somebody is due sooner, but not so often that a fast room keeps the database busy. */
const TICK_MIN_MS = 20;

/** Keeps the line moving until the signal fires. A store that is away is reported once, and tried again. */
export async function runLine(
  line: Pick<Line, 'tick'>,
  deps: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    let dueInMs = TICK_MS;
    try {
      dueInMs = await line.tick();
      failing = false;
    } catch (error) {
      const isPassing = error instanceof DatabaseFault && error.kind === 'again';
      if (!isPassing && !failing)
        deps.logger.warn({ err: error }, 'the line does not move and will try again');
      failing = !isPassing;
    }
    if (dueInMs > 0) await deps.clock.sleep(Math.min(TICK_MS, Math.max(TICK_MIN_MS, dueInMs)), signal);
  }
}
