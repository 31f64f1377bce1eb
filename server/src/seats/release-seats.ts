/** Frees the seats of reservations that came to nothing. Doing it twice, or too late, changes nothing. */
import assert from 'node:assert/strict';
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type ChangedSeat, lockHolds, type SeatClaim, seatColumns, toClaims } from './claims.ts';

// A sale is one version above the hold. Only the very seats of this very hold can match.
const FREE = statement(`/* seats.free */
update seats.seat s
set state = 'F', version = s.version + 1, reservation_id = null
from unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) as c (reservation_id, performance_id, seat_no, version)
where s.performance_id = c.performance_id and s.seat_no = c.seat_no and s.reservation_id = c.reservation_id
  and (s.state = 'H' and s.version = c.version or s.state = 'S' and s.version = c.version + 1)
returning c.reservation_id, s.performance_id, s.seat_no, s.version`);

// The buyers are there: the holds counted them. As an upsert it takes them in the order of their keys and
// joins nothing.
const CLOSE = statement(`/* seats.close-holds */
with closed as (
  update seats.hold set state = 'R' where reservation_id = any($1::uuid[])
  returning performance_id, user_id, cardinality(seat_nos) as seat_count
)
insert into seats.buyer as b (performance_id, user_id, seat_count)
select performance_id, user_id, sum(seat_count) from closed
group by performance_id, user_id
order by performance_id, user_id
on conflict (performance_id, user_id) do update set seat_count = b.seat_count - excluded.seat_count`);

/** Releases what these claims still own; one `SeatReleased` for each that owned its seats until now. */
export async function releaseSeats(tx: Tx, claims: readonly SeatClaim[]): Promise<EventOf<'SeatReleased'>[]> {
  const open = await lockHolds(tx, claims, ['H', 'S']);
  if (open.length === 0) return [];
  const columns = seatColumns(open);
  const freeing = tx.rows<ChangedSeat>(FREE, columns);
  tx.send(CLOSE, [open.map((claim) => claim.reservationId)]);
  const freed = await freeing;
  assert.equal(freed.length, columns[0].length, 'every seat of an open hold belongs to it');
  return toClaims(freed).map((claim) => ({ name: 'SeatReleased', ...claim }));
}
