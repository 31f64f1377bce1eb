/** Payments: wallets, what is due, and what was paid. */
import { refused } from '#contract/problems.ts';
import { limits } from '../limits.ts';
import { createLookForReaction, type Messaging, type Reactions } from '../messaging/index.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../platform/postgres/database.ts';
import { chargeWallets } from './charge-wallets.ts';
import { findWallet, type Wallet } from './find-wallet.ts';
import { createSweep, sweepPayments } from './lapse-payments.ts';
import { type Entry, type EntryPage, listEntries } from './list-entries.ts';
import { arePaymentsOpen } from './lock-payments.ts';
import { findPayment, listPayments, type Payment, type PaymentPage } from './list-payments.ts';
import { payReservations } from './pay-reservations.ts';
import type { PayOutcome, PayRequest } from './payment.ts';
import { paymentReactions } from './reactions.ts';
import { recallPayment } from './recall-payment.ts';
import type { ChargeOutcome, ChargeRequest } from './wallet.ts';

export type { Entry } from './list-entries.ts';
export { LATEST_MS, type Payment } from './list-payments.ts';

export interface Payments {
  charge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** Pays for a reservation; waits a moment for one whose hold was granted just now. */
  pay(request: PayRequest): Promise<PayOutcome>;
  /** What an earlier request with the same key was answered; undefined when it paid nothing. Decides nothing. */
  recall(request: PayRequest): Promise<PayOutcome | undefined>;
  wallet(userId: string): Promise<Wallet>;
  entries(userId: string, page: EntryPage): Promise<Entry[]>;
  payments(userId: string, page: PaymentPage): Promise<Payment[]>;
  payment(userId: string, paymentId: string): Promise<Payment | undefined>;
  readonly reactions: Reactions<'payments'>;
  /** Lapses what is past its time, until the signal fires. */
  sweep(signal: AbortSignal): Promise<void>;
  /** The data have begun another life: what was swept may be due again. */
  forget(): void;
}

export function createPayments(deps: {
  readonly database: Database;
  readonly messaging: Messaging;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
}): Payments {
  const { database, clock, observe } = deps;
  const lookForReaction = createLookForReaction(deps);
  const sweep = createSweep(deps);
  const bounds = { ...limits.batch, clock, observe };
  const charges = createBatcher<ChargeRequest, ChargeOutcome>({
    name: 'charge-wallets',
    run: (requests) => chargeWallets(deps, requests),
    ...bounds,
  });
  const pays = createBatcher<PayRequest, PayOutcome>({
    name: 'pay-reservations',
    run: (requests) => payReservations(deps, requests),
    ...bounds,
  });

  const looks = createBatcher<string, boolean>({
    name: 'look-for-payments',
    run: (reservationIds) => arePaymentsOpen(database, reservationIds),
    ...bounds,
  });

  return {
    charge: (request) => charges.submit(request),
    pay: async (request) => {
      let isFirst = true;
      const outcome = await lookForReaction(async () => {
        // Trying costs a transaction with locks. It is what almost everybody needs, once: whoever pays in the moment of the
        // hold waits until there is something to pay.
        if (!isFirst && !(await looks.submit(request.reservationId))) return undefined;
        isFirst = false;
        const decided = await pays.submit(request);
        const unknown = decided.outcome === 'refused' && decided.problem === 'reservation.not-found';
        return unknown ? undefined : decided;
      });
      return outcome ?? refused('reservation.not-found');
    },
    recall: (request) => recallPayment(database, request),
    wallet: (userId) => findWallet(database, userId),
    entries: (userId, page) => listEntries(database, userId, page),
    payments: (userId, page) => listPayments(database, userId, page),
    payment: (userId, paymentId) => findPayment(database, userId, paymentId),
    reactions: paymentReactions,
    sweep: (signal) => sweepPayments(sweep, deps, signal),
    forget: () => sweep.forget(),
  };
}
