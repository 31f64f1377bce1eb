/**
 * The boards of this instance: loaded by one statement however many ask, kept current by the log, dropped when
 * nobody has looked for some time.
 *
 *   get ──not there──▶ following? ──▶ load ──▶ apply what was heard meanwhile ──▶ kept ──heard──▶ apply
 *                         ▲            └─lost meanwhile─┐                          └─lost, idle, too many──▶ dropped
 *                         └─────────────────────────────┘
 */
import type { AnyEvent } from '#contract/events.ts';
import { limits } from '../limits.ts';
import type { Messaging } from '../messaging/index.ts';
import { createBatcher, Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createLoopTurns } from '../platform/loop-turns.ts';
import type { Reader } from '../platform/postgres/database.ts';
import {
  type BoardLimits,
  keepBoards,
  type KeptBoard,
  type KeptBoards,
  type SeatEvent,
} from './kept-boards.ts';
import { type LoadedBoard, loadBoards } from './load-boards.ts';

export interface Boards {
  /** Loads it when it is not there; undefined when the performance is not laid out. */
  get(performanceId: number): Promise<KeptBoard | undefined>;
  /** What is in memory at this moment. */
  known(performanceId: number): KeptBoard | undefined;
  /** The same, without a part in what is kept and what is not. */
  peek(performanceId: number): KeptBoard | undefined;
  readonly stats: KeptBoards['stats'];
}

export interface BoardsDeps {
  readonly database: Reader;
  readonly messaging: Pick<Messaging, 'follow' | 'following'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
  /** Others for tests. */
  readonly bounds?: Partial<BoardLimits>;
}

interface Loading {
  readonly board: Promise<KeptBoard | undefined>;
  /** What came while it was being read: some of it may not be in what was read. */
  readonly heard: SeatEvent[];
  isLost: boolean;
}

/** The log is followed anew after half a minute without the database: once in a load is bad luck, thrice is not. */
const LOAD_TRIES_MAX = 3;

export function createBoards(deps: BoardsDeps): Boards {
  const { clock, messaging } = deps;
  const bounds: BoardLimits = { ...limits.seats.boards, ...deps.bounds };
  const kept = keepBoards({ ...deps, bounds });
  const loading = new Map<number, Loading>();
  const ownTurn = createLoopTurns();

  const loads = createBatcher<number, LoadedBoard | undefined>({
    name: 'load-boards',
    run: async (performanceIds) => {
      const found = await loadBoards(deps.database, performanceIds);
      return performanceIds.map((performanceId) => found.get(performanceId));
    },
    batchMax: bounds.loadsMax,
    waitingMax: bounds.waitingMax,
    clock,
    observe: deps.observe,
  });

  messaging.follow({
    names: ['SeatReserved', 'SeatReleased', 'SeatSold'],
    heard: (events) => {
      for (const event of events.filter(isSeatEvent)) {
        kept.apply(event);
        loading.get(event.performanceId)?.heard.push(event);
      }
    },
    lost: () => {
      kept.dropAll();
      for (const entry of loading.values()) {
        entry.isLost = true;
        entry.heard.length = 0;
      }
    },
  });

  async function load(performanceId: number, entry: Loading): Promise<KeptBoard | undefined> {
    for (let tries = 1; tries <= LOAD_TRIES_MAX; tries++) {
      entry.isLost = false;
      await messaging.following();
      const loaded = await loads.submit(performanceId);
      // A stadium's board takes 20 to 60 ms of the event loop. What is heard until its turn comes is in the entry.
      await ownTurn();
      if (!entry.isLost) return loaded && kept.keep(loaded, entry.heard);
    }
    throw new Overloaded(`the board of performance ${performanceId} was lost while it was loaded, thrice`);
  }

  return {
    get(performanceId) {
      const there = kept.find(performanceId);
      if (there !== undefined) return Promise.resolve(there);
      const underWay = loading.get(performanceId);
      if (underWay !== undefined) return underWay.board;
      const { promise: board, resolve, reject } = Promise.withResolvers<KeptBoard | undefined>();
      const entry: Loading = { board, heard: [], isLost: false };
      loading.set(performanceId, entry);
      load(performanceId, entry)
        .finally(() => loading.delete(performanceId))
        .then(resolve, reject);
      return board;
    },
    known: (performanceId) => kept.find(performanceId),
    peek: (performanceId) => kept.peek(performanceId),
    get stats() {
      return kept.stats;
    },
  };
}

function isSeatEvent(event: AnyEvent): event is SeatEvent {
  return event.name === 'SeatReserved' || event.name === 'SeatReleased' || event.name === 'SeatSold';
}
