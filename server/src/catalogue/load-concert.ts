/** Reads all that people are told of a concert, in a form that can be kept: whatever depends on the time is left out. */
import type { ConcertEntry, Performance } from '#contract/http/catalogue.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const CONCERT = statement(`/* catalogue.load-concert */
select concert_id, title, description, genre, created_at,
  floor(extract(epoch from clock_timestamp()) * 1000)::float8 as read_at_ms
from catalogue.concert
where concert_id = $1`);

const DATE = `p.performance_id, p.concert_id, p.starts_at, p.sale_opens_at, p.sale_closes_at, p.room,
  p.seats_per_person, p.layout_id, p.from_price_krw, v.venue_id, v.name as venue_name, v.city, l.seat_count, s.prices
from catalogue.performance p
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

const DATES = statement(`/* catalogue.load-dates */
select ${DATE}
where p.concert_id = $1
order by p.starts_at, p.performance_id`);

const DATE_OF = statement(`/* catalogue.find-performance */
select c.title, ${DATE}
join catalogue.concert c on c.concert_id = p.concert_id
where p.performance_id = $1`);

const CONCERT_OF = statement(`/* catalogue.find-concert-of */
select concert_id from catalogue.performance where performance_id = $1`);

const EXISTS = statement(`/* catalogue.concert-exists */
select 1 from catalogue.concert where concert_id = $1`);

/** A performance, as its concert has it. */
export interface ConcertDate extends Omit<Performance, 'title'> {
  readonly layoutId: number;
  readonly fromPriceKrw: number;
}

export interface LoadedConcert {
  readonly entry: ConcertEntry;
  /** The soonest first, those that are over as well. */
  readonly dates: readonly ConcertDate[];
  /** By the database's clock. */
  readonly readAtMs: number;
}

interface DateRow {
  readonly performance_id: number;
  readonly concert_id: number;
  readonly starts_at: string;
  readonly sale_opens_at: string;
  readonly sale_closes_at: string;
  readonly room: string;
  readonly seats_per_person: number;
  readonly layout_id: number;
  readonly from_price_krw: number;
  readonly venue_id: number;
  readonly venue_name: string;
  readonly city: string;
  readonly seat_count: number;
  readonly prices: Performance['prices'];
}

interface ConcertRow {
  readonly concert_id: number;
  readonly title: string;
  readonly description: string;
  readonly genre: string;
  readonly created_at: string;
  readonly read_at_ms: number;
}

/** Undefined when there is no such concert. */
export async function loadConcert(reader: Reader, concertId: number): Promise<LoadedConcert | undefined> {
  const [[row], dates] = await Promise.all([
    reader.rows<ConcertRow>(CONCERT, [concertId]),
    reader.rows<DateRow>(DATES, [concertId]),
  ]);
  if (row === undefined) return undefined;
  const { title, description, genre, created_at: createdAt, read_at_ms: readAtMs } = row;
  return { entry: { concertId, title, description, genre, createdAt }, dates: dates.map(toDate), readAtMs };
}

/** Which concert a performance is of: that never changes. */
export async function findConcertOf(reader: Reader, performanceId: number): Promise<number | undefined> {
  const [row] = await reader.rows<{ concert_id: number }>(CONCERT_OF, [performanceId]);
  return row?.concert_id;
}

/** As it stands in this transaction, for whoever has just scheduled it. */
export async function findPerformance(
  reader: Reader,
  performanceId: number,
): Promise<Performance | undefined> {
  const [row] = await reader.rows<DateRow & { title: string }>(DATE_OF, [performanceId]);
  return row && toPerformance(toDate(row), row.title);
}

export async function concertExists(reader: Reader, concertId: number): Promise<boolean> {
  return (await reader.rows(EXISTS, [concertId])).length > 0;
}

export function toPerformance(date: ConcertDate, title: string): Performance {
  const { layoutId: _, fromPriceKrw: __, ...performance } = date;
  return { ...performance, title };
}

function toDate(row: DateRow): ConcertDate {
  return {
    performanceId: row.performance_id,
    concertId: row.concert_id,
    startsAt: row.starts_at,
    saleOpensAt: row.sale_opens_at,
    saleClosesAt: row.sale_closes_at,
    venue: { venueId: row.venue_id, name: row.venue_name, city: row.city },
    room: row.room,
    seatsPerPerson: row.seats_per_person,
    seatCount: row.seat_count,
    prices: row.prices,
    layoutId: row.layout_id,
    fromPriceKrw: row.from_price_krw,
  };
}
