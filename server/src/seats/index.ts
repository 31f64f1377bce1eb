/** Seats: who has which seat of a performance. */
import type { Messaging, Reactions } from '../messaging/index.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createRecentReads } from '../platform/recent-reads.ts';
import { limits } from '../limits.ts';
import { countRemaining } from './count-remaining.ts';
import { countSales, type Sales } from './count-sales.ts';
import { holdSeats } from './hold-seats.ts';
import { listAvailable } from './list-available.ts';
import { recallHold } from './recall-holds.ts';
import { seatReactions } from './reactions.ts';
import type { HoldOutcome, HoldRequest } from './seat.ts';

export type { HoldOutcome, HoldRequest } from './seat.ts';

export interface Seats {
  /** Holds all the seats of a request or none. */
  hold(request: HoldRequest): Promise<HoldOutcome>;
  /** What an earlier request with the same key was answered; undefined when it was granted nothing. */
  recall(request: HoldRequest): Promise<HoldOutcome | undefined>;
  /** The numbers of the free seats a moment ago, ascending; undefined when there is no such performance. */
  available(performanceId: number): Promise<number[] | undefined>;
  /** How many seats were free a moment ago, for each performance that has been laid out. */
  remaining(performanceIds: readonly number[]): Promise<Map<number, number>>;
  /** How a performance sells; undefined when there is no such performance. */
  sales(performanceId: number): Promise<Sales | undefined>;
  readonly reactions: Reactions<'seats'>;
}

export function createSeats(deps: {
  readonly database: Database;
  readonly messaging: Messaging;
  readonly clock: Clock;
  readonly holdTtlMs: number;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
}): Seats {
  const holds = createBatcher<HoldRequest, HoldOutcome>({
    name: 'hold-seats',
    run: (requests) => holdSeats(deps, requests),
    batchMax: limits.batch.requestsMax,
    waitingMax: limits.batch.waitingMax,
    clock: deps.clock,
    observe: deps.observe,
  });
  const recent = { clock: deps.clock, observe: deps.observe, waitingMax: limits.batch.waitingMax };
  const remaining = createRecentReads<number, number>({
    name: 'count-remaining',
    read: (performanceIds) => countRemaining(deps.database, performanceIds),
    ...limits.seats.remaining,
    ...recent,
  });
  const available = createRecentReads<number, number[]>({
    name: 'list-available',
    read: (performanceIds) => listAvailable(deps.database, performanceIds),
    ...limits.seats.available,
    ...recent,
  });
  return {
    hold: (request) => holds.submit(request),
    recall: (request) => recallHold(deps.database, request),
    available: (performanceId) => available.get(performanceId),
    remaining: async (performanceIds) => {
      const counts = await Promise.all(
        performanceIds.map(async (id) => [id, await remaining.get(id)] as const),
      );
      return new Map(counts.flatMap(([id, count]) => (count === undefined ? [] : [[id, count] as const])));
    },
    sales: (performanceId) => countSales(deps.database, performanceId),
    reactions: seatReactions,
  };
}
