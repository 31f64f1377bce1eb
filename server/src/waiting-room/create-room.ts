import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { RoomChanged, RoomSetup } from './line.ts';
import { bucketMax } from './policy.ts';
import { type LockedRoom, viewOf } from './room.ts';
import { ROOM_COLUMNS, type RoomRow, toLockedRoom } from './room-row.ts';

// Its first visitors need not wait for a bucket to fill.
const CREATE = statement(`/* waiting-room.create-rooms */
with clock as (select date_trunc('milliseconds', clock_timestamp()) as at),
r as (
  insert into waiting_room.room (room, rate_count, rate_window_ms, capacity, allowance, state, opens_at)
  select room, $2, $3, $4, $5, $6, date_trunc('milliseconds', $7::timestamptz)
  from (select distinct room from unnest($1::text[]) as named (room) order by room) as named
  on conflict (room) do nothing
  returning *
)
select ${ROOM_COLUMNS} from r cross join clock`);

/** False: there is one of that name, which stays as it is. */
export async function createRoom(
  database: Database,
  room: string,
  setup: RoomSetup,
  changed?: RoomChanged,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const [created] = await createRooms(tx, [room], setup);
    if (created !== undefined) changed?.(tx, undefined, viewOf(created), created.at);
    return created !== undefined;
  });
}

/** Makes those that are not there yet, and answers them; the others stay as they are. */
export async function createRooms(
  tx: Tx,
  rooms: readonly string[],
  { policy, state, opensAt }: RoomSetup,
): Promise<LockedRoom[]> {
  const { rateCount, rateWindowMs, capacity } = policy;
  const created = await tx.rows<RoomRow>(CREATE, [
    rooms,
    rateCount,
    rateWindowMs,
    capacity,
    bucketMax(policy),
    state,
    opensAt,
  ]);
  return created.map(toLockedRoom);
}
