/** Moves reservations on: paid, given back, lapsed, refused, refunded. */
import type { ReservationStatus } from '#contract/http/reservations.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { transitions } from './reservation.ts';

const MOVE = statement(`/* reservations.move */
update reservations.reservation
set status = $2, closed_at = clock_timestamp()
where reservation_id = any(array(
  select reservation_id from reservations.reservation
  where reservation_id = any($1::uuid[]) and status = any($3::text[])
  order by reservation_id
  for update
))`);

/** Those that may not go there (they are there already, or ended otherwise) stay as they are. */
export function moveReservations(tx: Tx, to: ReservationStatus, reservationIds: readonly string[]): void {
  if (reservationIds.length === 0) return;
  const from = Object.entries(transitions)
    .filter(([, next]) => next.includes(to))
    .map(([status]) => status);
  tx.send(MOVE, [reservationIds, to, from]);
}
