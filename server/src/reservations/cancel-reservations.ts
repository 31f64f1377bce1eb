/** The buyer gives held seats back. Payments and seats learn it from the log. */
import type { EventOf } from '#contract/events.ts';
import type { Refusal } from '#contract/problems.ts';
import type { Messaging } from '../messaging/index.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { moveReservations } from './move-reservations.ts';
import { COLUMNS, refuseToCancel, type ReservationRow } from './reservation.ts';

export interface CancelRequest {
  readonly reservationId: string;
  readonly userId: string;
}

export type CancelOutcome = { readonly outcome: 'cancelled' } | Refusal;

const LOCK = statement(`/* reservations.lock */
select ${COLUMNS} from reservations.reservation
where reservation_id = any($1::uuid[])
order by reservation_id
for update`);

export function cancelReservations(
  deps: { readonly database: Database; readonly messaging: Messaging },
  requests: readonly CancelRequest[],
): Promise<CancelOutcome[]> {
  return deps.database.transaction(async (tx) => {
    const found = await lock(tx, requests);
    const refusals = requests.map(({ reservationId, userId }) =>
      refuseToCancel(found.get(reservationId), userId),
    );
    // A double click, in one batch or later, is one cancellation and good answers.
    const allowed = requests.filter((_, index) => refusals[index] === undefined).map((r) => r.reservationId);
    const cancelled = [...new Set(allowed)].flatMap((id) => {
      const row = found.get(id);
      return row?.status === 'HELD' ? [row] : [];
    });
    moveReservations(
      tx,
      'CANCELLED',
      cancelled.map((row) => row.reservation_id),
    );
    deps.messaging.append(tx, cancelled.map(toEvent));
    return refusals.map((refusal) => refusal ?? { outcome: 'cancelled' });
  });
}

async function lock(tx: Tx, requests: readonly CancelRequest[]): Promise<Map<string, ReservationRow>> {
  const rows = await tx.rows<ReservationRow>(LOCK, [requests.map((r) => r.reservationId)]);
  return new Map(rows.map((row) => [row.reservation_id, row]));
}

function toEvent(row: ReservationRow): EventOf<'ReservationCancelled'> {
  return {
    name: 'ReservationCancelled',
    reservationId: row.reservation_id,
    userId: row.user_id,
    performanceId: row.performance_id,
    seats: row.seats,
  };
}
