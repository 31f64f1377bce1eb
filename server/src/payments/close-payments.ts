/** Ends payments: nothing more can be paid for them. */
import assert from 'node:assert/strict';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { PaymentRow } from './payment.ts';

const CLOSE = statement(`/* payments.close */
update payments.payment
set state = $2, closed_at = $4
where payment_id = any($1::uuid[]) and state = $3
returning payment_id`);

/** Each must be locked, and in the state that leads there. */
export async function closePayments(
  tx: Tx,
  payments: readonly PaymentRow[],
  to: 'REFUNDED' | 'REFUSED' | 'VOID',
  at: string,
): Promise<void> {
  if (payments.length === 0) return;
  const from = to === 'REFUNDED' ? 'PAID' : 'DUE';
  const closed = await tx.rows(CLOSE, [payments.map((payment) => payment.payment_id), to, from, at]);
  assert.equal(closed.length, payments.length, `only a payment that is ${from} becomes ${to}`);
}
