/**
 * Where a payment is decided.
 *
 * One batch is one transaction: the payments are locked in key order and then the wallets, `decidePayments`
 * decides on what was locked at one instant of the database's clock, and what was paid is written as sets.
 * The payment's row is what the sweep of lapsed ones locks too, so a payment and a lapse never both win.
 */
import type { Messaging } from '../messaging/index.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { exactWrite } from '../platform/postgres/statement.ts';
import { lockPayments } from './lock-payments.ts';
import { decidePayments, type PayDecision, type PayOutcome, type PayRequest, processed } from './payment.ts';
import { lockLedger, writeLedger } from './post-transfers.ts';

// A payment that is locked is still due.
const PAY = exactWrite(`/* payments.pay */
update payments.payment p
set state = 'PAID', paid_at = $6, request_id = paid.request_id,
  turn_room = paid.turn_room, turn_epoch = paid.turn_epoch, turn_number = paid.turn_number
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::bigint[])
  as paid (payment_id, request_id, turn_room, turn_epoch, turn_number)
where p.payment_id = paid.payment_id and p.state = 'DUE'`);

/** Decides a set of payments; one outcome for each request, in order. */
export function payReservations(
  deps: { readonly database: Database; readonly messaging: Messaging },
  requests: readonly PayRequest[],
): Promise<readonly PayOutcome[]> {
  return deps.database.transaction(async (tx) => {
    const { outcomes, paid } = await takePayments(tx, requests);
    deps.messaging.append(
      tx,
      paid.map(({ payment }) => processed(payment)),
    );
    return outcomes;
  });
}

/** Decides and writes inside a transaction. Whoever calls it emits `PaymentProcessed` for what was paid. */
export async function takePayments(tx: Tx, requests: readonly PayRequest[]): Promise<PayDecision> {
  const [payments, ledger] = await Promise.all([
    lockPayments(tx, requests),
    lockLedger(
      tx,
      requests.map((request) => request.userId),
      requests.map((request) => request.requestId),
    ),
  ]);
  const decision = decidePayments(requests, payments, ledger);
  const { paid } = decision;
  if (paid.length === 0) return decision;
  tx.send(PAY, [
    paid.map(({ payment }) => payment.payment_id),
    paid.map(({ requestId }) => requestId),
    paid.map(({ payment }) => payment.turn_room),
    paid.map(({ payment }) => payment.turn_epoch),
    paid.map(({ payment }) => payment.turn_number),
    ledger.at,
    paid.length,
  ]);
  writeLedger(tx, ledger);
  return decision;
}
