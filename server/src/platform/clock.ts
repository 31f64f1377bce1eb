/** Time, as an argument. Deadlines that decide anything are the database's; this clock only paces and measures. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since some fixed point; never goes backwards. */
  monotonicMs(): number;
  /** Wall-clock milliseconds since 1970, for tokens' issue times and output only. */
  wallMs(): number;
  /** Waits; ends early, without an error, when the signal fires. Does not keep the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { ref: false, ...(signal && { signal }) });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
