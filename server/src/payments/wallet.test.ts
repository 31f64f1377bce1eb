import { expect, test } from 'vitest';
import { BALANCE_MAX_KRW } from '#contract/money.ts';
import { fingerprint } from '../platform/identifiers.ts';
import {
  accountsOf,
  type ChargeRequest,
  decideCharges,
  FUNDING,
  openLedger,
  SALES,
  type Transfer,
} from './wallet.ts';

const AT = '2026-11-21T12:00:00.000Z';

function ledgerWith(balances: Record<string, number> = {}, transfers: Transfer[] = []) {
  return openLedger({ at: AT, balances: new Map(Object.entries(balances)), transfers });
}

function charge(transferId: string, amountKrw: number, userId = 'kim'): ChargeRequest {
  return { transferId, userId, amountKrw, fingerprint: fingerprint({ amount: amountKrw }) };
}

test('a charge adds to the balance and leaves one transfer', () => {
  const ledger = ledgerWith({ kim: 1_000 });
  const outcomes = decideCharges([charge('t1', 500)], ledger);
  expect(outcomes).toEqual([
    { outcome: 'charged', replayed: false, transferId: 't1', amountKrw: 500, balanceKrw: 1_500 },
  ]);
  expect(ledger.posted).toMatchObject([{ transferId: 't1', kind: 'CHARGE', balanceAfterKrw: 1_500, at: AT }]);
  expect(ledger.changes()).toEqual([{ walletId: 'kim', wasKrw: 1_000, isKrw: 1_500 }]);
});

test('several charges of one wallet apply in order of arrival and write the balance once', () => {
  const ledger = ledgerWith();
  const outcomes = decideCharges([charge('t1', 5), charge('t2', 7), charge('t3', 11)], ledger);
  expect(outcomes.map((o) => (o.outcome === 'charged' ? o.balanceKrw : o))).toEqual([5, 12, 23]);
  expect(ledger.changes()).toEqual([{ walletId: 'kim', wasKrw: 0, isKrw: 23 }]);
});

test('the same key and body is answered as before, in the same set too', () => {
  const ledger = ledgerWith();
  const [first, again] = decideCharges([charge('t1', 5), charge('t1', 5)], ledger);
  expect(again).toEqual({ ...first, replayed: true });
  expect(ledger.posted).toHaveLength(1);
});

test('a replay tells the balance of then, whatever moved since', () => {
  const before = { ...charge('t1', 5), kind: 'CHARGE', walletId: 'kim', reservationId: null } as const;
  const ledger = ledgerWith({ kim: 900 }, [{ ...before, balanceAfterKrw: 5, at: AT }]);
  expect(decideCharges([charge('t1', 5)], ledger)).toMatchObject([{ replayed: true, balanceKrw: 5 }]);
  expect(ledger.changes()).toEqual([]);
});

test('the same key with another amount is refused', () => {
  const [, other] = decideCharges([charge('t1', 5), charge('t1', 6)], ledgerWith());
  expect(other).toEqual({ outcome: 'refused', problem: 'idempotency.key-reused' });
});

test('a wallet holds the limit and not one won more', () => {
  const ledger = ledgerWith({ kim: BALANCE_MAX_KRW - 10 });
  const outcomes = decideCharges([charge('t1', 11), charge('t2', 10), charge('t3', 1)], ledger);
  const full = { outcome: 'refused', problem: 'wallet.limit-reached' };
  expect(outcomes).toMatchObject([
    { ...full, extra: { limit: BALANCE_MAX_KRW, balance: BALANCE_MAX_KRW - 10 } },
    { outcome: 'charged', balanceKrw: BALANCE_MAX_KRW },
    { ...full, extra: { limit: BALANCE_MAX_KRW, balance: BALANCE_MAX_KRW } },
  ]);
});

test('every kind of transfer takes from one account and gives to another', () => {
  const movement = { transferId: 't', walletId: 'kim', amountKrw: 1, reservationId: null, fingerprint: null };
  expect(accountsOf({ ...movement, kind: 'CHARGE' })).toEqual({ debit: FUNDING, credit: 'kim' });
  expect(accountsOf({ ...movement, kind: 'PAYMENT' })).toEqual({ debit: 'kim', credit: SALES });
  expect(accountsOf({ ...movement, kind: 'REFUND' })).toEqual({ debit: SALES, credit: 'kim' });
});

test('a ledger takes no money that is not there and no transfer twice', () => {
  const ledger = ledgerWith({ kim: 10 });
  const movement = { transferId: 't', walletId: 'kim', reservationId: 'r', fingerprint: null };
  expect(() => ledger.post({ ...movement, kind: 'PAYMENT', amountKrw: 11 })).toThrow(
    'money that is not there',
  );
  ledger.post({ ...movement, kind: 'PAYMENT', amountKrw: 10 });
  expect(() => ledger.post({ ...movement, kind: 'REFUND', amountKrw: 10 })).toThrow('takes effect once');
});
