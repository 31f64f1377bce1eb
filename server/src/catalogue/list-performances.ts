/** The dates of a concert, and one of them. */
import type { Performance } from '#contract/http/catalogue.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const PERFORMANCE = `p.performance_id, p.concert_id, c.title, p.starts_at, p.sale_opens_at, p.sale_closes_at,
  v.venue_id, v.name as venue_name, v.city, p.room, p.seats_per_person, l.seat_count, s.prices
from catalogue.performance p
join catalogue.concert c on c.concert_id = p.concert_id
join catalogue.layout l on l.layout_id = p.layout_id
join catalogue.venue v on v.venue_id = l.venue_id
cross join lateral (
  select json_agg(
    json_build_object('sectionNo', r.section_no, 'section', s.name, 'priceKrw', r.price_krw) order by r.section_no
  ) as prices
  from catalogue.price r
  join catalogue.section s on s.layout_id = r.layout_id and s.section_no = r.section_no
  where r.performance_id = p.performance_id
) as s`;

const FIND = statement(`/* catalogue.find-performance */
select ${PERFORMANCE}
where p.performance_id = $1`);

// What is still to come first, then what is over, each by date. A page says as of when it was told apart, so
// that the order is the same for the pages after it.
const LIST = statement(`/* catalogue.list-performances */
select t.as_of, p.starts_at < t.as_of as is_over, ${PERFORMANCE}
cross join (
  select coalesce($2::timestamptz, date_trunc('milliseconds', statement_timestamp())) as as_of
) as t
where p.concert_id = $1
  and (p.starts_at < t.as_of, p.starts_at, p.performance_id) > ($3::boolean, $4::timestamptz, $5::int)
order by p.starts_at < t.as_of, p.starts_at, p.performance_id
limit $6`);

const EXISTS = statement(`/* catalogue.concert-exists */
select 1 from catalogue.concert where concert_id = $1`);

/** Where a page of a concert's performances ended. */
export interface PerformancePosition {
  readonly asOf: string;
  readonly isOver: boolean;
  readonly startsAt: string;
  readonly performanceId: number;
}

export interface ListedPerformance {
  readonly performance: Performance;
  readonly position: PerformancePosition;
}

interface PerformanceRow {
  readonly performance_id: number;
  readonly concert_id: number;
  readonly title: string;
  readonly starts_at: string;
  readonly sale_opens_at: string;
  readonly sale_closes_at: string;
  readonly venue_id: number;
  readonly venue_name: string;
  readonly city: string;
  readonly room: string;
  readonly seats_per_person: number;
  readonly seat_count: number;
  readonly prices: Performance['prices'];
}

export async function findPerformance(
  reader: Reader,
  performanceId: number,
): Promise<Performance | undefined> {
  const [row] = await reader.rows<PerformanceRow>(FIND, [performanceId]);
  return row && toPerformance(row);
}

/** A page of the concert's dates; undefined when there is no such concert. */
export async function listPerformances(
  reader: Reader,
  concertId: number,
  page: { readonly after?: PerformancePosition | undefined; readonly limit: number },
): Promise<ListedPerformance[] | undefined> {
  const { after, limit } = page;
  const rows = await reader.rows<PerformanceRow & { as_of: string; is_over: boolean }>(LIST, [
    concertId,
    after?.asOf ?? null,
    after?.isOver ?? false,
    after?.startsAt ?? '-infinity',
    after?.performanceId ?? 0,
    limit,
  ]);
  if (rows.length === 0 && !(await concertExists(reader, concertId))) return undefined;
  return rows.map((row) => ({
    performance: toPerformance(row),
    position: {
      asOf: row.as_of,
      isOver: row.is_over,
      startsAt: row.starts_at,
      performanceId: row.performance_id,
    },
  }));
}

export async function concertExists(reader: Reader, concertId: number): Promise<boolean> {
  return (await reader.rows(EXISTS, [concertId])).length > 0;
}

function toPerformance(row: PerformanceRow): Performance {
  return {
    performanceId: row.performance_id,
    concertId: row.concert_id,
    title: row.title,
    startsAt: row.starts_at,
    saleOpensAt: row.sale_opens_at,
    saleClosesAt: row.sale_closes_at,
    venue: { venueId: row.venue_id, name: row.venue_name, city: row.city },
    room: row.room,
    seatsPerPerson: row.seats_per_person,
    seatCount: row.seat_count,
    prices: row.prices,
  };
}
