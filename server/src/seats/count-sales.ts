import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

export interface Sales {
  readonly free: number;
  readonly held: number;
  readonly sold: number;
  readonly soldKrw: number;
}

const SALES = statement(`/* seats.sales */
select
  count(*) filter (where state = 'F') as free,
  count(*) filter (where state = 'H') as held,
  count(*) filter (where state = 'S') as sold,
  coalesce(sum(price_krw) filter (where state = 'S'), 0)::bigint as sold_krw
from seats.seat
where performance_id = $1
having count(*) > 0`);

/** For the operator: how a performance sells; undefined when there is no such performance. */
export async function countSales(reader: Reader, performanceId: number): Promise<Sales | undefined> {
  const [row] = await reader.rows<{ free: number; held: number; sold: number; sold_krw: number }>(SALES, [
    performanceId,
  ]);
  return row && { free: row.free, held: row.held, sold: row.sold, soldKrw: row.sold_krw };
}
