/**
 * The ledger's tables: wallets are locked, movements are posted to the ledger in TypeScript, and what came of
 * it is written as two sets. Whoever locks payments as well locks them first; everybody locks in key order.
 */
import assert from 'node:assert/strict';
import type { Reader, Tx } from '../platform/postgres/database.ts';
import { exactWrite, statement } from '../platform/postgres/statement.ts';
import { accountsOf, type Ledger, openLedger, type Transfer, type TransferKind } from './wallet.ts';

// LATERAL keeps the plan a walk over the primary key in the order of the keys.
const LOCK_WALLETS = statement(`/* payments.lock-wallets */
select w.user_id, w.balance_krw
from (select distinct user_id from unnest($1::uuid[]) as u (user_id) order by user_id) as wanted
cross join lateral (
  select user_id, balance_krw from payments.wallet where user_id = wanted.user_id for update
) as w`);

// Under locks it runs after them: a transfer that another instance committed while we waited is seen here.
const RECALL = statement(`/* payments.recall */
select transfer_id, kind, wallet_id, amount_krw, balance_after_krw, reservation_id, fingerprint, at
from payments.transfer
where transfer_id = any($1::uuid[])`);

// The one instant of a set: whether something is in time, and when it was done. It runs after the locks, so
// no wait lies between it and the decision. Deadlines are whole milliseconds, so nothing is lost by cutting.
const INSTANT = statement(`/* payments.instant */
select date_trunc('milliseconds', clock_timestamp()) as at`);

// A wallet that is locked has the balance that was found.
const MOVE = exactWrite(`/* payments.move */
update payments.wallet w
set balance_krw = m.is_krw
from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as m (user_id, was_krw, is_krw)
where w.user_id = m.user_id and w.balance_krw = m.was_krw`);

const POST = statement(`/* payments.post */
insert into payments.transfer (
  transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, reservation_id,
  fingerprint, at
)
select t.transfer_id, t.kind, t.debit_account, t.credit_account, t.amount_krw, t.wallet_id, t.balance_after_krw,
  t.reservation_id, t.fingerprint, $10::timestamptz
from unnest(
  $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::int[], $6::uuid[], $7::bigint[], $8::uuid[], $9::bytea[]
) with ordinality as t (
  transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, reservation_id,
  fingerprint, position
)
order by t.position`);

interface TransferRow {
  readonly transfer_id: string;
  readonly kind: TransferKind;
  readonly wallet_id: string;
  readonly amount_krw: number;
  readonly balance_after_krw: number;
  readonly reservation_id: string | null;
  readonly fingerprint: Buffer | null;
  readonly at: string;
}

/** Locks the wallets, recalls the transfers, and takes the time; the three statements travel together. */
export async function lockLedger(
  tx: Tx,
  walletIds: readonly string[],
  transferIds: readonly string[],
): Promise<Ledger> {
  const [wallets, transfers, [instant]] = await Promise.all([
    tx.rows<{ user_id: string; balance_krw: number }>(LOCK_WALLETS, [walletIds]),
    recallTransfers(tx, transferIds),
    tx.rows<{ at: string }>(INSTANT, []),
  ]);
  assert(instant !== undefined);
  return openLedger({
    at: instant.at,
    balances: new Map(wallets.map((wallet) => [wallet.user_id, wallet.balance_krw])),
    transfers,
  });
}

/** Those of these transfers that there are. */
export async function recallTransfers(reader: Reader, transferIds: readonly string[]): Promise<Transfer[]> {
  const rows = await reader.rows<TransferRow>(RECALL, [transferIds]);
  return rows.map((row) => ({
    transferId: row.transfer_id,
    kind: row.kind,
    walletId: row.wallet_id,
    amountKrw: row.amount_krw,
    balanceAfterKrw: row.balance_after_krw,
    reservationId: row.reservation_id,
    fingerprint: row.fingerprint,
    at: row.at,
  }));
}

/** Writes what was posted: the wallets' new balances and the transfers that explain them. */
export function writeLedger(tx: Tx, ledger: Ledger): void {
  const { posted } = ledger;
  if (posted.length === 0) return;
  const changes = ledger.changes();
  const accounts = posted.map(accountsOf);
  tx.send(MOVE, [
    changes.map((change) => change.walletId),
    changes.map((change) => change.wasKrw),
    changes.map((change) => change.isKrw),
    changes.length,
  ]);
  tx.send(POST, [
    posted.map((transfer) => transfer.transferId),
    posted.map((transfer) => transfer.kind),
    accounts.map((account) => account.debit),
    accounts.map((account) => account.credit),
    posted.map((transfer) => transfer.amountKrw),
    posted.map((transfer) => transfer.walletId),
    posted.map((transfer) => transfer.balanceAfterKrw),
    posted.map((transfer) => transfer.reservationId),
    posted.map((transfer) => transfer.fingerprint),
    ledger.at,
  ]);
}
