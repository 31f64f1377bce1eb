/**
 * Concerts, those announced last first. The order is that of their ids, which never change: a page goes on
 * exactly where the one before ended, whatever is added or passes meanwhile.
 */
import type { ConcertSummary } from '#contract/http/catalogue.ts';
import { INT4_MAX } from '#contract/ids.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { monthInSeoul } from './seoul-time.ts';

// The performances that are meant are those of a span of time, or without one those still to come.
const FACTS = `cross join lateral (
  select
    min(p.starts_at) filter (where p.starts_at >= statement_timestamp()) as next_performance_at,
    coalesce(
      array_agg(distinct v.name collate "C" order by v.name collate "C") filter (where v.name is not null), '{}'
    ) as venues,
    min(p.from_price_krw) as from_price_krw
  from catalogue.performance p
  join catalogue.layout l on l.layout_id = p.layout_id
  join catalogue.venue v on v.venue_id = l.venue_id
  where p.concert_id = c.concert_id
    and p.starts_at >= coalesce($2::timestamptz, statement_timestamp())
    and p.starts_at < coalesce($3::timestamptz, 'infinity')
) as f`;

// Both lists cut the page before they gather its facts: the limit bounds both. They find it in different ways.
// Most of the newest concerts are still to come: this one walks down from the newest and stops at the limit.
// LATERAL with a limit pins that; a semi-join would gather all dates to come first (50 ms, not 2, with 50,000
// concerts).
const LIST_TO_COME = statement(`/* catalogue.list-to-come */
select c.concert_id, c.title, c.genre, f.next_performance_at, f.venues, f.from_price_krw
from (
  select c.concert_id, c.title, c.genre
  from catalogue.concert c
  cross join lateral (
    select from catalogue.performance p
    where p.concert_id = c.concert_id and p.starts_at >= statement_timestamp()
    limit 1
  ) as p
  where c.concert_id < $1::int and c.search_text like lower($4::text)
  order by c.concert_id desc
  limit $5
) as c
${FACTS}
order by c.concert_id desc`);

// A month has few of all concerts, or none: this one begins with the month.
const LIST_MONTH = statement(`/* catalogue.list-month */
select c.concert_id, c.title, c.genre, f.next_performance_at, f.venues, f.from_price_krw
from (
  select c.concert_id, c.title, c.genre
  from catalogue.concert c
  where c.concert_id < $1::int and c.search_text like lower($4::text)
    and c.concert_id in (
      select p.concert_id from catalogue.performance p where p.starts_at >= $2 and p.starts_at < $3
    )
  order by c.concert_id desc
  limit $5
) as c
${FACTS}
order by c.concert_id desc`);

const BEFORE_ALL = INT4_MAX;

export interface ConcertFilter {
  /** `2027-01`, in Korean time. */
  readonly month?: string | undefined;
  /** Part of the title. */
  readonly q?: string | undefined;
  /** The page goes on after this concert. */
  readonly after?: number | undefined;
  readonly limit: number;
}

interface ConcertRow {
  readonly concert_id: number;
  readonly title: string;
  readonly genre: string;
  readonly next_performance_at: string | null;
  readonly venues: string[];
  readonly from_price_krw: number | null;
}

export async function listConcerts(reader: Reader, filter: ConcertFilter): Promise<ConcertSummary[]> {
  const range = filter.month === undefined ? undefined : monthInSeoul(filter.month);
  const rows = await reader.rows<ConcertRow>(range === undefined ? LIST_TO_COME : LIST_MONTH, [
    filter.after ?? BEFORE_ALL,
    range?.from ?? null,
    range?.to ?? null,
    titlePattern(filter.q ?? ''),
    filter.limit,
  ]);
  return rows.map(toSummary);
}

/**
 * A search in the spelling of `search_text`: composed Hangul, letters of usual width. Its case is left to the
 * database, which has its own idea of some letters, such as the Greek sigma.
 */
export function titleSearched(q: string): string {
  return q.normalize('NFKC').trim();
}

/** A `like` pattern for text that contains this one; what is a wildcard there is a plain character here. */
export function titlePattern(q: string): string {
  return `%${titleSearched(q).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

function toSummary(row: ConcertRow): ConcertSummary {
  return {
    concertId: row.concert_id,
    title: row.title,
    genre: row.genre,
    nextPerformanceAt: row.next_performance_at,
    venues: row.venues,
    fromPriceKrw: row.from_price_krw,
  };
}
