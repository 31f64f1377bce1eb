/** Giving a place up: of one who waits, or of one whose turn it is. Doing it twice changes nothing. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import type { Database } from '../platform/postgres/database.ts';
import { endPlaces } from './end-places.ts';
import type { TurnTimes } from './line.ts';
import { lockPlaces, lockRooms } from './lock-rooms.ts';
import { liveRows, placeKey } from './place.ts';

export interface LeaveLineDeps extends TurnTimes {
  readonly database: Database;
}

/** What became of each place; undefined for one that never was. */
export function leaveLine(
  deps: LeaveLineDeps,
  places: readonly Place[],
): Promise<(PlaceState | undefined)[]> {
  return deps.database.transaction(async (tx) => {
    const [rooms, rows] = await Promise.all([
      lockRooms(
        tx,
        places.map((place) => place.room),
      ),
      lockPlaces(tx, places),
    ]);
    const leaving = liveRows(places, rows);
    const endings = leaving.map((row) => ({ row, state: 'LEFT' as const }));
    await endPlaces(tx, rooms, endings, deps);
    const left = new Set(leaving.map(placeKey));
    const states = new Map(rows.map((row) => [placeKey(row), row]));
    return places.map((place) => {
      const row = states.get(placeKey(place));
      if (row?.epoch !== place.epoch) return undefined;
      return left.has(placeKey(place)) ? 'LEFT' : row.state;
    });
  });
}
