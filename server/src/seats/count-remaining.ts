import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const REMAINING = statement(`/* seats.remaining */
select p.performance_id, (
  select count(*) from seats.seat s where s.performance_id = p.performance_id and s.state = 'F'
) as remaining
from seats.performance p
where p.performance_id = any($1::int[])`);

/** How many seats are free, for each of the performances that has been laid out. */
export async function countRemaining(
  reader: Reader,
  performanceIds: readonly number[],
): Promise<Map<number, number>> {
  if (performanceIds.length === 0) return new Map();
  const rows = await reader.rows<{ performance_id: number; remaining: number }>(REMAINING, [performanceIds]);
  return new Map(rows.map((row) => [row.performance_id, row.remaining]));
}
