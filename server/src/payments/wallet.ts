/** Wallets and the transfers that move money between accounts: pure, over what was found and locked. */
import assert from 'node:assert/strict';
import { BALANCE_MAX_KRW } from '#contract/money.ts';
import { type Refusal, refused } from '#contract/problems.ts';

export type TransferKind = 'CHARGE' | 'PAYMENT' | 'REFUND';

/** The accounts that are nobody's; a person's account is the person's id. The table's checks know them too. */
export const FUNDING = '00000000-0000-8000-8000-000000000001';
export const SALES = '00000000-0000-8000-8000-000000000002';

/** A movement of money in or out of one wallet. */
export interface Movement {
  /** Derived from what asked for it: the same request always names the same transfer. */
  readonly transferId: string;
  readonly kind: TransferKind;
  readonly walletId: string;
  readonly amountKrw: number;
  readonly reservationId: string | null;
  /** Of the request that asked for it; none where no request did. */
  readonly fingerprint: Buffer | null;
}

/** A movement that took effect. */
export interface Transfer extends Movement {
  readonly balanceAfterKrw: number;
  readonly at: string;
}

/** The locked wallets of a set while it is decided: each movement sees the balance that the one before it left. */
export interface Ledger {
  /** The database's time once everything was locked. */
  readonly at: string;
  balanceOf(walletId: string): number;
  /** An earlier transfer of this id, written before or posted a moment ago. */
  recall(transferId: string): Transfer | undefined;
  post(movement: Movement): Transfer;
  /** What is to be written. */
  readonly posted: readonly Transfer[];
  changes(): { walletId: string; wasKrw: number; isKrw: number }[];
}

export interface LedgerFound {
  readonly at: string;
  readonly balances: ReadonlyMap<string, number>;
  readonly transfers: readonly Transfer[];
}

export function openLedger(found: LedgerFound): Ledger {
  const balances = new Map(found.balances);
  const transfers = new Map(found.transfers.map((transfer) => [transfer.transferId, transfer]));
  const posted: Transfer[] = [];
  const balanceOf = (walletId: string) => balances.get(walletId) ?? 0;

  return {
    at: found.at,
    balanceOf,
    recall: (transferId) => transfers.get(transferId),
    post: (movement) => {
      const { transferId, kind, walletId, amountKrw } = movement;
      assert(!transfers.has(transferId), 'a transfer takes effect once');
      const balanceAfterKrw = balanceOf(walletId) + (kind === 'PAYMENT' ? -amountKrw : amountKrw);
      assert(balanceAfterKrw >= 0, 'nobody pays with money that is not there');
      const transfer = { ...movement, balanceAfterKrw, at: found.at };
      balances.set(walletId, balanceAfterKrw);
      transfers.set(transferId, transfer);
      posted.push(transfer);
      return transfer;
    },
    posted,
    changes: () =>
      [...balances]
        .map(([walletId, isKrw]) => ({ walletId, wasKrw: found.balances.get(walletId) ?? 0, isKrw }))
        .filter(({ wasKrw, isKrw }) => wasKrw !== isKrw),
  };
}

/** The account that a transfer takes from and the one that it gives to. */
export function accountsOf(movement: Movement): { debit: string; credit: string } {
  const { kind, walletId } = movement;
  switch (kind) {
    case 'CHARGE':
      return { debit: FUNDING, credit: walletId };
    case 'PAYMENT':
      return { debit: walletId, credit: SALES };
    case 'REFUND':
      return { debit: SALES, credit: walletId };
  }
}

export interface ChargeRequest {
  /** Derived from user and idempotency key. */
  readonly transferId: string;
  readonly userId: string;
  readonly amountKrw: number;
  readonly fingerprint: Buffer;
}

export interface Charged {
  readonly outcome: 'charged';
  /** True when this is the answer to an earlier request with the same key. */
  readonly replayed: boolean;
  readonly transferId: string;
  readonly amountKrw: number;
  readonly balanceKrw: number;
}

export type ChargeOutcome = Charged | Refusal;

/** Decides charges in order of arrival. */
export function decideCharges(requests: readonly ChargeRequest[], ledger: Ledger): ChargeOutcome[] {
  return requests.map(({ transferId, userId, amountKrw, fingerprint }): ChargeOutcome => {
    const before = ledger.recall(transferId);
    if (before !== undefined) {
      const same = before.fingerprint?.equals(fingerprint) === true;
      return same ? charged(before, true) : refused('idempotency.key-reused');
    }
    const balance = ledger.balanceOf(userId);
    if (balance + amountKrw > BALANCE_MAX_KRW) {
      return refused('wallet.limit-reached', { limit: BALANCE_MAX_KRW, balance });
    }
    const movement = { transferId, walletId: userId, amountKrw, reservationId: null, fingerprint };
    return charged(ledger.post({ kind: 'CHARGE', ...movement }), false);
  });
}

function charged({ transferId, amountKrw, balanceAfterKrw }: Transfer, replayed: boolean): Charged {
  return { outcome: 'charged', replayed, transferId, amountKrw, balanceKrw: balanceAfterKrw };
}
