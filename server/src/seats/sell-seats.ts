/** Turns paid holds into property. */
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { exactWrite, statement } from '../platform/postgres/statement.ts';
import { lockHolds, type SeatClaim, seatColumns } from './claims.ts';

// Every seat of a held reservation is held for it.
const SELL = exactWrite(`/* seats.sell */
update seats.seat s
set state = 'S', version = s.version + 1
from unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) as c (reservation_id, performance_id, seat_no, version)
where s.performance_id = c.performance_id and s.seat_no = c.seat_no and s.reservation_id = c.reservation_id
  and s.state = 'H' and s.version = c.version`);

const CLOSE = statement(`/* seats.close-sold */
update seats.hold set state = 'S' where reservation_id = any($1::uuid[])`);

/**
 * Sells the seats of these claims. A hold that was released meanwhile (the buyer gave it back while paying)
 * is passed over: whoever released it has the money returned. A repeated event finds its hold sold already.
 */
export async function sellSeats(tx: Tx, claims: readonly SeatClaim[]): Promise<EventOf<'SeatSold'>[]> {
  const held = await lockHolds(tx, claims, ['H']);
  if (held.length === 0) return [];
  const columns = seatColumns(held);
  tx.send(SELL, [...columns, columns[0].length]);
  tx.send(CLOSE, [held.map((claim) => claim.reservationId)]);
  return held.map(({ reservationId, performanceId, seats }) => ({
    name: 'SeatSold',
    reservationId,
    performanceId,
    seats: seats.map(({ no, version }) => ({ no, version: version + 1 })),
  }));
}
