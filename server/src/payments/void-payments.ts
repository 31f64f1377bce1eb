/** The buyer gave the seats back: what is due ends, and what was paid at the same moment is refunded. */
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { closePayments } from './close-payments.ts';
import { paymentIdOf } from './lock-payments.ts';
import { lockForRefund, refundPaid } from './refund-payments.ts';

// When the opening of a payment was put aside and its cancellation comes first: the row says that nothing
// can be paid any more, and the opening finds it there.
const BAR = statement(`/* payments.bar */
insert into payments.payment (
  payment_id, reservation_id, user_id, performance_id, seats, amount_krw, state, expires_at, closed_at
)
select c.payment_id, c.reservation_id, c.user_id, c.performance_id, c.seats, 0, 'VOID', $6, $6
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::jsonb[])
  as c (payment_id, reservation_id, user_id, performance_id, seats)
on conflict (payment_id) do nothing`);

type Cancelled = EventOf<'ReservationCancelled'>;

export async function voidPayments(
  tx: Tx,
  cancelled: readonly Cancelled[],
): Promise<EventOf<'PaymentRefunded'>[]> {
  const { payments, ledger } = await lockForRefund(tx, cancelled);
  const opened = new Set(payments.map((payment) => payment.reservation_id));
  await bar(
    tx,
    cancelled.filter(({ reservationId }) => !opened.has(reservationId)),
    ledger.at,
  );
  await closePayments(
    tx,
    payments.filter((payment) => payment.state === 'DUE'),
    'VOID',
    ledger.at,
  );
  return refundPaid(tx, payments, ledger);
}

async function bar(tx: Tx, cancelled: readonly Cancelled[], at: string): Promise<void> {
  if (cancelled.length === 0) return;
  await tx.rows(BAR, [
    cancelled.map((c) => paymentIdOf(c.reservationId)),
    cancelled.map((c) => c.reservationId),
    cancelled.map((c) => c.userId),
    cancelled.map((c) => c.performanceId),
    cancelled.map((c) => JSON.stringify(c.seats)),
    at,
  ]);
}
