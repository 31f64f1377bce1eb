/**
 * What this instance knows of the rooms, and of those who left their lines. Standing in line is arithmetic over it.
 *
 * What is given out is never older than a moment, never goes back, and counts out everybody who had left by then. It
 * has a version: a client that has seen a newer one, at another instance, makes this one read first.
 */
import { type Departed, DepartedNumbers } from './departed-numbers.ts';
import { createLatestRooms, type LatestRooms, type LatestRoomsDeps } from './latest-rooms.ts';
import type { Line } from './line.ts';
import { hasLost, type RoomView } from './room.ts';
import { createWantedRooms, type WantedRooms } from './wanted-rooms.ts';

/** As bytes: a million departures are ten pages of some tens of milliseconds each. */
const PAGE_MAX = 100_000;

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
  /** The same, if nothing has to be read for it. */
  atHand(room: string, seen?: Seen): KnownRoom | undefined;
  /** Without those who left: for what is said of the room as a whole. */
  look(room: string): Promise<RoomView | undefined>;
  /** Takes in what this instance just did to a room. */
  note(view: RoomView): void;
  /** The data have begun another life: what is known, and what is being read at this moment, does not hold. */
  forget(): void;
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
  /** Who has left since, as far as it is fetched: when a page fails, the next attempt goes on behind the others. */
  fetched: { readonly pages: (readonly number[])[]; upTo: number };
  catchingUp: Promise<void> | undefined;
}

export interface RoomViewsDeps extends Omit<LatestRoomsDeps, 'line'> {
  readonly line: Pick<Line, 'rooms' | 'departures'>;
}

export function createRoomViews({ line, clock, onLoss }: RoomViewsDeps): RoomViews {
  const named = createWantedRooms(line, clock);
  const latest = createLatestRooms({ line: named, clock, onLoss });
  const rooms = createKnownRooms(line, latest);

  return {
    find: async (room, seen = {}) => {
      await freshen(latest, named, room);
      const known = await rooms.publish(room);
      if (known === undefined ? seen.number === undefined : !isBehind(known.view, seen)) return known;
      named.want(room);
      await latest.readAgain();
      return rooms.publish(room);
    },
    atHand: (room, seen = {}) => {
      const known = named.want(room) && latest.isFresh ? rooms.get(room) : undefined;
      if (known === undefined || known.reading < latest.readings) return undefined;
      return isBehind(known.view, seen) ? undefined : known;
    },
    look: async (room) => {
      await freshen(latest, named, room);
      return latest.get(room);
    },
    note: (view) => {
      if (latest.note(view)) rooms.note(view);
    },
    forget: () => {
      latest.forget();
      rooms.forget();
    },
  };
}

/** The rooms with those who left them, as they are given out. */
function createKnownRooms(line: Pick<Line, 'departures'>, latest: LatestRooms) {
  const rooms = new Map<string, Known>();

  function open(view: RoomView): Known {
    const known = rooms.get(view.room);
    if (known !== undefined && isSameLine(view, known.view)) return known;
    const opened: Known = {
      view,
      departed: new DepartedNumbers(),
      upTo: 0,
      reading: 0,
      fetched: { pages: [], upTo: 0 },
      catchingUp: undefined,
    };
    rooms.set(view.room, opened);
    return opened;
  }

  /** As of the last reading, with all who had left. */
  async function publish(room: string): Promise<Known | undefined> {
    for (const wanted = latest.readings; ;) {
      const view = latest.get(room);
      if (view === undefined) return undefined;
      // Looked for each time: what was known may have been forgotten meanwhile.
      const known = open(view);
      if (known.reading >= wanted) return known;
      known.catchingUp ??= catchUp(known).finally(() => {
        known.catchingUp = undefined;
      });
      await known.catchingUp;
    }
  }

  /** Nothing changes before everything is there, so that the view and the departures fit together. */
  async function catchUp(known: Known): Promise<void> {
    const [asOf, view] = [latest.readings, latest.get(known.view.room) ?? known.view];
    const { fetched } = known;
    await fetchDepartures(line, view, fetched);
    known.departed.forgetUpTo(view.head);
    for (const page of fetched.pages) for (const number of page) known.departed.add(number);
    fetched.pages.length = 0;
    known.upTo = view.departed;
    known.view = view;
    known.reading = asOf;
  }

  return {
    get: (room: string) => rooms.get(room),
    publish,
    note: (view: RoomView): void => {
      const known = rooms.get(view.room);
      // Where somebody has left since, the next reading fetches the number.
      const isWhole = known?.upTo === view.departed && isSameLine(view, known.view);
      if (isWhole && known.catchingUp === undefined) {
        known.departed.forgetUpTo(view.head);
        known.view = view;
      }
    },
    forget: (): void => rooms.clear(),
  };
}

async function freshen(latest: LatestRooms, wanted: WantedRooms, room: string): Promise<void> {
  wanted.want(room);
  await latest.freshen();
  // That may have been for others. Names can be made up: they must not make the rooms be read all the time.
  if (!wanted.want(room)) await latest.readInTurn();
}

/** In a new epoch too, where it begins behind all that is known: nothing of it is lost. */
function isSameLine(view: RoomView, known: RoomView): boolean {
  if (view.epoch === known.epoch) return true;
  return (view.epochStarts[known.epoch] ?? 0) > known.lastNumber && !hasLost(view, known);
}

/** All who had left by the view, of those whom its head has not passed, behind those who are fetched already. */
async function fetchDepartures(
  line: Pick<Line, 'departures'>,
  { room, head, departed }: RoomView,
  fetched: Known['fetched'],
): Promise<void> {
  while (fetched.upTo < departed) {
    const upTo = Math.min(fetched.upTo + PAGE_MAX, departed);
    fetched.pages.push(await line.departures(room, { after: fetched.upTo, upTo, head }));
    fetched.upTo = upTo;
  }
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
