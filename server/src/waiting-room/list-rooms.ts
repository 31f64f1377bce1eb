import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type RoomView, viewOf } from './room.ts';
import { ROOM_COLUMNS, ROOM_NOW, type RoomRow, toLockedRoom } from './room-row.ts';

const LIST_ALL = statement(`/* waiting-room.list-all-rooms */
select ${ROOM_COLUMNS} from ${ROOM_NOW} order by r.room`);

const LIST = statement(`/* waiting-room.list-rooms */
select ${ROOM_COLUMNS} from ${ROOM_NOW} where r.room = any($1::text[]) order by r.room`);

/** Those of these names, or every room, by name. Organisers make one for each sale, so all of them are many in time. */
export async function listRooms(reader: Reader, names?: readonly string[]): Promise<RoomView[]> {
  const rows = await (names === undefined
    ? reader.rows<RoomRow>(LIST_ALL, [])
    : reader.rows<RoomRow>(LIST, [names]));
  return rows.map((row) => viewOf(toLockedRoom(row)));
}
