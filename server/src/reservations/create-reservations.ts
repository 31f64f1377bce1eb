/** Makes the buyer's record of each hold, in the order of the log. */
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

// A hold whose time is over becomes one like any other: payments judge deadlines, and lapse it at once. A repeated event
// finds its reservation there and has nothing more to say.
// Those are returned, as a rule none.
const CREATE = statement(`/* reservations.create */
with created as (
  insert into reservations.reservation (
    reservation_id, user_id, performance_id, seats, amount_krw, expires_at, status
  )
  select h.*, 'HELD'
  from unnest($1::uuid[], $2::uuid[], $3::int[], $4::json[], $5::int[], $6::timestamptz[])
    as h (reservation_id, user_id, performance_id, seats, amount_krw, expires_at)
  on conflict (reservation_id) do nothing
  returning reservation_id
)
select reservation_id from unnest($1::uuid[]) as h (reservation_id)
except
select reservation_id from created`);

export async function createReservations(
  tx: Tx,
  holds: readonly EventOf<'SeatReserved'>[],
): Promise<EventOf<'ReservationCreated'>[]> {
  const rows = await tx.rows<{ reservation_id: string }>(CREATE, [
    holds.map((hold) => hold.reservationId),
    holds.map((hold) => hold.userId),
    holds.map((hold) => hold.performanceId),
    holds.map((hold) => JSON.stringify(hold.seats)),
    holds.map((hold) => hold.amountKrw),
    holds.map((hold) => hold.expiresAt),
  ]);
  const told = new Set(rows.map((row) => row.reservation_id));
  // An event that stands in the set twice is answered once.
  return holds
    .filter(({ reservationId }) => !told.has(reservationId) && told.add(reservationId))
    .map((hold) => ({ ...hold, name: 'ReservationCreated' }));
}

/** For a hold of which no reservation could be made however often it was tried. */
export function creationFailed(hold: EventOf<'SeatReserved'>): EventOf<'ReservationCreationFailed'> {
  const { reservationId, performanceId, seats } = hold;
  return { name: 'ReservationCreationFailed', reservationId, performanceId, seats };
}
