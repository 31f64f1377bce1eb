/**
 * The rooms as they were a moment ago: one small query a few times a second while somebody asks, however many ask.
 */
import { Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Line } from './line.ts';
import type { RoomView } from './room.ts';

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
  get(room: string): RoomView | undefined;
  /** Takes in what this instance just did to a room. False: more is known already. */
  note(view: RoomView): boolean;
  /** The data have begun another life: what is known, and what is being read at this moment, does not hold. */
  forget(): void;
}

export interface LatestRoomsDeps {
  readonly line: Pick<Line, 'rooms'>;
  readonly clock: Clock;
  /** A reading has shown that commits are lost which were known before it began; whoever is told says `forget`. */
  readonly onLoss: () => void;
}

export function createLatestRooms({ line, clock, onLoss }: LatestRoomsDeps): LatestRooms {
  const latest = new Map<string, RoomView>();
  /** What this instance did while a reading was under way may not be in it. */
  const noted = new Set<string>();
  let readings = 0;
  let lives = 0;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function read(): Promise<void> {
    for (;;) {
      const asOf = lives;
      noted.clear();
      readAtMs = clock.monotonicMs();
      const found = await line.rooms();
      // What was known when it began is in it, or is gone for good.
      const isLoss = (view: RoomView) => isOutdated(view) && !noted.has(view.room);
      if (lives === asOf && found.some(isLoss)) onLoss();
      if (lives === asOf) return take(found);
    }
  }

  function take(found: readonly RoomView[]): void {
    for (const view of found) {
      const before = latest.get(view.room);
      const isKept = before !== undefined && noted.has(view.room) && !isOlder(before, view);
      if (!isKept && !isOutdated(view)) latest.set(view.room, view);
    }
    readings++;
  }

  function isOutdated(view: RoomView): boolean {
    const known = latest.get(view.room);
    return known !== undefined && isOlder(view, known);
  }

  function refresh(): Promise<void> {
    return (reading ??= begin());
  }

  /** One reading, and how long anybody waits for it. */
  function begin(): Promise<void> {
    const over = new AbortController();
    const done = read()
      .catch((error: unknown) => {
        readAtMs = Number.NEGATIVE_INFINITY;
        throw error;
      })
      .finally(() => {
        reading = undefined;
        over.abort();
      });
    const late = clock.sleep(WAIT_MAX_MS, over.signal).then(() => {
      if (over.signal.aborted) return done;
      throw new Overloaded(`the rooms have been read for more than ${WAIT_MAX_MS} ms`);
    });
    return Promise.race([done, late]);
  }

  const isFresh = () => reading === undefined && clock.monotonicMs() - readAtMs < FRESH_MS;

  async function beginAgain(): Promise<void> {
    await reading?.catch(() => {});
    const dueMs = readAtMs + APART_MS - clock.monotonicMs();
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
    readAgain: () => (next ??= beginAgain()),
    get: (room) => latest.get(room),
    note: (view) => {
      if (isOutdated(view)) return false;
      latest.set(view.room, view);
      noted.add(view.room);
      return true;
    },
    forget: () => {
      lives++;
      latest.clear();
      noted.clear();
      readAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

/** Of two looks at a room, whichever arrives first. All that is ever counted of a room goes up, and goes up together. */
function isOlder(view: RoomView, than: RoomView): boolean {
  if (view.epoch !== than.epoch) return view.epoch < than.epoch;
  return (
    view.head < than.head ||
    view.lastNumber < than.lastNumber ||
    view.admitted < than.admitted ||
    view.departed < than.departed
  );
}
