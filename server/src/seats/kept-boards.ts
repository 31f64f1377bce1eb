/** The boards in the memory of this instance, and how they leave it: unused for long, too many, or not to be trusted. */
import type { EventOf } from '#contract/events.ts';
import type { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createRepeat } from '../platform/repeat.ts';
import { FREE, HELD, SeatBoard, type SeatState, SOLD } from './board.ts';
import type { LoadedBoard } from './load-boards.ts';
import { publishBoard, type PublishedBoard } from './publish-board.ts';

export type SeatEvent = EventOf<'SeatReserved' | 'SeatReleased' | 'SeatSold'>;
const STATE_AFTER = { SeatReserved: HELD, SeatReleased: FREE, SeatSold: SOLD } as const satisfies Record<
  SeatEvent['name'],
  SeatState
>;

export type BoardLimits = { readonly [Name in keyof typeof limits.seats.boards]: number };

export interface KeptBoard {
  readonly board: SeatBoard;
  readonly published: PublishedBoard;
  /** The database's time, by this process's count since the board was read. */
  readonly nowMs: () => number;
}

export interface KeptBoards {
  /** Looking at it keeps it. */
  find(performanceId: number): KeptBoard | undefined;
  /** The same, and no look. */
  peek(performanceId: number): KeptBoard | undefined;
  /** Keeps what was read, with what was heard while it was. */
  keep(loaded: LoadedBoard, heard: readonly SeatEvent[]): KeptBoard;
  apply(event: SeatEvent): void;
  dropAll(): void;
  readonly stats: { readonly boards: number; readonly seats: number };
}

interface Entry extends KeptBoard {
  lookedAtMs: number;
}

interface KeptBoardsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bounds: BoardLimits;
}

export function keepBoards(deps: KeptBoardsDeps): KeptBoards {
  const { clock, bounds } = deps;
  const kept = new Map<number, Entry>();
  let seats = 0;
  let weight = 0;

  const { publishing, sweeps } = lookAfter(kept, drop, deps);

  function drop({ board, published }: KeptBoard): void {
    kept.delete(board.performanceId);
    seats -= board.seatCount;
    weight -= weightOf(board, bounds);
    published.close();
  }

  function makeRoom(): void {
    if (weight <= bounds.seatsMax) return;
    const oldestFirst = [...kept.values()].toSorted((a, b) => a.lookedAtMs - b.lookedAtMs);
    // What is alone too heavy is kept all the same: it is what people ask for.
    for (const entry of oldestFirst.slice(0, -1)) {
      drop(entry);
      if (weight <= bounds.seatsMax) return;
    }
  }

  return {
    find(performanceId) {
      const entry = kept.get(performanceId);
      if (entry !== undefined) entry.lookedAtMs = clock.monotonicMs();
      return entry;
    },
    peek: (performanceId) => kept.get(performanceId),
    keep(loaded, heard) {
      const entry = entryOf(loaded, heard, { clock, limits: bounds, onListener: () => publishing.start() });
      seats += entry.board.seatCount;
      weight += weightOf(entry.board, bounds);
      kept.set(entry.board.performanceId, entry);
      makeRoom();
      sweeps.start();
      return entry;
    },
    apply(event) {
      const entry = kept.get(event.performanceId);
      if (entry === undefined) return;
      const before = weightOf(entry.board, bounds);
      applyTo(entry.board, event);
      weight += weightOf(entry.board, bounds) - before;
      makeRoom();
    },
    dropAll() {
      for (const entry of kept.values()) drop(entry);
    },
    get stats() {
      return { boards: kept.size, seats };
    },
  };
}

/** What is done with the boards while there are any: they are published, and dropped when nobody looks. */
function lookAfter(
  kept: ReadonlyMap<number, Entry>,
  drop: (entry: Entry) => void,
  { clock, logger, bounds }: KeptBoardsDeps,
) {
  const failed = (err: unknown) => logger.error({ err }, 'seat boards were not looked after');
  const publishing = createRepeat({
    clock,
    failed,
    everyMs: bounds.tickMs,
    work: () => {
      const listenedTo = [...kept.values()].filter(({ published }) => published.tick());
      for (const entry of listenedTo) entry.lookedAtMs = clock.monotonicMs();
      return listenedTo.length > 0;
    },
  });
  const sweeps = createRepeat({
    clock,
    failed,
    everyMs: bounds.idleMs / 10,
    work: () => {
      const idleSinceMs = clock.monotonicMs() - bounds.idleMs;
      for (const entry of kept.values()) if (entry.lookedAtMs <= idleSinceMs) drop(entry);
      return kept.size > 0;
    },
  });
  return { publishing, sweeps };
}

/** In seats. It grows with everybody who is granted a seat here for the first time. */
function weightOf({ seatCount, buyerCount }: SeatBoard, bounds: BoardLimits): number {
  return bounds.boardWeight + seatCount + buyerCount * bounds.buyerWeight;
}

function entryOf(
  loaded: LoadedBoard,
  heard: readonly SeatEvent[],
  publishing: Parameters<typeof publishBoard>[1],
): Entry {
  const { clock } = publishing;
  const board = new SeatBoard(loaded);
  for (const event of heard) applyTo(board, event);
  const loadedAtMs = clock.monotonicMs();
  return {
    board,
    published: publishBoard(board, publishing),
    nowMs: () => loaded.readAtMs + (clock.monotonicMs() - loadedAtMs),
    lookedAtMs: loadedAtMs,
  };
}

function applyTo(board: SeatBoard, event: SeatEvent): void {
  for (const { no, version } of event.seats) board.apply(no, version, STATE_AFTER[event.name]);
  if (event.name === 'SeatReserved') board.addBuyer(event.userId);
}
