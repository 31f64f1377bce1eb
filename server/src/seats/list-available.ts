import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const AVAILABLE = statement(`/* seats.available */
select p.performance_id,
  array(
    select s.seat_no from seats.seat s
    where s.performance_id = p.performance_id and s.state = 'F'
    order by s.seat_no
  ) as seat_nos
from seats.performance p
where p.performance_id = $1`);

/** The numbers of the free seats, ascending; undefined when there is no such performance. */
export async function listAvailable(reader: Reader, performanceId: number): Promise<number[] | undefined> {
  const [row] = await reader.rows<{ seat_nos: number[] }>(AVAILABLE, [performanceId]);
  return row?.seat_nos;
}
