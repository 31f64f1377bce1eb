/** Reads all about performances in one statement: columns of bytes, not a row for each seat. */
import assert from 'node:assert/strict';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { BoardContent } from './board.ts';

interface BoardRow {
  readonly performance_id: number;
  readonly room: string;
  readonly seat_count: number;
  readonly seats_per_person: number;
  readonly sale_opens_at: string;
  readonly sale_closes_at: string;
  readonly at: string;
  /** Four bytes for each seat in the order of the numbers: version × 4 + state. */
  readonly contents: Buffer;
  /** Four bytes for each seat: won. */
  readonly prices: Buffer;
  /** The last four bytes of the id of everybody who was ever granted a seat; null for nobody. */
  readonly buyers: Buffer | null;
}

// 100,000 seats, half of them sold to 25,000 buyers: 30 ms in PostgreSQL, and 5 ms of this process, most of them
// between the parts that arrive. As arrays of numbers it was 75 ms and 30; as two bytea of texts, or with the
// prices as runs, it was slower in PostgreSQL. A walk over the primary key gives the order without sorting.
const LOAD = statement(`/* seats.load-boards */
select p.performance_id, p.room, p.seat_count, p.seats_per_person, p.sale_opens_at, p.sale_closes_at,
  statement_timestamp() as at, s.contents, s.prices, b.buyers
from (select distinct performance_id from unnest($1::int[]) as wanted (performance_id)) as wanted
cross join lateral (
  select * from seats.performance where performance_id = wanted.performance_id offset 0
) as p
cross join lateral (
  select
    string_agg(
      int4send(version * 4 + case state when 'F' then 0 when 'H' then 1 when 'S' then 2 end), '' order by seat_no
    ) as contents,
    string_agg(int4send(price_krw), '' order by seat_no) as prices
  from seats.seat
  where performance_id = wanted.performance_id
) as s
cross join lateral (
  select string_agg(substring(uuid_send(user_id) from 13), '') as buyers
  from seats.buyer
  where performance_id = wanted.performance_id
) as b`);

export interface LoadedBoard extends BoardContent {
  /** The database's time of the reading. */
  readonly readAtMs: number;
}

/** What there is at one moment; nothing for a performance that is not laid out. */
export async function loadBoards(
  reader: Reader,
  performanceIds: readonly number[],
): Promise<Map<number, LoadedBoard>> {
  const rows = await reader.rows<BoardRow & Record<string, unknown>>(LOAD, [performanceIds]);
  return new Map(rows.map((row) => [row.performance_id, contentOf(row)]));
}

function contentOf(row: BoardRow): LoadedBoard {
  const contents = integersOf(row.contents);
  // Seats are told by their numbers alone, and there is no gap in them: see lay-out-seats.ts.
  assert.equal(contents.length, row.seat_count, 'every seat of a performance is there');
  const states = new Uint8Array(contents.length);
  const versions = new Int32Array(contents.length);
  for (let at = 0; at < contents.length; at++) {
    const content = contents[at] ?? 0;
    states[at] = content & 3;
    versions[at] = content >> 2;
  }
  const buyers = row.buyers === null ? new Int32Array() : integersOf(row.buyers);
  return {
    performanceId: row.performance_id,
    terms: {
      room: row.room,
      seatsPerPerson: row.seats_per_person,
      saleOpensAtMs: Date.parse(row.sale_opens_at),
      saleClosesAtMs: Date.parse(row.sale_closes_at),
    },
    states,
    versions,
    pricesKrw: integersOf(row.prices),
    buyers: buyers.map((mark) => mark & 0x3fff_ffff),
    readAtMs: Date.parse(row.at),
  };
}

/** As PostgreSQL sends them, the highest byte first. */
function integersOf(bytes: Buffer): Int32Array {
  const integers = new Int32Array(bytes.length / 4);
  for (let at = 0; at < integers.length; at++) integers[at] = bytes.readInt32BE(at * 4);
  return integers;
}
