/** Ends places under the lock of their rooms, and lets the next ones in where that freed a turn. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { settleRooms } from './admit.ts';
import type { Rooms } from './lock-rooms.ts';
import type { PlaceRow } from './place.ts';
import type { Movement } from './room.ts';

const END = statement(`/* waiting-room.end-places */
update waiting_room.token t
set state = e.state, reservation_id = e.reservation_id, ended_at = coalesce(t.ended_at, clock_timestamp())
from unnest($1::text[], $2::bigint[], $3::text[], $4::uuid[]) as e (room, number, state, reservation_id)
where t.room = e.room and t.number = e.number and t.state <> 'SPENT'`);

export interface Ending {
  readonly row: PlaceRow;
  readonly state: Exclude<PlaceState, 'WAITING' | 'ACTIVE'>;
  /** What it was spent on. */
  readonly reservationId?: string;
}

/**
 * Each place must have been found after its room was locked: live, or over and now known to be spent. One that
 * was over has freed its turn already.
 */
export async function endPlaces(
  tx: Tx,
  rooms: Rooms,
  endings: readonly Ending[],
  activeTtlMs: number,
): Promise<void> {
  if (endings.length === 0) return;
  const byRoom = Map.groupBy(endings, (ending) => ending.row.room);
  const movements = new Map([...byRoom].map(([room, list]) => [room, movementOf(list)]));
  await Promise.all([
    tx.rows(END, [
      endings.map((ending) => ending.row.room),
      endings.map((ending) => ending.row.number),
      endings.map((ending) => ending.state),
      endings.map((ending) => ending.reservationId ?? null),
    ]),
    settleRooms(
      tx,
      [...rooms.values()].filter((room) => byRoom.has(room.room)),
      movements,
      activeTtlMs,
    ),
  ]);
}

function movementOf(endings: readonly Ending[]): Movement {
  const states = endings.map((ending) => ending.row.state);
  return {
    ended: states.filter((state) => state === 'ACTIVE').length,
    gaveUp: states.filter((state) => state === 'WAITING').length,
  };
}
