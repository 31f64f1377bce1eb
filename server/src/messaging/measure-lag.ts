import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { eventsFor, READERS } from './saga-map.ts';

const LAG = statement(`/* messaging.lag */
select coalesce(extract(epoch from clock_timestamp() - min(l.at)), 0)::float8 as seconds
from unnest($1::text[], $2::text[]) as i (reader, name)
join messaging.cursor c on c.reader = i.reader
join messaging.log l on (l.epoch, l.xid, l.id) > (c.epoch, c.xid, c.id) and i.name = any(l.names)`);

/** For how long, in seconds, the oldest event has been waiting for a reader that it concerns; 0 when none has. */
export async function measureLag(reader: Reader): Promise<number> {
  const interest = READERS.flatMap((name) => eventsFor(name).map((event) => [name, event] as const));
  const [row] = await reader.rows<{ seconds: number }>(LAG, [
    interest.map(([name]) => name),
    interest.map(([, event]) => event),
  ]);
  return row?.seconds ?? 0;
}
