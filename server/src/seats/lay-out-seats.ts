/** Makes the seats of a performance that was scheduled: one free seat for each number of its sections. */
import assert from 'node:assert/strict';
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const OPEN = statement(`/* seats.open-performance */
insert into seats.performance (performance_id, room, seat_count, seats_per_person, sale_opens_at, sale_closes_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (performance_id) do nothing
returning performance_id`);

const LAY_OUT = statement(`/* seats.lay-out */
insert into seats.seat (performance_id, seat_no, price_krw)
select $1, seat_no, section.price_krw
from unnest($2::int[], $3::int[], $4::int[]) as section (first_seat_no, seat_count, price_krw),
  generate_series(section.first_seat_no, section.first_seat_no + section.seat_count - 1) as seat_no
order by seat_no`);

/** A stadium is more than 60,000 rows in one statement. */
const STATEMENT_MAX_MS = 60_000;

// Cached plans of a table that was small until now would read all of it; fresh statistics renew them at once,
// in every session. Skipped while a vacuum has the table; autovacuum brings them soon enough then.
const ANALYZE = statement('/* seats.analyze */ analyze (skip_locked) seats.seat');

export async function layOutSeats(tx: Tx, events: readonly EventOf<'PerformanceScheduled'>[]): Promise<void> {
  tx.bePatient(STATEMENT_MAX_MS);
  let laidOut = 0;
  for (const event of events) {
    const { performanceId, room, seatsPerPerson, saleOpensAt, saleClosesAt, sections } = event;
    const seatCount = countSeats(sections);
    const opened = await tx.rows(OPEN, [
      performanceId,
      room,
      seatCount,
      seatsPerPerson,
      saleOpensAt,
      saleClosesAt,
    ]);
    if (opened.length === 0) continue; // laid out before
    await tx.rows(LAY_OUT, [
      performanceId,
      sections.map((section) => section.firstSeatNo),
      sections.map((section) => section.seatCount),
      sections.map((section) => section.priceKrw),
    ]);
    laidOut++;
  }
  if (laidOut > 0) await tx.rows(ANALYZE, []);
}

/** Holds tell an unknown seat by its number alone, so the numbers go from 1 to the count, without gaps. */
function countSeats(sections: EventOf<'PerformanceScheduled'>['sections']): number {
  let count = 0;
  for (const section of sections.toSorted((a, b) => a.firstSeatNo - b.firstSeatNo)) {
    assert.equal(section.firstSeatNo, count + 1, 'each section goes on where the one before it ended');
    count += section.seatCount;
  }
  return count;
}
