/** How late the event loop is. While it is late, every answer is late by as much. */
import type { Clock } from './clock.ts';

export interface EventLoopWatch extends Disposable {
  /** The mean lateness of about the last second. */
  readonly delayMs: () => number;
}

const SAMPLE_MS = 100;
const MEAN_OVER_MS = 1_000;
/** One long stop (a suspended process, a debugger) is forgotten within a second, not within minutes. */
const SAMPLE_MS_MAX = 1_000;

export function watchEventLoop(clock: Clock): EventLoopWatch {
  let meanMs = 0;
  let lastMs = clock.monotonicMs();
  const timer = setInterval(() => {
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - lastMs;
    lastMs = nowMs;
    const lateMs = Math.min(Math.max(0, elapsedMs - SAMPLE_MS), SAMPLE_MS_MAX);
    meanMs += (lateMs - meanMs) * Math.min(1, elapsedMs / MEAN_OVER_MS);
  }, SAMPLE_MS);
  timer.unref();
  return {
    delayMs: () => meanMs,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
