/**
 * Is it this person's turn? Asked by the door for every booking request, so the answer is remembered for a
 * moment; what was not remembered is asked of the store, as a set. When the store does not answer, nobody
 * passes: the fault goes to whoever asked.
 */
import type { Place } from '#contract/ids.ts';
import { limits } from '../limits.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Turn } from './line.ts';
import { placeKey } from './place.ts';

/**
 * A turn that another instance spent is open here no longer than this; its second purchase is refunded. And one
 * that timed out may be opened again elsewhere, by a hold that was heard of late.
 */
const CHANGING_REMEMBERED_MS = 1_000;
/** About 20 MB. */
const REMEMBERED_MAX = 100_000;

export type Admission = 'active' | 'waiting' | 'over' | 'foreign';

export interface TurnChecks {
  /** The turn as of now, or at most a second ago. A time that is over counts, whether noted or not. */
  look(place: Place): Promise<Turn | undefined>;
  requireActive(place: Place, userId: string): Promise<Admission>;
  /** What is remembered of a place that is over; asks nobody. */
  ended(place: Place): Turn['state'] | undefined;
  forget(places: readonly Place[]): void;
}

export function createTurnChecks(deps: {
  readonly read: (places: readonly Place[]) => Promise<(Turn | undefined)[]>;
  readonly clock: Clock;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
}): TurnChecks {
  const { read, clock } = deps;
  const remembered = new Map<string, { readonly turn: Turn; readonly untilMs: number }>();
  const reads = createBatcher<Place, Turn | undefined>({
    name: 'check-turns',
    run: read,
    batchMax: limits.batch.requestsMax,
    waitingMax: limits.batch.waitingMax,
    clock,
    observe: deps.observe,
  });

  function recall(place: Place): Turn | undefined {
    const found = remembered.get(placeKey(place));
    return found !== undefined && clock.monotonicMs() < found.untilMs ? found.turn : undefined;
  }

  function remember(place: Place, turn: Turn, askedAtMs: number): void {
    if (turn.state === 'WAITING') return;
    const key = placeKey(place);
    remembered.delete(key);
    if (remembered.size >= REMEMBERED_MAX) {
      const [oldest] = remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
    }
    remembered.set(key, { turn, untilMs: askedAtMs + lastsMs(turn) });
  }

  async function look(place: Place): Promise<Turn | undefined> {
    const known = recall(place);
    if (known !== undefined) return known;
    const askedAtMs = clock.monotonicMs();
    const turn = await reads.submit(place);
    if (turn === undefined) return undefined;
    // Over, but it may still be extended by a hold of the last moment: nothing to remember for good.
    if (turn.state === 'ACTIVE' && (turn.expiresInMs ?? 0) <= 0)
      return { ...turn, state: 'EXPIRED', expiresAt: null };
    remember(place, turn, askedAtMs);
    return turn;
  }

  return {
    look,
    requireActive: async (place, userId) => {
      const turn = await look(place);
      if (turn === undefined || turn.epoch !== place.epoch) return 'over';
      if (turn.userId !== userId) return 'foreign';
      if (turn.state === 'WAITING') return 'waiting';
      return turn.state === 'ACTIVE' ? 'active' : 'over';
    },
    ended: (place) => {
      const turn = recall(place);
      return turn === undefined || turn.state === 'ACTIVE' || turn.epoch !== place.epoch
        ? undefined
        : turn.state;
    },
    forget: (places) => {
      for (const place of places) remembered.delete(placeKey(place));
    },
  };
}

/** Spent and given up stay over for the door, whatever else becomes of them. */
function lastsMs({ state, expiresInMs }: Turn): number {
  if (state === 'ACTIVE') return Math.min(CHANGING_REMEMBERED_MS, expiresInMs ?? 0);
  return state === 'EXPIRED' ? CHANGING_REMEMBERED_MS : Number.POSITIVE_INFINITY;
}
