/** Work that is done again and again, as long as somebody needs it: one timer, and none while nobody does. */
import type { Clock } from './clock.ts';

export interface Repeat {
  /** Somebody needs it: unless it runs already, the first time is one period from now. */
  start(): void;
}

export interface RepeatOptions {
  /** From the end of one time to the beginning of the next, so that a slow time is not followed by a rush. */
  readonly everyMs: number;
  /** Where the pace matters: the period is counted from beginning to beginning, and a slow time is followed by this rest. */
  readonly restMsMin?: number;
  readonly clock: Clock;
  /** True: somebody still needs it. */
  readonly work: () => boolean | Promise<boolean>;
  /** What work threw. It is tried again all the same. */
  readonly failed: (error: unknown) => void;
}

export function createRepeat({ everyMs, restMsMin = everyMs, clock, work, failed }: RepeatOptions): Repeat {
  let running = false;
  /** Asked for since the last time began, which may not have seen whoever asked. */
  let wanted = false;

  async function run(): Promise<void> {
    running = true;
    let restMs = everyMs;
    while (wanted) {
      await clock.sleep(restMs);
      wanted = false;
      const beganMs = clock.monotonicMs();
      const isNeeded = await Promise.try(work).catch((error: unknown) => {
        failed(error);
        return true;
      });
      wanted ||= isNeeded;
      restMs = Math.max(restMsMin, everyMs - (clock.monotonicMs() - beganMs));
    }
    running = false;
  }

  return {
    start() {
      wanted = true;
      if (!running) void run();
    },
  };
}
