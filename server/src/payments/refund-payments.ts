/** Gives money back. Whatever happens twice happens once: only what is paid can be refunded. */
import assert from 'node:assert/strict';
import type { EventOf } from '#contract/events.ts';
import { derivedUuid } from '../platform/identifiers.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { closePayments } from './close-payments.ts';
import { lockPayments } from './lock-payments.ts';
import type { PaymentRow } from './payment.ts';
import { lockLedger, writeLedger } from './post-transfers.ts';
import type { Ledger } from './wallet.ts';

/** The turn of a purchase was spent on another one: the seats go back, and so does the money. */
export async function refundPayments(
  tx: Tx,
  purchases: readonly EventOf<'TokenExpirationFailed'>[],
): Promise<EventOf<'PaymentRefunded'>[]> {
  const { payments, ledger } = await lockForRefund(tx, purchases);
  const states = new Map(payments.map((payment) => [payment.reservation_id, payment.state]));
  for (const { reservationId } of purchases) {
    const state = states.get(reservationId);
    assert(
      state === 'PAID' || state === 'REFUNDED',
      `a turn is spent after the payment, not when it is ${state}`,
    );
  }
  return refundPaid(tx, payments, ledger);
}

/** Locks these payments and their wallets for a refund of what turns out to be paid. */
export async function lockForRefund(
  tx: Tx,
  wanted: readonly { readonly reservationId: string; readonly userId: string }[],
): Promise<{ payments: PaymentRow[]; ledger: Ledger }> {
  const [payments, ledger] = await Promise.all([
    lockPayments(tx, wanted),
    lockLedger(
      tx,
      wanted.map(({ userId }) => userId),
      [],
    ),
  ]);
  return { payments, ledger };
}

/** Refunds those of the locked payments that are paid. */
export function refundPaid(
  tx: Tx,
  payments: readonly PaymentRow[],
  ledger: Ledger,
): EventOf<'PaymentRefunded'>[] {
  const paid = payments.filter((payment) => payment.state === 'PAID');
  for (const payment of paid) {
    ledger.post({
      transferId: derivedUuid('refund', payment.payment_id),
      kind: 'REFUND',
      walletId: payment.user_id,
      amountKrw: payment.amount_krw,
      reservationId: payment.reservation_id,
      fingerprint: null,
    });
  }
  closePayments(tx, paid, 'REFUNDED', ledger.at);
  writeLedger(tx, ledger);
  return paid.map((payment) => ({
    name: 'PaymentRefunded',
    reservationId: payment.reservation_id,
    paymentId: payment.payment_id,
    userId: payment.user_id,
    amountKrw: payment.amount_krw,
  }));
}
