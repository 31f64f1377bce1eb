/**
 * Which rooms are worth reading: those that somebody asked for lately. Rooms are never removed, so after some years
 * there are thousands, of which a handful are alive.
 */
import { Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Line } from './line.ts';
import type { RoomView } from './room.ts';

const WANTED_MS = 60_000;
/** Rooms that people ask for within a minute, names that somebody made up among them. */
const WANTED_MAX = 10_000;

export interface WantedRooms {
  /** Somebody asks for it. False: the last reading did not, so that only another one can tell. Or `Overloaded`. */
  want(room: string): boolean;
  /** One reading. A name that there is no room of is not asked for again by itself. */
  rooms(): Promise<RoomView[]>;
}

export function createWantedRooms(line: Pick<Line, 'rooms'>, clock: Clock): WantedRooms {
  const wantedAtMs = new Map<string, number>();
  let asked: ReadonlySet<string> = new Set();

  function forget(isOver: (room: string, atMs: number) => boolean): void {
    for (const [room, atMs] of wantedAtMs) if (isOver(room, atMs)) wantedAtMs.delete(room);
  }

  return {
    want: (room) => {
      if (wantedAtMs.size >= WANTED_MAX && !wantedAtMs.has(room)) {
        throw new Overloaded(`${WANTED_MAX} rooms are asked for`);
      }
      wantedAtMs.set(room, clock.monotonicMs());
      return asked.has(room);
    },
    rooms: async () => {
      const startedMs = clock.monotonicMs();
      forget((_, atMs) => atMs <= startedMs - WANTED_MS);
      const asking = new Set(wantedAtMs.keys());
      const found = await line.rooms([...asking]);
      asked = asking;
      const names = new Set(found.map((view) => view.room));
      forget((room, atMs) => atMs < startedMs && !names.has(room));
      return found;
    },
  };
}
