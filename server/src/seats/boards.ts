/**
 * The boards of this instance: loaded by one statement however many ask, kept current by the log, dropped when
 * nobody has looked for some time.
 *
 *   get ──not there──▶ following? ──▶ load ──▶ apply what was heard meanwhile ──▶ kept ──heard──▶ apply
 *                         ▲            └─lost meanwhile─┐                          └─lost, idle, too many──▶ dropped
 *                         └─────────────────────────────┘
 */
import assert from 'node:assert/strict';
import type { AnyEvent, EventOf } from '#contract/events.ts';
import { limits } from '../limits.ts';
import type { Messaging, Projection } from '../messaging/index.ts';
import { createBatcher, Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { createRepeat } from '../platform/repeat.ts';
import { FREE, HELD, SeatBoard, type SeatState, SOLD } from './board.ts';
import { type LoadedBoard, loadBoards } from './load-boards.ts';
import { publishBoard, type PublishedBoard } from './publish-board.ts';

export interface KeptBoard {
  readonly board: SeatBoard;
  readonly published: PublishedBoard;
  /** The database's time, by this process's count since the board was read. */
  readonly nowMs: () => number;
}

export interface Boards {
  /** Loads it when it is not there; undefined when the performance is not laid out. */
  get(performanceId: number): Promise<KeptBoard | undefined>;
  /** What is in memory now. */
  known(performanceId: number): KeptBoard | undefined;
  readonly stats: { readonly boards: number; readonly seats: number };
}

export type BoardLimits = { readonly [Name in keyof typeof limits.seats.boards]: number };

export interface BoardsDeps {
  readonly database: Reader;
  readonly messaging: Pick<Messaging, 'follow' | 'following'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
  /** Smaller ones for tests. */
  readonly bounds?: Partial<BoardLimits>;
}

type SeatEvent = EventOf<'SeatReserved' | 'SeatReleased' | 'SeatSold'>;
const STATE_AFTER = { SeatReserved: HELD, SeatReleased: FREE, SeatSold: SOLD } as const satisfies Record<
  SeatEvent['name'],
  SeatState
>;

interface Loading {
  readonly board: Promise<KeptBoard | undefined>;
  /** What came while it was being read: some of it may not be in what was read. */
  readonly heard: SeatEvent[];
  isLost: boolean;
}

/** The log is followed anew after half a minute without the database: once in a load is bad luck, thrice is not. */
const LOAD_TRIES_MAX = 3;

export function createBoards(deps: BoardsDeps): Boards {
  const { clock, logger, messaging } = deps;
  const bounds: BoardLimits = { ...limits.seats.boards, ...deps.bounds };
  const kept = new Map<number, KeptBoard & { lookedAtMs: number }>();
  const loading = new Map<number, Loading>();
  let weight = 0;

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

  const repeat = {
    clock,
    failed: (err: unknown) => logger.error({ err }, 'seat boards were not looked after'),
  };
  const publishing = createRepeat({ ...repeat, everyMs: bounds.tickMs, work: publishToListeners });
  const sweeps = createRepeat({ ...repeat, everyMs: bounds.idleMs / 10, work: dropIdle });

  function publishToListeners(): boolean {
    let isNeeded = false;
    for (const entry of kept.values()) {
      if (!entry.published.tick()) continue;
      entry.lookedAtMs = clock.monotonicMs();
      isNeeded = true;
    }
    return isNeeded;
  }

  function dropIdle(): boolean {
    const idleSinceMs = clock.monotonicMs() - bounds.idleMs;
    for (const [performanceId, { lookedAtMs }] of kept) if (lookedAtMs <= idleSinceMs) drop(performanceId);
    return kept.size > 0;
  }

  function drop(performanceId: number): void {
    const entry = kept.get(performanceId);
    if (entry === undefined) return;
    kept.delete(performanceId);
    weight -= weightOf(entry.board);
    entry.published.close();
  }

  function keep(loaded: LoadedBoard, heard: readonly SeatEvent[]): KeptBoard {
    const { performanceId, readAtMs } = loaded;
    const loadedAtMs = clock.monotonicMs();
    const board = new SeatBoard(loaded);
    for (const event of heard) applyTo(board, event);
    const published = publishBoard(board, { clock, limits: bounds, onListener: () => publishing.start() });
    const nowMs = () => readAtMs + (clock.monotonicMs() - loadedAtMs);
    const entry = { board, published, nowMs, lookedAtMs: loadedAtMs };
    kept.set(performanceId, entry);
    weight += weightOf(board);
    makeRoom(performanceId);
    sweeps.start();
    return entry;
  }

  /** What is alone too heavy is kept all the same: it is what people ask for. */
  function makeRoom(performanceId: number): void {
    while (weight > bounds.seatsMax && kept.size > 1) {
      const others = [...kept].filter(([id]) => id !== performanceId);
      const [first, ...rest] = others;
      assert(first !== undefined, 'there is another one');
      const [oldest] = rest.reduce((a, b) => (b[1].lookedAtMs < a[1].lookedAtMs ? b : a), first);
      drop(oldest);
    }
  }

  function get(performanceId: number): Promise<KeptBoard | undefined> {
    const there = known(performanceId);
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
  }

  async function load(performanceId: number, entry: Loading): Promise<KeptBoard | undefined> {
    for (let tries = 1; tries <= LOAD_TRIES_MAX; tries++) {
      entry.isLost = false;
      await messaging.following();
      const loaded = await loads.submit(performanceId);
      if (!entry.isLost) return loaded && keep(loaded, entry.heard);
    }
    throw new Overloaded(
      `the board of performance ${performanceId} was lost while it was loaded, again and again`,
    );
  }

  function known(performanceId: number): KeptBoard | undefined {
    const entry = kept.get(performanceId);
    if (entry !== undefined) entry.lookedAtMs = clock.monotonicMs();
    return entry;
  }

  const projection: Projection = {
    names: ['SeatReserved', 'SeatReleased', 'SeatSold'],
    heard: (events) => {
      for (const event of events) {
        if (!isSeatEvent(event)) continue;
        const entry = kept.get(event.performanceId);
        if (entry !== undefined) applyTo(entry.board, event);
        loading.get(event.performanceId)?.heard.push(event);
      }
    },
    lost: () => {
      for (const performanceId of kept.keys()) drop(performanceId);
      for (const entry of loading.values()) {
        entry.isLost = true;
        entry.heard.length = 0;
      }
    },
  };
  messaging.follow(projection);

  return {
    get,
    known,
    get stats() {
      let seats = 0;
      for (const { board } of kept.values()) seats += board.seatCount;
      return { boards: kept.size, seats };
    },
  };

  function weightOf(board: SeatBoard): number {
    return board.seatCount + bounds.boardWeight;
  }
}

function isSeatEvent(event: AnyEvent): event is SeatEvent {
  return event.name in STATE_AFTER;
}

function applyTo(board: SeatBoard, event: SeatEvent): void {
  for (const { no, version } of event.seats) board.apply(no, version, STATE_AFTER[event.name]);
  if (event.name === 'SeatReserved') board.addBuyer(event.userId);
}
