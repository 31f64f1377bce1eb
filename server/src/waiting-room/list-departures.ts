import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { Stretch } from './line.ts';

// Eight bytes for each, not a row: whoever looks at a line for the first time may fetch a million.
const DEPARTURES = statement(`/* waiting-room.list-departures */
select string_agg(int8send(number), '' order by departure) as numbers
from waiting_room.token
where room = $1 and departure > $2::bigint and departure <= $3::bigint and number > $4::bigint`);

interface DeparturesRow {
  /** The highest byte first; null for nobody. */
  readonly numbers: Buffer | null;
}

/**
 * Who left the line while waiting, in the order in which they did. They are numbered under the room's lock, so
 * whoever is seen, all who left before are seen as well.
 */
export async function listDepartures(
  reader: Reader,
  room: string,
  { after, upTo, head }: Stretch,
): Promise<number[]> {
  const [row] = await reader.rows<DeparturesRow & Record<string, unknown>>(DEPARTURES, [
    room,
    after,
    upTo,
    head,
  ]);
  const bytes = row?.numbers ?? Buffer.alloc(0);
  return Array.from({ length: bytes.length / 8 }, (_, at) => Number(bytes.readBigInt64BE(at * 8)));
}
