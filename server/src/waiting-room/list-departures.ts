import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { Departures } from './line.ts';

const DEPARTURES = statement(`/* waiting-room.list-departures */
select number, departure
from waiting_room.token
where room = $1 and departure > $2::bigint
order by departure
limit $3`);

/**
 * Who left the line while waiting, after the first so many of them. They are numbered under the room's lock, so
 * whoever is seen, all who left before are seen as well.
 */
export async function listDepartures(
  reader: Reader,
  room: string,
  after: number,
  max: number,
): Promise<Departures> {
  const rows = await reader.rows<{ number: number; departure: number }>(DEPARTURES, [room, after, max]);
  return { numbers: rows.map((row) => row.number), upTo: rows.at(-1)?.departure ?? after };
}
