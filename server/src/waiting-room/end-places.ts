/** Ends places under the lock of their rooms, and lets the next ones in where that freed a turn. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type Settled, settleRooms } from './admit.ts';
import type { TurnTimes } from './line.ts';
import type { Rooms } from './lock-rooms.ts';
import { departures, type Ending, placeKey } from './place.ts';
import type { Movement } from './room.ts';

// The time is the room's, so that a turn ends no later than the one begins that follows it.
const END = statement(`/* waiting-room.end-places */
update waiting_room.token t
set state = e.state, reservation_id = e.reservation_id, departure = coalesce(t.departure, e.departure),
  ended_at = coalesce(t.ended_at, e.at)
from unnest($1::text[], $2::bigint[], $3::text[], $4::uuid[], $5::bigint[], $6::timestamptz[])
  as e (room, number, state, reservation_id, departure, at)
where t.room = e.room and t.number = e.number and t.state <> 'SPENT'`);

/**
 * Each place must have been locked after its room: live, or over and now known to be spent. One that was over has
 * freed its turn already.
 */
export async function endPlaces(
  tx: Tx,
  rooms: Rooms,
  endings: readonly Ending[],
  times: TurnTimes,
): Promise<ReadonlyMap<string, Settled>> {
  if (endings.length === 0) return new Map();
  const byRoom = Map.groupBy(endings, (ending) => ending.row.room);
  const movements = new Map([...byRoom].map(([room, list]) => [room, movementOf(list)]));
  const departureOf = departures(endings, rooms);
  tx.send(END, [
    endings.map((ending) => ending.row.room),
    endings.map((ending) => ending.row.number),
    endings.map((ending) => ending.state),
    endings.map((ending) => ending.reservationId ?? null),
    endings.map((ending) => departureOf.get(placeKey(ending.row)) ?? null),
    endings.map((ending) => rooms.get(ending.row.room)?.at),
  ]);
  return settleRooms(
    tx,
    [...rooms.values()].filter((room) => byRoom.has(room.room)),
    movements,
    times,
  );
}

function movementOf(endings: readonly Ending[]): Movement {
  const states: PlaceState[] = endings.map((ending) => ending.row.state);
  return {
    ended: states.filter((state) => state === 'ACTIVE').length,
    gaveUp: states.filter((state) => state === 'WAITING').length,
  };
}
