/**
 * Requests of one kind that wait at the same moment become one set.
 *
 * A batch starts as soon as the previous one of its kind is done, so an idle service answers at once and a
 * busy one batches by itself; nothing ever waits for company. It starts before those of the previous one are answered, so that
 * the server works while their answers are made. When a batch fails for a reason that lies in
 * the work itself, it is halved until the culprit stands alone, and only the culprit gets the error. `run` must
 * therefore leave nothing behind when it throws: a transaction that was rolled back.
 */
import assert from 'node:assert/strict';
import type { Clock } from './clock.ts';
import { isWorthRepeating, liesInTheWork } from './postgres/faults.ts';

/** "Not decided": a repetition of an undecided request of its batch. It rides again, first of all, in the next. */
export const AGAIN = Symbol('again');

export interface BatcherOptions<Request, Outcome> {
  readonly name: string;
  /** Decides a whole set; one outcome for each request, in order. */
  readonly run: (requests: readonly Request[]) => Promise<readonly (Outcome | typeof AGAIN)[]>;
  readonly batchMax: number;
  /** When more than so many wait, half of them ride. `batchMax` when left out. */
  readonly undividedMax?: number;
  /** How many may wait; one more is refused with `Overloaded`. */
  readonly waitingMax: number;
  readonly clock: Clock;
  readonly observe?: (name: string, requests: number, durationMs: number) => void;
}

export interface Batcher<Request, Outcome> {
  submit(request: Request): Promise<Outcome>;
  readonly waiting: number;
}

/** Nothing was done; later it may be. */
export class Overloaded extends Error {
  override name = 'Overloaded';
}

interface Waiting<Request, Outcome> {
  readonly request: Request;
  readonly settle: PromiseWithResolvers<Outcome>;
  readonly sinceMs: number;
}

const RETRIES_MAX = 5;
/** Whoever has waited so long, behind batches that hang on a slow database, is told so instead of waiting on. */
const WAIT_MAX_MS = 5_000;

export function createBatcher<Request, Outcome>(
  options: BatcherOptions<Request, Outcome>,
): Batcher<Request, Outcome> {
  const { batchMax, undividedMax = batchMax } = options;
  let queue: Waiting<Request, Outcome>[] = [];
  let running = false;
  let untold: (() => void) | undefined;

  async function drain(): Promise<void> {
    // One turn of the event loop, so that requests which arrived together ride together.
    await new Promise(setImmediate);
    for (let decided = start(); decided !== undefined;) {
      const { undecided, settle } = await decided;
      tell();
      queue.unshift(...undecided);
      untold = settle;
      decided = start();
      // The next batch is on its way to the server while the answers of this one are made.
      if (decided === undefined) tell();
      else setImmediate(tell);
    }
    running = false;
  }

  /** In the order of the batches: whoever came first hears first. */
  function tell(): void {
    const settle = untold;
    untold = undefined;
    settle?.();
  }

  /** Undefined when nobody waits. */
  function start(): Promise<Decided<Request, Outcome>> | undefined {
    const startedMs = options.clock.monotonicMs();
    refuseStale(startedMs - WAIT_MAX_MS);
    const batch = queue.slice(0, Math.min(batchMax, Math.max(undividedMax, Math.ceil(queue.length / 2))));
    if (batch.length === 0) return undefined;
    queue = queue.slice(batch.length);
    return decide(options, batch).finally(() => {
      options.observe?.(options.name, batch.length, options.clock.monotonicMs() - startedMs);
    });
  }

  /** The queue is in order of arrival: the stale ones stand in front. */
  function refuseStale(beforeMs: number): void {
    const fresh = queue.findIndex((waiting) => waiting.sinceMs >= beforeMs);
    const stale = queue.splice(0, fresh === -1 ? queue.length : fresh);
    for (const { settle } of stale) settle.reject(new Overloaded(`${options.name}: waited too long`));
  }

  return {
    submit(request) {
      if (queue.length >= options.waitingMax) {
        return Promise.reject(new Overloaded(`${options.name}: ${queue.length} requests are waiting`));
      }
      const settle = Promise.withResolvers<Outcome>();
      queue.push({ request, settle, sinceMs: options.clock.monotonicMs() });
      if (!running) {
        running = true;
        void drain();
      }
      return settle.promise;
    },
    get waiting() {
      return queue.length;
    },
  };
}

interface Decided<Request, Outcome> {
  /** Of one or more, at least one is not among them. */
  readonly undecided: readonly Waiting<Request, Outcome>[];
  /** Tells the others. */
  readonly settle: () => void;
}

/** Never rejects. */
async function decide<Request, Outcome>(
  options: BatcherOptions<Request, Outcome>,
  batch: readonly Waiting<Request, Outcome>[],
): Promise<Decided<Request, Outcome>> {
  const { name } = options;
  let outcomes: readonly (Outcome | typeof AGAIN)[];
  try {
    outcomes = await retried(
      options,
      batch.map((waiting) => waiting.request),
    );
  } catch (error) {
    if (batch.length === 1 || !liesInTheWork(error)) return rejectAll(batch, error);
    const half = Math.ceil(batch.length / 2);
    const first = await decide(options, batch.slice(0, half));
    first.settle();
    // They came before the second half, so they stay before it.
    return decide(options, [...first.undecided, ...batch.slice(half)]);
  }
  // From here on there are effects: even a bug must not run the batch again.
  try {
    assert.equal(outcomes.length, batch.length, `${name}: one outcome for each request`);
    assert(outcomes[0] !== AGAIN, `${name}: the first of a batch is always decided`);
  } catch (error) {
    return rejectAll(batch, error);
  }
  return {
    undecided: batch.filter((_, index) => outcomes[index] === AGAIN),
    settle: () => {
      for (const [index, waiting] of batch.entries()) {
        const outcome = outcomes[index] as Outcome | typeof AGAIN;
        if (outcome !== AGAIN) waiting.settle.resolve(outcome);
      }
    },
  };
}

function rejectAll<Request, Outcome>(
  batch: readonly Waiting<Request, Outcome>[],
  error: unknown,
): Decided<Request, Outcome> {
  return {
    undecided: [],
    settle: () => {
      for (const { settle } of batch) settle.reject(error);
    },
  };
}

/** A deadlock, a lock wait or, for one alone, a unique key that somebody else just took: look again. */
async function retried<Request, Outcome>(
  { run, clock }: BatcherOptions<Request, Outcome>,
  requests: readonly Request[],
): Promise<readonly (Outcome | typeof AGAIN)[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await run(requests);
    } catch (error) {
      if (tries > RETRIES_MAX || !isWorthRepeating(error, requests.length === 1)) throw error;
      await clock.sleep(Math.random() * 2 ** tries);
    }
  }
}
