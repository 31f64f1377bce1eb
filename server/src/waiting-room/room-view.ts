/**
 * What this instance knows of the rooms: one small query a few times a second while somebody asks, however
 * many ask, and the numbers of those who left since. Standing in line is arithmetic over it.
 *
 * What is given out is never older than 200 ms, never goes back, and counts out everybody who had left by then. It
 * has a version: a client that has seen a newer one, at another instance, makes this one read first.
 */
import type { Clock } from '../platform/clock.ts';
import { type Departed, DepartedNumbers } from './departed-numbers.ts';
import type { Line } from './line.ts';
import type { RoomView } from './room.ts';

const FRESH_MS = 200;
/** Readings that somebody asks for who has seen more, or says so, begin no sooner one after the other. */
const APART_MS = 20;
const PAGE_MAX = 10_000;

/** Live: view and departures fit together whenever they are looked at, until somebody awaits something. */
export interface KnownRoom {
  readonly view: RoomView;
  readonly departed: Departed;
}

/** What the answer must not be older than. */
export interface Seen {
  /** A number that was given. */
  readonly number?: number;
  /** As `versionOf` wrote it; anything else is as good as nothing. */
  readonly version?: string | undefined;
}

export interface RoomViews {
  find(room: string, seen?: Seen): Promise<KnownRoom | undefined>;
  /** Without those who left: for what is said of the room as a whole. */
  look(room: string): Promise<RoomView | undefined>;
  /** Takes in what this instance just did to a room. */
  note(view: RoomView): void;
}

/** Heads and departures only grow, and so do epochs. */
export function versionOf({ epoch, head, departed }: RoomView): string {
  return `${epoch}.${head}.${departed}`;
}

interface Known extends KnownRoom {
  view: RoomView;
  readonly departed: DepartedNumbers;
  /** How many departures are among the numbers, or at or below the head. */
  upTo: number;
  /** The reading that the view is as new as. */
  reading: number;
  catchingUp: Promise<void> | undefined;
}

export interface RoomViewsDeps {
  readonly line: Pick<Line, 'rooms' | 'departures'>;
  readonly clock: Clock;
}

export function createRoomViews({ line, clock }: RoomViewsDeps): RoomViews {
  const latest = new Map<string, RoomView>();
  const rooms = new Map<string, Known>();
  /** What this instance did while a reading was under way may not be in it. */
  const noted = new Set<string>();
  let readings = 0;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function readAll(): Promise<void> {
    noted.clear();
    readAtMs = clock.monotonicMs();
    const found = await line.rooms();
    for (const view of found) {
      const before = latest.get(view.room);
      const isKept =
        before !== undefined && (isOlder(view, before) || (noted.has(view.room) && !isOlder(before, view)));
      if (!isKept) latest.set(view.room, view);
    }
    readings++;
  }

  function refresh(): Promise<void> {
    reading ??= readAll()
      .catch((error: unknown) => {
        readAtMs = Number.NEGATIVE_INFINITY;
        throw error;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  /** A reading that begins after this call; all who ask until it begins share it. */
  function readAgain(): Promise<void> {
    next ??= begin();
    return next;
  }

  async function begin(): Promise<void> {
    await reading?.catch(() => {});
    const dueMs = readAtMs + APART_MS - clock.monotonicMs();
    if (dueMs > 0) await clock.sleep(dueMs);
    await reading?.catch(() => {});
    next = undefined;
    await refresh();
  }

  async function freshen(): Promise<void> {
    if (reading !== undefined || clock.monotonicMs() - readAtMs >= FRESH_MS) await refresh();
  }

  function open(view: RoomView): Known {
    const known = rooms.get(view.room);
    if (known?.view.epoch === view.epoch) return known;
    const opened = { view, departed: new DepartedNumbers(), upTo: 0, reading: 0, catchingUp: undefined };
    rooms.set(view.room, opened);
    return opened;
  }

  /** As of the last reading, with all who had left. */
  async function publish(room: string): Promise<Known | undefined> {
    const view = latest.get(room);
    if (view === undefined) return undefined;
    const known = open(view);
    for (const wanted = readings; known.reading < wanted;) {
      known.catchingUp ??= catchUp(known).finally(() => {
        known.catchingUp = undefined;
      });
      await known.catchingUp;
    }
    return known;
  }

  /** Nothing changes before everything is there, so that the view and the departures fit together. */
  async function catchUp(known: Known): Promise<void> {
    const [asOf, view] = [readings, latest.get(known.view.room) ?? known.view];
    const numbers: number[] = [];
    let { upTo } = known;
    while (upTo < view.departed) {
      const page = await line.departures(view.room, upTo, Math.min(PAGE_MAX, view.departed - upTo));
      // Rather a position that counts one who left than none at all.
      if (page.upTo <= upTo) break;
      upTo = page.upTo;
      numbers.push(...page.numbers.filter((number) => number > view.head));
    }
    known.departed.forgetUpTo(view.head);
    for (const number of numbers) known.departed.add(number);
    known.upTo = Math.max(upTo, view.departed);
    known.view = view;
    known.reading = asOf;
  }

  return {
    find: async (room, seen = {}) => {
      await freshen();
      const known = await publish(room);
      if (known !== undefined ? !isBehind(known.view, seen) : seen.number === undefined) return known;
      await readAgain();
      return publish(room);
    },
    look: async (room) => {
      await freshen();
      return latest.get(room);
    },
    note: (view) => {
      const before = latest.get(view.room);
      if (before !== undefined && isOlder(view, before)) return;
      latest.set(view.room, view);
      noted.add(view.room);
      const known = rooms.get(view.room);
      // Where somebody has left since, the next reading fetches the number.
      const isWhole = known?.view.epoch === view.epoch && known.upTo === view.departed;
      if (isWhole && known.catchingUp === undefined) {
        known.departed.forgetUpTo(view.head);
        known.view = view;
      }
    },
  };
}

function isBehind(view: RoomView, { number = 0, version }: Seen): boolean {
  return view.lastNumber < number || (version !== undefined && isNewer(version, view));
}

function isNewer(version: string, view: RoomView): boolean {
  const parts = /^(\d{1,10})\.(\d{1,15})\.(\d{1,15})$/.exec(version);
  if (parts === null) return false;
  const [epoch = 0, head = 0, departed = 0] = parts.slice(1).map(Number);
  return epoch > view.epoch || (epoch === view.epoch && (head > view.head || departed > view.departed));
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
