/** Ends payments: nothing more can be paid for them. */
import type { Tx } from '../platform/postgres/database.ts';
import { exactWrite } from '../platform/postgres/statement.ts';
import type { PaymentRow } from './payment.ts';

// What is locked does not change its state meanwhile.
const CLOSE = exactWrite(`/* payments.close */
update payments.payment
set state = $2, closed_at = $4
where payment_id = any($1::uuid[]) and state = $3`);

/** Each must be locked, and in the state that leads there. */
export function closePayments(
  tx: Tx,
  payments: readonly PaymentRow[],
  to: 'REFUNDED' | 'REFUSED' | 'VOID',
  at: string,
): void {
  if (payments.length === 0) return;
  const from = to === 'REFUNDED' ? 'PAID' : 'DUE';
  tx.send(CLOSE, [payments.map((payment) => payment.payment_id), to, from, at, payments.length]);
}
