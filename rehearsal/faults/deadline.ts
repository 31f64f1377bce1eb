/** How long something may take as a whole: when the time is over it is broken off, and a little later left behind. */

export interface Deadline extends Disposable {
  /** Fires when the time is over; its reason says so. */
  readonly signal: AbortSignal;
  /** What the work comes to. Fails when the work does not even end for having been broken off. */
  within<T>(work: Promise<T>): Promise<T>;
}

export function createDeadline(maxMs: number, graceMs: number): Deadline {
  const over = new AbortController();
  const left = Promise.withResolvers<never>();
  left.promise.catch(() => {}); // it may be that nobody waits
  const late = new Error(`it was not over after ${(maxMs / 1000).toFixed(0)} s`);
  const timers = [
    setTimeout(() => over.abort(late), maxMs),
    setTimeout(() => left.reject(late), maxMs + graceMs),
  ];
  return {
    signal: over.signal,
    within: (work) => Promise.race([work, left.promise]),
    [Symbol.dispose]: () => {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
