/** Giving a place up: of one who waits, or of one whose turn it is. Doing it twice changes nothing. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import { AGAIN } from '../platform/batcher.ts';
import type { Database } from '../platform/postgres/database.ts';
import { endPlaces } from './end-places.ts';
import type { TurnTimes } from './line.ts';
import { lockFreeRooms, lockPlaces } from './lock-rooms.ts';
import { liveRows, placeKey } from './place.ts';

export interface LeaveLineDeps extends TurnTimes {
  readonly database: Database;
}

/** What became of each place; undefined for one that never was. Not decided: somebody else is at its room. */
export function leaveLine(
  deps: LeaveLineDeps,
  places: readonly Place[],
): Promise<(PlaceState | undefined | typeof AGAIN)[]> {
  return deps.database.transaction(async (tx) => {
    const names = new Set(places.map((place) => place.room));
    const locking = lockFreeRooms(tx, names);
    // One room alone is waited for: then the places travel along.
    const busyRooms = names.size > 1 ? (await locking).busy : new Set();
    const decided = places.filter((place) => !busyRooms.has(place.room));
    const [{ rooms, busy }, rows] = await Promise.all([locking, lockPlaces(tx, decided)]);
    const leaving = liveRows(decided, rows);
    const endings = leaving.map((row) => ({ row, state: 'LEFT' as const }));
    await endPlaces(tx, rooms, endings, deps);
    const left = new Set(leaving.map(placeKey));
    const states = new Map(rows.map((row) => [placeKey(row), row]));
    return places.map((place) => {
      if (busy.has(place.room)) return AGAIN;
      const row = states.get(placeKey(place));
      if (row?.epoch !== place.epoch) return undefined;
      return left.has(placeKey(place)) ? 'LEFT' : row.state;
    });
  });
}
