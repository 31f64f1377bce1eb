import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type RoomRow, toLockedRoom } from './lock-rooms.ts';
import type { RoomView } from './room.ts';

const LIST = statement(`/* waiting-room.list-rooms */
select room, epoch, state, head, last_number, waiting, active, rate_count, rate_window_ms, capacity, allowance,
  0::float8 as elapsed_ms
from waiting_room.room
order by room`);

/** Every room, by name. Organisers make rooms, one for each sale, so there are not many. */
export async function listRooms(reader: Reader): Promise<RoomView[]> {
  const rows = await reader.rows<RoomRow>(LIST, []);
  return rows.map(toRoomView);
}

function toRoomView(row: RoomRow): RoomView {
  const { allowance: _, elapsedMs: __, ...view } = toLockedRoom(row);
  return view;
}
