import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { findWallet } from './find-wallet.ts';

test('the balance is what the wallet of this very person says', async () => {
  const reader = cannedRows({ 'payments.find-wallet': [{ balance_krw: 70_000 }] });
  expect(await findWallet(reader, 'kim')).toEqual({ balanceKrw: 70_000 });
  expect(reader.asked).toEqual([{ name: 'payments.find-wallet', values: ['kim'] }]);
});

test('who never charged has nothing, which is not an error', async () => {
  expect(await findWallet(cannedRows({ 'payments.find-wallet': [] }), 'kim')).toEqual({ balanceKrw: 0 });
});
