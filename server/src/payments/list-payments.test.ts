import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { findPayment, LATEST_MS, listPayments } from './list-payments.ts';

const row = {
  payment_id: 'p1',
  reservation_id: 'r1',
  state: 'PAID',
  performance_id: 7,
  seats: [{ no: 17, version: 1 }],
  amount_krw: 50_000,
  opened_at: '2026-11-21T12:00:00.000Z',
  paid_at: '2026-11-21T12:01:00.000Z',
  closed_at: null,
};

test('an entry of the history says what was paid for, how much and when', async () => {
  const reader = cannedRows({ 'payments.list': [row] });
  expect(await listPayments(reader, 'kim', { limit: 20 })).toEqual([
    {
      paymentId: 'p1',
      reservationId: 'r1',
      status: 'PAID',
      performanceId: 7,
      seats: [{ no: 17, version: 1 }],
      amountKrw: 50_000,
      openedAt: '2026-11-21T12:00:00.000Z',
      paidAt: '2026-11-21T12:01:00.000Z',
      refundedAt: null,
    },
  ]);
});

test('what was refunded stays in the history, with the time of both', async () => {
  const refunded = { ...row, state: 'REFUNDED', closed_at: '2026-11-21T12:02:00.000Z' };
  expect(await listPayments(cannedRows({ 'payments.list': [refunded] }), 'kim', { limit: 20 })).toMatchObject(
    [{ status: 'REFUNDED', paidAt: row.paid_at, refundedAt: '2026-11-21T12:02:00.000Z' }],
  );
});

test('the history begins with the newest, and a page goes on before the one that it was given', async () => {
  const reader = cannedRows({ 'payments.list': [] });
  await listPayments(reader, 'kim', { limit: 20 });
  await listPayments(reader, 'kim', { limit: 5, before: { openedAtMs: 1_000, paymentId: 'p1' } });
  expect(reader.asked.map(({ values }) => values)).toEqual([
    ['kim', LATEST_MS, 'ffffffff-ffff-ffff-ffff-ffffffffffff', 20],
    ['kim', 1_000, 'p1', 5],
  ]);
});

test('a payment is looked for among the buyer’s own only', async () => {
  const reader = cannedRows({ 'payments.find': [] });
  expect(await findPayment(reader, 'lee', 'p1')).toBeUndefined();
  expect(reader.asked).toEqual([{ name: 'payments.find', values: ['p1', 'lee'] }]);
});
