/** Time, as an argument. Deadlines that decide anything are the database's; this clock only paces and measures. */
import { performance } from 'node:perf_hooks';

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
  // By hand: node:timers/promises makes an error with a stack for every wait that is cut short, and readers
  // are woken thousands of times a second.
  sleep: (ms, signal) => {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      timer.unref();
      signal?.addEventListener('abort', end, { once: true });
    });
  },
};
