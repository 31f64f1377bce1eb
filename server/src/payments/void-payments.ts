/** The buyer gave the seats back: what is due ends, and what was paid at the same moment is refunded. */
import assert from 'node:assert/strict';
import type { EventOf } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { closePayments } from './close-payments.ts';
import { paymentIdOf } from './lock-payments.ts';
import { lockForRefund, refundPaid } from './refund-payments.ts';

// When the opening of a payment was put aside and its cancellation comes first: the row says that nothing
// can be paid any more, and the opening finds it there. One that another connection is opening at this moment
// is waited for, so it must come before the locks: they see what was there first, and wallets are still free.
const BAR = statement(`/* payments.bar */
insert into payments.payment (
  payment_id, reservation_id, user_id, performance_id, seats, amount_krw, state, expires_at, closed_at
)
select c.payment_id, c.reservation_id, c.user_id, c.performance_id, c.seats, 0, 'VOID', t.at, t.at
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::json[])
    as c (payment_id, reservation_id, user_id, performance_id, seats),
  (select date_trunc('milliseconds', clock_timestamp()) as at) as t
order by c.payment_id
on conflict (payment_id) do nothing`);

type Cancelled = EventOf<'ReservationCancelled'>;

export async function voidPayments(
  tx: Tx,
  cancelled: readonly Cancelled[],
): Promise<EventOf<'PaymentRefunded'>[]> {
  const [, { payments, ledger }] = await Promise.all([bar(tx, cancelled), lockForRefund(tx, cancelled)]);
  const found = new Set(payments.map((payment) => payment.reservation_id));
  assert(
    cancelled.every(({ reservationId }) => found.has(reservationId)),
    'what is given back has a payment, if only one that bars',
  );
  closePayments(
    tx,
    payments.filter((payment) => payment.state === 'DUE'),
    'VOID',
    ledger.at,
  );
  return refundPaid(tx, payments, ledger);
}

async function bar(tx: Tx, cancelled: readonly Cancelled[]): Promise<void> {
  await tx.rows(BAR, [
    cancelled.map((c) => paymentIdOf(c.reservationId)),
    cancelled.map((c) => c.reservationId),
    cancelled.map((c) => c.userId),
    cancelled.map((c) => c.performanceId),
    cancelled.map((c) => JSON.stringify(c.seats)),
  ]);
}
