/** Makes the buyer's record of each hold, in the order of the log. */
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

// Judged by the database's clock: a hold whose time is over before anybody could pay for it has expired. A
// repeated event finds its reservation there and has nothing more to say.
const CREATE = statement(`/* reservations.create */
insert into reservations.reservation (
  reservation_id, user_id, performance_id, seats, amount_krw, expires_at, status, closed_at
)
select h.reservation_id, h.user_id, h.performance_id, h.seats, h.amount_krw, h.expires_at,
  case when h.expires_at > t.at then 'HELD' else 'EXPIRED' end, case when h.expires_at > t.at then null else t.at end
from unnest($1::uuid[], $2::uuid[], $3::int[], $4::jsonb[], $5::int[], $6::timestamptz[])
  as h (reservation_id, user_id, performance_id, seats, amount_krw, expires_at),
  (select clock_timestamp() as at) as t
on conflict (reservation_id) do nothing
returning reservation_id, status`);

type Created = EventOf<'ReservationCreated'> | EventOf<'ReservationCreationFailed'>;

export async function createReservations(
  tx: Tx,
  holds: readonly EventOf<'SeatReserved'>[],
): Promise<Created[]> {
  const rows = await tx.rows<{ reservation_id: string; status: 'HELD' | 'EXPIRED' }>(CREATE, [
    holds.map((hold) => hold.reservationId),
    holds.map((hold) => hold.userId),
    holds.map((hold) => hold.performanceId),
    holds.map((hold) => JSON.stringify(hold.seats)),
    holds.map((hold) => hold.amountKrw),
    holds.map((hold) => hold.expiresAt),
  ]);
  const created = new Map(rows.map((row) => [row.reservation_id, row.status]));
  return holds.flatMap((hold): Created[] => {
    const status = created.get(hold.reservationId);
    created.delete(hold.reservationId); // an event that stands in the set twice is answered once
    if (status === undefined) return [];
    return [status === 'HELD' ? { ...hold, name: 'ReservationCreated' } : creationFailed(hold, 'too-late')];
  });
}

export function creationFailed(
  hold: EventOf<'SeatReserved'>,
  reason: EventOf<'ReservationCreationFailed'>['reason'],
): EventOf<'ReservationCreationFailed'> {
  const { reservationId, performanceId, seats } = hold;
  return { name: 'ReservationCreationFailed', reservationId, performanceId, seats, reason };
}
