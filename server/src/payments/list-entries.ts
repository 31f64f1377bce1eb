/** A wallet's entries: its transfers as its owner sees them. */
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { TransferKind } from './wallet.ts';

export interface Entry {
  /** Position in the wallet's order. */
  readonly seq: number;
  readonly transferId: string;
  readonly kind: TransferKind;
  /** Negative for what left the wallet. */
  readonly amountKrw: number;
  readonly balanceAfterKrw: number;
  readonly reservationId: string | null;
  readonly at: string;
}

export interface EntryPage {
  /** Only entries before this one. */
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
}

const ENTRIES = statement(`/* payments.entries */
select seq, transfer_id, kind, case when debit_account = wallet_id then -amount_krw else amount_krw end as amount_krw,
  balance_after_krw, reservation_id, at
from payments.transfer
where wallet_id = $1 and seq < $2::bigint
order by seq desc
limit $3`);

interface EntryRow {
  readonly seq: number;
  readonly transfer_id: string;
  readonly kind: TransferKind;
  readonly amount_krw: number;
  readonly balance_after_krw: number;
  readonly reservation_id: string | null;
  readonly at: string;
}

/** Newest first. */
export async function listEntries(reader: Reader, userId: string, page: EntryPage): Promise<Entry[]> {
  const beforeSeq = page.beforeSeq ?? Number.MAX_SAFE_INTEGER;
  const rows = await reader.rows<EntryRow>(ENTRIES, [userId, beforeSeq, page.limit]);
  return rows.map((row) => ({
    seq: row.seq,
    transferId: row.transfer_id,
    kind: row.kind,
    amountKrw: row.amount_krw,
    balanceAfterKrw: row.balance_after_krw,
    reservationId: row.reservation_id,
    at: row.at,
  }));
}
