import type { Clock } from '../../src/platform/clock.ts';

/** The clock stands until it is told to go on; sleeps then end. */
export function handClock() {
  let nowMs = 0;
  const sleeping = new Set<{ readonly untilMs: number; readonly wake: () => void }>();
  const clock: Clock = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    sleep: (ms) => new Promise((wake) => sleeping.add({ untilMs: nowMs + ms, wake })),
  };
  const pass = async (ms: number) => {
    nowMs += ms;
    for (const sleeper of sleeping) {
      if (sleeper.untilMs > nowMs) continue;
      sleeping.delete(sleeper);
      sleeper.wake();
    }
    await new Promise(setImmediate);
  };
  return { clock, pass };
}
