/**
 * Lets a few through at once. Whoever comes meanwhile waits, in order: so many, and so long. It stands in front of
 * work that a crowd can ask for without end and that takes something which others need as well.
 */
import { Overloaded } from './batcher.ts';
import type { Clock } from './clock.ts';

export interface GateOptions {
  readonly name: string;
  /** Works under way. */
  readonly throughMax: number;
  /** How many may wait; one more is refused with `Overloaded`, and so is who has waited for a second. */
  readonly waitingMax: number;
  readonly clock: Clock;
}

/** Runs the work when it is its turn. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** As long as a transaction waits for a connection. */
const WAIT_MAX_MS = 1_000;

export function createGate({ name, throughMax, waitingMax, clock }: GateOptions): Gate {
  const waiting: { readonly sinceMs: number; readonly settle: PromiseWithResolvers<void> }[] = [];
  let through = 0;
  let watching = false;

  function enter(): Promise<void> | undefined {
    if (through < throughMax) {
      through += 1;
      return undefined;
    }
    if (waiting.length >= waitingMax) throw new Overloaded(`${name}: ${waiting.length} are waiting`);
    const settle = Promise.withResolvers<void>();
    waiting.push({ sinceMs: clock.monotonicMs(), settle });
    if (!watching) void refuseStale();
    return settle.promise;
  }

  /** Whoever waits next takes the place of the one who leaves. */
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) through -= 1;
    else next.settle.resolve();
  }

  /** Even when nobody leaves: the works under way may all hang on one lock. */
  async function refuseStale(): Promise<void> {
    watching = true;
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const leftMs = first.sinceMs + WAIT_MAX_MS - clock.monotonicMs();
      if (leftMs > 0) {
        await clock.sleep(leftMs);
        continue;
      }
      waiting.shift();
      first.settle.reject(new Overloaded(`${name}: waited too long`));
    }
    watching = false;
  }

  return async (work) => {
    const turn = enter();
    if (turn !== undefined) await turn;
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
