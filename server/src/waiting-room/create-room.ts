import type { RoomState } from '#contract/http/queue.ts';
import type { Database } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { fullBucket, type Policy } from './policy.ts';

const CREATE = statement(`/* waiting-room.create-room */
insert into waiting_room.room (room, rate_count, rate_window_ms, capacity, allowance, state)
values ($1, $2, $3, $4, $5, $6)
on conflict (room) do nothing
returning room`);

/** False: there is one of that name, which stays as it is. */
export async function createRoom(
  database: Database,
  room: string,
  policy: Policy,
  state: RoomState,
): Promise<boolean> {
  const { rateCount, rateWindowMs, capacity } = policy;
  const created = await database.transaction((tx) =>
    tx.rows(CREATE, [room, rateCount, rateWindowMs, capacity, fullBucket(policy), state]),
  );
  return created.length > 0;
}
