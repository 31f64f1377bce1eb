import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMoney, type Money, reservation } from '../../test/support/money.ts';
import { openingFailed } from './open-payments.ts';
import { paymentIdOf } from './lock-payments.ts';

let money: Money;
beforeAll(async () => {
  money = await createMoney();
});
afterAll(async () => {
  await money.audit();
  await money[Symbol.asyncDispose]();
});

const stateOf = async (reservationId: string) => {
  const sql = 'select state from payments.payment where payment_id = $1';
  return (await money.ask<{ state: string }>(sql, paymentIdOf(reservationId))).map((row) => row.state);
};

test('a new reservation is due, once, however often it is announced', async () => {
  const made = reservation();
  await money.react('ReservationCreated', [made, made]);
  await money.react('ReservationCreated', [made]);
  expect(await stateOf(made.reservationId)).toEqual(['DUE']);
});

test('one whose time is over already is lapsed at once', async () => {
  const late = reservation({ expiresAt: new Date(Date.now() - 1).toISOString() });
  const lateAndHasty = { ...reservation({ expiresAt: late.expiresAt }), payNow: true };
  await money.charge(lateAndHasty.userId, 100_000);
  await money.react('ReservationCreated', [late, lateAndHasty]);
  expect(await stateOf(late.reservationId)).toEqual(['LAPSED']);
  expect(await stateOf(lateAndHasty.reservationId)).toEqual(['LAPSED']);
  expect(await money.balanceKrw(lateAndHasty.userId)).toBe(100_000);
  const { reservationId, userId, performanceId, seats } = late;
  expect(await money.events('PaymentProcessingFailed')).toContainEqual({
    name: 'PaymentProcessingFailed',
    reservationId,
    userId,
    performanceId,
    seats,
    reason: 'lapsed',
  });
});

test('who asked to pay at once has paid, once', async () => {
  const made = reservation({ payNow: true });
  await money.charge(made.userId, 70_000);
  await money.react('ReservationCreated', [made]);
  await money.react('ReservationCreated', [made]);
  expect(await stateOf(made.reservationId)).toEqual(['PAID']);
  expect(await money.balanceKrw(made.userId)).toBe(20_000);
  expect(await money.pay(made.userId, made.reservationId)).toMatchObject({ problem: 'payment.already-paid' });
});

test('who asked to pay at once and cannot is refused, and the others are told', async () => {
  const userId = randomUUID();
  await money.charge(userId, 70_000);
  const [enough, short] = [reservation({ userId, payNow: true }), reservation({ userId, payNow: true })];
  const calm = reservation({ userId });
  await money.react('ReservationCreated', [enough, short, calm]);
  expect(await stateOf(enough.reservationId)).toEqual(['PAID']);
  expect(await stateOf(short.reservationId)).toEqual(['REFUSED']);
  expect(await stateOf(calm.reservationId)).toEqual(['DUE']);
  const failed = await money.events('PaymentProcessingFailed');
  expect(failed.filter((event) => event.userId === userId)).toMatchObject([
    { reservationId: short.reservationId, reason: 'refused' },
  ]);
  await money.charge(userId, 70_000);
  expect(await money.pay(userId, short.reservationId)).toEqual({
    outcome: 'refused',
    problem: 'payment.closed',
    extra: { paymentStatus: 'REFUSED' },
  });
});

test('one that cannot be opened at all ends with the claim that the others need', () => {
  const { reservationId, userId, performanceId, seats, ...made } = reservation();
  const claim = { reservationId, userId, performanceId, seats };
  expect(openingFailed({ ...made, ...claim })).toEqual({
    name: 'PaymentProcessingFailed',
    ...claim,
    reason: 'failed',
  });
});
