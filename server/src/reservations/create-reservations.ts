/** Makes the buyer's record of each hold, in the order of the log. */
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

// Judged by the database's clock: a hold whose time is over before anybody could pay for it comes to nothing.
const CREATE = statement(`/* reservations.create */
insert into reservations.reservation (reservation_id, user_id, performance_id, seats, amount_krw, status, expires_at)
select h.reservation_id, h.user_id, h.performance_id, h.seats, h.amount_krw, 'HELD', h.expires_at
from unnest($1::uuid[], $2::uuid[], $3::int[], $4::jsonb[], $5::int[], $6::timestamptz[])
  as h (reservation_id, user_id, performance_id, seats, amount_krw, expires_at)
where h.expires_at > clock_timestamp()
on conflict (reservation_id) do nothing
returning reservation_id`);

const EXISTING = statement(`/* reservations.existing */
select reservation_id from reservations.reservation where reservation_id = any($1::uuid[])`);

type Created = EventOf<'ReservationCreated'> | EventOf<'ReservationCreationFailed'>;

export async function createReservations(
  tx: Tx,
  holds: readonly EventOf<'SeatReserved'>[],
): Promise<Created[]> {
  const rows = await tx.rows<{ reservation_id: string }>(CREATE, [
    holds.map((hold) => hold.reservationId),
    holds.map((hold) => hold.userId),
    holds.map((hold) => hold.performanceId),
    holds.map((hold) => JSON.stringify(hold.seats)),
    holds.map((hold) => hold.amountKrw),
    holds.map((hold) => hold.expiresAt),
  ]);
  const created = new Set(rows.map((row) => row.reservation_id));
  const existing = await findExisting(
    tx,
    holds.filter((hold) => !created.has(hold.reservationId)),
  );
  const known = new Set([...created, ...existing]);
  return holds.flatMap((hold): Created[] => {
    if (created.delete(hold.reservationId)) return [{ ...hold, name: 'ReservationCreated' }];
    // A repeated event has nothing to say: to fail it would release the seats of a good reservation.
    return known.has(hold.reservationId) ? [] : [creationFailed(hold, 'too-late')];
  });
}

async function findExisting(tx: Tx, holds: readonly EventOf<'SeatReserved'>[]): Promise<string[]> {
  if (holds.length === 0) return [];
  const rows = await tx.rows<{ reservation_id: string }>(EXISTING, [holds.map((hold) => hold.reservationId)]);
  return rows.map((row) => row.reservation_id);
}

export function creationFailed(
  hold: EventOf<'SeatReserved'>,
  reason: EventOf<'ReservationCreationFailed'>['reason'],
): EventOf<'ReservationCreationFailed'> {
  const { reservationId, performanceId, seats } = hold;
  return { name: 'ReservationCreationFailed', reservationId, performanceId, seats, reason };
}
