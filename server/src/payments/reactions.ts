import type { Reactions } from '../messaging/index.ts';
import { openingFailed, openPayments } from './open-payments.ts';
import { refundPayments } from './refund-payments.ts';
import { voidPayments } from './void-payments.ts';

export const paymentReactions: Reactions<'payments'> = {
  ReservationCreated: { run: openPayments, giveUp: openingFailed },
  ReservationCancelled: { run: voidPayments },
  TokenExpirationFailed: { run: refundPayments },
};
