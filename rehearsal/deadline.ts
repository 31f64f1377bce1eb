/** When the end of a rehearsal has to be over: what has not been read by then counts as unread. */
import type { Clock } from '../server/src/platform/clock.ts';

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

export interface DeadlineOptions {
  readonly withinMs: number;
  /** From the moment on at which somebody stops it. */
  readonly stop: AbortSignal;
  readonly afterStopMs: number;
}

export function startDeadline(clock: Pick<Clock, 'sleep'>, options: DeadlineOptions): Deadline {
  const { stop } = options;
  const over = new AbortController();
  const done = new AbortController();
  const endAfter = async (ms: number) => {
    await clock.sleep(ms, done.signal);
    if (!done.signal.aborted) over.abort();
  };
  const shorten = () => void endAfter(options.afterStopMs);
  void endAfter(options.withinMs);
  if (stop.aborted) shorten();
  else stop.addEventListener('abort', shorten, { once: true, signal: done.signal });
  return { signal: over.signal, [Symbol.dispose]: () => done.abort() };
}
