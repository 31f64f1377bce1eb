import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type RoomView, viewOf } from './room.ts';
import { ROOM_COLUMNS, ROOM_NOW, type RoomRow, toLockedRoom } from './room-row.ts';

const LIST = statement(`/* waiting-room.list-rooms */
select ${ROOM_COLUMNS} from ${ROOM_NOW} order by r.room`);

/** Every room, by name. Organisers make rooms, one for each sale, so there are not many. */
export async function listRooms(reader: Reader): Promise<RoomView[]> {
  const rows = await reader.rows<RoomRow>(LIST, []);
  return rows.map((row) => viewOf(toLockedRoom(row)));
}
