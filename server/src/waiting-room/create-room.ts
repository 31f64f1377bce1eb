import type { RoomState } from '#contract/http/queue.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { fullBucket, type Policy } from './policy.ts';

const CREATE = statement(`/* waiting-room.create-rooms */
insert into waiting_room.room (room, rate_count, rate_window_ms, capacity, allowance, state)
select room, $2, $3, $4, $5, $6
from (select distinct room from unnest($1::text[]) as named (room) order by room) as named
on conflict (room) do nothing
returning room`);

/** False: there is one of that name, which stays as it is. */
export async function createRoom(
  database: Database,
  room: string,
  policy: Policy,
  state: RoomState,
): Promise<boolean> {
  return database.transaction(async (tx) => (await createRooms(tx, [room], policy, state)) > 0);
}

/** Makes those that are not there yet, and says how many; the others stay as they are. */
export async function createRooms(
  tx: Tx,
  rooms: readonly string[],
  policy: Policy,
  state: RoomState,
): Promise<number> {
  const { rateCount, rateWindowMs, capacity } = policy;
  const created = await tx.rows(CREATE, [
    rooms,
    rateCount,
    rateWindowMs,
    capacity,
    fullBucket(policy),
    state,
  ]);
  return created.length;
}
