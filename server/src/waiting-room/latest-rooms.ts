/**
 * The rooms as they were a moment ago: one small query a few times a second while somebody asks, however many ask.
 */
import { Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import { hasLost, type RoomView } from './room.ts';
import type { WantedRooms } from './wanted-rooms.ts';

const FRESH_MS = 200;
/** Readings that somebody asks for who has seen more, or says so, begin no sooner one after the other. */
const APART_MS = 20;
/** A database that does not answer is not waited for by everybody who asks: after so long they are refused. */
const WAIT_MAX_MS = 1_000;

export interface LatestRooms {
  /** How often they were read. */
  readonly readings: number;
  /** Whether nobody has to wait for a reading. */
  readonly isFresh: boolean;
  /** Reads them unless they are; `Overloaded` when that takes too long. */
  freshen(): Promise<void>;
  /** A reading that begins after this call; all who ask until it begins share it. */
  readAgain(): Promise<void>;
  /** The same for whoever is in no hurry: not before the reading that comes anyway while somebody asks. */
  readInTurn(): Promise<void>;
  get(room: string): RoomView | undefined;
  /** Takes in what this instance just did to a room. False: more is known already. */
  note(view: RoomView): boolean;
  /** The data have begun another life: what is known, and what is being read at this moment, does not hold. */
  forget(): void;
}

export interface LatestRoomsDeps {
  readonly line: Pick<WantedRooms, 'rooms'>;
  readonly clock: Clock;
  /** A reading has shown that commits are lost which were known before it began; whoever is told says `forget`. */
  readonly onLoss: () => void;
}

export function createLatestRooms({ line, clock, onLoss }: LatestRoomsDeps): LatestRooms {
  const known = createKnownViews();
  let readings = 0;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function read(): Promise<void> {
    for (;;) {
      const asOf = known.begin();
      readAtMs = clock.monotonicMs();
      const found = await line.rooms();
      if (known.isOf(asOf) && known.showsLoss(found)) onLoss();
      // What was read of a life that has ended meanwhile is read again.
      if (!known.isOf(asOf)) continue;
      known.take(found);
      readings++;
      return;
    }
  }

  function refresh(): Promise<void> {
    reading ??= waitedFor(clock, read, (isRead) => {
      reading = undefined;
      if (!isRead) readAtMs = Number.NEGATIVE_INFINITY;
    });
    return reading;
  }

  const isFresh = () => reading === undefined && clock.monotonicMs() - readAtMs < FRESH_MS;

  async function begin(apartMs: number): Promise<void> {
    await reading?.catch(() => {});
    const dueMs = readAtMs + apartMs - clock.monotonicMs();
    if (dueMs > 0) await clock.sleep(dueMs);
    await reading?.catch(() => {});
    next = undefined;
    await refresh();
  }

  return {
    get readings() {
      return readings;
    },
    get isFresh() {
      return isFresh();
    },
    freshen: async () => {
      if (!isFresh()) await refresh();
    },
    readAgain: () => (next ??= begin(APART_MS)),
    readInTurn: () => (next ??= begin(FRESH_MS)),
    get: (room) => known.get(room),
    note: (view) => known.note(view),
    forget: () => {
      known.forget();
      readAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/** The outcome of a reading, for as long as anybody waits for it; `over` is told when it really ends. */
function waitedFor(clock: Clock, read: () => Promise<void>, over: (isRead: boolean) => void): Promise<void> {
  const ended = new AbortController();
  const end = (isRead: boolean) => {
    ended.abort();
    over(isRead);
  };
  const done = read().then(
    () => end(true),
    (error: unknown) => {
      end(false);
      throw error;
    },
  );
  const late = clock.sleep(WAIT_MAX_MS, ended.signal).then(() => {
    if (ended.signal.aborted) return done;
    throw new Overloaded(`the rooms have been read for more than ${WAIT_MAX_MS} ms`);
  });
  return Promise.race([done, late]);
}

/** The newest view of each room in this life of the data, whichever way it came. */
function createKnownViews() {
  const latest = new Map<string, RoomView>();
  /** What this instance did while a reading was under way may not be in it. */
  const noted = new Set<string>();
  let life = 0;

  function isOutdated(view: RoomView): boolean {
    const known = latest.get(view.room);
    return known !== undefined && isOlder(view, known);
  }

  return {
    /** A reading does; gives the life that it is of. */
    begin: () => {
      noted.clear();
      return life;
    },
    isOf: (asOf: number) => asOf === life,
    /** Whatever was known when the reading began is in it, or is gone for good. */
    showsLoss: (found: readonly RoomView[]) =>
      found.some((view) => isOutdated(view) && !noted.has(view.room)),
    take: (found: readonly RoomView[]) => {
      for (const view of found) {
        const before = latest.get(view.room);
        const isKept = before !== undefined && noted.has(view.room) && !isOlder(before, view);
        if (!isKept && !isOutdated(view)) latest.set(view.room, view);
      }
    },
    get: (room: string) => latest.get(room),
    /** False: more is known already. */
    note: (view: RoomView) => {
      if (isOutdated(view)) return false;
      latest.set(view.room, view);
      noted.add(view.room);
      return true;
    },
    forget: () => {
      life++;
      latest.clear();
      noted.clear();
    },
  };
}

/**
 * Of two looks at a room, whichever arrives first. All that is ever counted of a room goes up, and goes up together: a
 * higher epoch with a lower counter is a look at what was kept after a loss.
 */
function isOlder(view: RoomView, than: RoomView): boolean {
  return view.epoch < than.epoch || hasLost(view, than);
}
