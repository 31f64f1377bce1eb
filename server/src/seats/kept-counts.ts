/**
 * How many seats are free, for lists: without a board, which would be megabytes for each date that a page names.
 *
 * A performance is counted when somebody asks for the first time. From then on the log tells whether the count is
 * still true; where it is not, it is told for some seconds more and then made anew, when somebody asks. So a house
 * that does not sell is counted once, and one that does as often as the clock says, however many look. Houses are
 * counted a few at a time, by one connection. Whoever has waited for two seconds gets the last count instead,
 * however old, or none: a page of a hundred stadiums that nobody has counted yet fills while it is looked at.
 */
import type { AnyEvent } from '#contract/events.ts';
import { limits } from '../limits.ts';
import type { Messaging } from '../messaging/index.ts';
import { createBatcher, Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import { createKeptReads } from '../platform/kept-reads.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { RecentMap } from '../platform/recent-map.ts';
import { countFree, type Remaining } from './count-free.ts';

export interface KeptCounts {
  /** Without those that are not laid out or not counted yet. */
  find(performanceIds: readonly number[]): Promise<Map<number, Remaining>>;
}

export type CountLimits = { readonly [Name in keyof typeof limits.seats.counts]: number };

export interface KeptCountsDeps {
  readonly database: Reader;
  readonly messaging: Pick<Messaging, 'follow' | 'following'>;
  readonly clock: Clock;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
  /** Others for tests. */
  readonly countBounds?: Partial<CountLimits>;
}

/** What has been counted: what is still true, and what was the last. */
function createMemory({ database, messaging, clock, observe }: KeptCountsDeps, bounds: CountLimits) {
  let last = new RecentMap<number, Remaining>(bounds.lastMax);
  const counting = createBatcher<number, Remaining | undefined>({
    name: 'count-free',
    run: async (performanceIds) => {
      const counted = last;
      const found = await countFree(database, performanceIds);
      for (const [performanceId, remaining] of found) counted.set(performanceId, remaining);
      return performanceIds.map((performanceId) => found.get(performanceId));
    },
    batchMax: bounds.countsMax,
    waitingMax: bounds.readingsMax,
    clock,
    observe,
  });
  const counts = createKeptReads<number, Remaining>({
    name: 'count-free',
    read: async (performanceId) => {
      await messaging.following();
      return counting.submit(performanceId);
    },
    weightOf: ({ byPrice }) => 1 + byPrice.length,
    freshMs: bounds.freshMs,
    weightMax: bounds.weightMax,
    readingsMax: bounds.readingsMax,
    waitingMax: 0, // they wait in the batcher
    clock,
  });
  messaging.follow({
    names: ['SeatReserved', 'SeatReleased'],
    heard(events: readonly AnyEvent[]) {
      for (const event of events) {
        if ('performanceId' in event) counts.expireIn(event.performanceId, bounds.changedMs);
      }
    },
    lost: () => {
      counts.dropAll();
      last = new RecentMap(bounds.lastMax);
    },
  });
  return { counts, lastOf: (performanceId: number) => last.get(performanceId) };
}

export function keepCounts(deps: KeptCountsDeps): KeptCounts {
  const { clock } = deps;
  const bounds: CountLimits = { ...limits.seats.counts, ...deps.countBounds };
  const { counts, lastOf } = createMemory(deps, bounds);

  async function count(performanceId: number, late: Promise<void>): Promise<Remaining | undefined> {
    const known = counts.get(performanceId).catch((error: unknown) => {
      if (error instanceof Overloaded) return lastOf(performanceId);
      throw error;
    });
    return Promise.race([known, late.then(() => lastOf(performanceId))]);
  }

  return {
    async find(performanceIds) {
      const answered = new AbortController();
      const late = clock.sleep(bounds.waitMs, answered.signal);
      try {
        const found = await Promise.all(performanceIds.map((performanceId) => count(performanceId, late)));
        return new Map(
          performanceIds.flatMap((performanceId, at) => {
            const remaining = found[at];
            return remaining === undefined ? [] : [[performanceId, remaining] as const];
          }),
        );
      } finally {
        answered.abort();
      }
    },
  };
}
