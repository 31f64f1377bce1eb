/** A doorbell: whoever waits is woken by the next ring; a ring while nobody waits is remembered once. */
import type { Clock } from '../platform/clock.ts';

export interface Bell {
  ring(): void;
  /** Whoever waits next has not heard what was rung until now: it is about to be looked after. */
  answer(): void;
  /** Ends at the next ring, after the time, or when the signal fires. */
  wait(maxMs: number, signal: AbortSignal): Promise<void>;
}

/** Given to abort(), which otherwise makes an error with a stack for each ring. */
const RUNG = 'rung';

export function createBell(clock: Clock): Bell {
  let rung = false;
  let wake: AbortController | undefined;
  return {
    ring() {
      rung = true;
      wake?.abort(RUNG);
    },
    answer() {
      rung = false;
    },
    async wait(maxMs, signal) {
      if (!rung && !signal.aborted) {
        const asleep = new AbortController();
        const stop = () => asleep.abort(RUNG);
        wake = asleep;
        signal.addEventListener('abort', stop, { once: true });
        await clock.sleep(maxMs, asleep.signal);
        signal.removeEventListener('abort', stop);
        wake = undefined;
      }
      rung = false;
    },
  };
}
