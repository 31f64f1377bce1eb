import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import type { Line } from './line.ts';

/** How often turns are ended and people let in; a join and a spent turn do so by themselves. */
const TICK_MS = 250;

/** Keeps the line moving until the signal fires. A store that is away is reported once, and tried again. */
export async function runLine(
  line: Line,
  deps: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    let more = false;
    try {
      more = await line.tick();
      failing = false;
    } catch (error) {
      const isPassing = error instanceof DatabaseFault && error.kind === 'again';
      if (!isPassing && !failing)
        deps.logger.warn({ err: error }, 'the line does not move and will try again');
      failing = !isPassing;
    }
    if (!more) await deps.clock.sleep(TICK_MS, signal);
  }
}
