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
where p.performance_id = any($1::int[])`);

/** The numbers of the free seats, ascending, for each of the performances that has been laid out. */
export async function listAvailable(
  reader: Reader,
  performanceIds: readonly number[],
): Promise<Map<number, number[]>> {
  const rows = await reader.rows<{ performance_id: number; seat_nos: number[] }>(AVAILABLE, [performanceIds]);
  return new Map(rows.map((row) => [row.performance_id, row.seat_nos]));
}
