/** Seats: who has which seat of a performance. */
import type { Messaging, Reactions } from '../messaging/index.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../platform/postgres/database.ts';
import { limits } from '../limits.ts';
import type { SeatBoard, TierCounts } from './board.ts';
import { type BoardsDeps, createBoards } from './boards.ts';
import { type Remaining, sumOf } from './count-free.ts';
import { holdSeats } from './hold-seats.ts';
import { keepCounts, type KeptCountsDeps } from './kept-counts.ts';
import type { PublishedBoard } from './publish-board.ts';
import { recallHold } from './recall-holds.ts';
import { seatReactions } from './reactions.ts';
import { refuseKnownTaken } from './refuse-known-taken.ts';
import type { HoldOutcome, HoldRequest } from './seat.ts';

export type { Remaining } from './count-free.ts';
export type { HoldOutcome, HoldRequest } from './seat.ts';

export interface Sales {
  readonly free: number;
  readonly held: number;
  readonly sold: number;
  readonly soldKrw: number;
  /** The lowest price first. */
  readonly byPrice: readonly TierCounts[];
}

/** The map of a performance, and its changes. */
export type WatchedBoard = Pick<PublishedBoard, 'map' | 'listen'>;

export interface SeatsStats {
  readonly boards: number;
  readonly seats: number;
  readonly refusedFromMemory: number;
}

export interface Seats {
  /** Holds all the seats of a request or none. What is known to be taken is refused without asking the rows. */
  hold(request: HoldRequest): Promise<HoldOutcome>;
  /** What an earlier request with the same key was answered; undefined when it was granted nothing. */
  recall(request: HoldRequest): Promise<HoldOutcome | undefined>;
  /** Undefined when there is no such performance, or its seats are not laid out yet. */
  board(performanceId: number): Promise<WatchedBoard | undefined>;
  /** The same, if it is in memory. */
  boardAtHand(performanceId: number): WatchedBoard | undefined;
  /**
   * For each performance that has been laid out: behind by the log where there is a board, otherwise by some seconds.
   * Not for one that could not be counted within two seconds and never was before.
   */
  remaining(performanceIds: readonly number[]): Promise<Map<number, Remaining>>;
  /** How a performance sells, behind by no more than the log; undefined when there is no such performance. */
  sales(performanceId: number): Promise<Sales | undefined>;
  /** Of this instance. */
  readonly stats: SeatsStats;
  readonly reactions: Reactions<'seats'>;
}

export interface SeatsDeps extends BoardsDeps, KeptCountsDeps {
  readonly database: Database;
  readonly messaging: Messaging;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly holdTtlMs: number;
}

export function createSeats(deps: SeatsDeps): Seats {
  const holds = createBatcher<HoldRequest, HoldOutcome>({
    name: 'hold-seats',
    run: (requests) => holdSeats(deps, requests),
    ...limits.batch,
    clock: deps.clock,
    observe: deps.observe,
  });
  const boards = createBoards(deps);
  const counts = keepCounts(deps);
  let refusedFromMemory = 0;

  async function hold(request: HoldRequest): Promise<HoldOutcome> {
    const known = boards.known(request.performanceId);
    const refusal = known && refuseKnownTaken(request, known.board, known.nowMs());
    if (refusal !== undefined) {
      refusedFromMemory += 1;
      return refusal;
    }
    const outcome = await holds.submit(request);
    if (known === undefined && outcome.outcome === 'refused' && outcome.problem === 'seats.taken') {
      // Where one comes too late, more will. Without a board they are refused by the rows.
      boards.get(request.performanceId).catch(() => {});
    }
    return outcome;
  }

  return {
    hold,
    recall: (request) => recallHold(deps.database, request),
    board: async (performanceId) => (await boards.get(performanceId))?.published,
    boardAtHand: (performanceId) => boards.known(performanceId)?.published,
    remaining: async (performanceIds) => {
      const atHand = performanceIds.flatMap((performanceId) => boards.peek(performanceId)?.board ?? []);
      const told = new Map(atHand.map((board) => [board.performanceId, remainingOf(board)]));
      const others = performanceIds.filter((performanceId) => !told.has(performanceId));
      return new Map([...told, ...(await counts.find(others))]);
    },
    sales: async (performanceId) => {
      const kept = await boards.get(performanceId);
      return kept && salesOf(kept.board);
    },
    get stats() {
      return { ...boards.stats, refusedFromMemory };
    },
    reactions: seatReactions,
  };
}

function remainingOf({ tiers }: Pick<SeatBoard, 'tiers'>): Remaining {
  return sumOf(tiers.map(({ priceKrw, free }) => ({ priceKrw, remaining: free })));
}

function salesOf({ counts, tiers }: Pick<SeatBoard, 'counts' | 'tiers'>): Sales {
  const soldKrw = tiers.reduce((sum, { priceKrw, sold }) => sum + priceKrw * sold, 0);
  return { ...counts, soldKrw, byPrice: tiers };
}
