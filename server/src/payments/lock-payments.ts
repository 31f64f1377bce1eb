/** Finding and locking what is due. */
import { derivedUuid } from '../platform/identifiers.ts';
import type { Reader, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { COLUMNS, type PaymentRow } from './payment.ts';

// In key order, and only one's own: somebody else's row is neither locked nor returned. After a lock wait
// PostgreSQL gives the newest row, so the state is what was committed last.
const LOCK = statement(`/* payments.lock */
select p.*
from (
  select distinct payment_id, user_id from unnest($1::uuid[], $2::uuid[]) as w (payment_id, user_id)
  order by payment_id, user_id
) as wanted
cross join lateral (
  select ${COLUMNS} from payments.payment
  where payment_id = wanted.payment_id and user_id = wanted.user_id
  for update
) as p`);

/** A reservation has one payment, so its id follows from the reservation's. */
export function paymentIdOf(reservationId: string): string {
  return derivedUuid('payment', reservationId);
}

/** Locks the payments of these people's reservations and gives those that there are. Lock wallets after it. */
export function lockPayments(
  tx: Tx,
  wanted: readonly { readonly reservationId: string; readonly userId: string }[],
): Promise<PaymentRow[]> {
  return tx.rows<PaymentRow>(LOCK, [
    wanted.map(({ reservationId }) => paymentIdOf(reservationId)),
    wanted.map(({ userId }) => userId),
  ]);
}

const OPEN = statement(`/* payments.are-open */
select payment_id from payments.payment where payment_id = any($1::uuid[])`);

/** Whether there is a payment for each of these reservations, whatever became of it; looks, and locks nothing. */
export async function arePaymentsOpen(reader: Reader, reservationIds: readonly string[]): Promise<boolean[]> {
  const ids = reservationIds.map(paymentIdOf);
  const rows = await reader.rows<{ payment_id: string }>(OPEN, [ids]);
  const open = new Set(rows.map((row) => row.payment_id));
  return ids.map((id) => open.has(id));
}
