import { afterAll, beforeAll, expect, test } from 'vitest';
import { BALANCE_MAX_KRW, CHARGE_MAX_KRW } from '#contract/money.ts';
import type { EventOf } from '#contract/events.ts';
import { cancelled, createMoney, type Money, reservation, turnNotSpent } from '../../test/support/money.ts';
import { until } from '../../test/support/until.ts';
import { paymentIdOf } from './lock-payments.ts';

let money: Money;
beforeAll(async () => {
  money = await createMoney();
});
afterAll(async () => {
  await money.audit();
  await money[Symbol.asyncDispose]();
});

const stateOf = async ({ reservationId }: EventOf<'ReservationCreated'>) => {
  const sql = 'select state from payments.payment where payment_id = $1';
  return (await money.ask<{ state: string }>(sql, paymentIdOf(reservationId)))[0]?.state;
};

async function paid(given: Parameters<typeof reservation>[0] = {}) {
  const made = reservation({ payNow: true, ...given });
  await money.charge(made.userId, made.amountKrw);
  await money.react('ReservationCreated', [made]);
  expect(await stateOf(made)).toBe('PAID');
  return made;
}

test('when the turn was spent before, the money goes back, once', async () => {
  const made = await paid();
  await money.react('TokenExpirationFailed', [turnNotSpent(made), turnNotSpent(made)]);
  await money.react('TokenExpirationFailed', [turnNotSpent(made)]);
  const { reservationId, userId, amountKrw } = made;
  const paymentId = paymentIdOf(reservationId);
  expect(await money.balanceKrw(userId)).toBe(amountKrw);
  expect(await money.one.payments.payment(userId, paymentId)).toMatchObject({
    status: 'REFUNDED',
    refundedAt: expect.any(String),
  });
  expect(await money.one.payments.entries(userId, { limit: 1 })).toMatchObject([
    { kind: 'REFUND', amountKrw, balanceAfterKrw: amountKrw, reservationId },
  ]);
  const told = await money.events('PaymentRefunded');
  expect(told.filter((event) => event.userId === userId)).toEqual([
    { name: 'PaymentRefunded', reservationId, paymentId, userId, amountKrw },
  ]);
});

test('a refund succeeds though the wallet is as full as a charge can make it', async () => {
  const made = await paid();
  const { userId, amountKrw } = made;
  await Promise.all(
    Array.from({ length: BALANCE_MAX_KRW / CHARGE_MAX_KRW }, () => money.charge(userId, CHARGE_MAX_KRW)),
  );
  await money.react('TokenExpirationFailed', [turnNotSpent(made)]);
  expect(await money.balanceKrw(userId)).toBe(BALANCE_MAX_KRW + amountKrw);
  expect(await money.charge(userId, 1)).toMatchObject({ problem: 'wallet.limit-reached' });
});

test('a turn that failed to be spent on something unpaid is a bug', async () => {
  const made = reservation();
  await money.react('ReservationCreated', [made]);
  await expect(money.react('TokenExpirationFailed', [turnNotSpent(made)])).rejects.toThrow(
    'not when it is DUE',
  );
});

test('what the buyer gave back can no longer be paid', async () => {
  const made = reservation();
  await money.charge(made.userId, made.amountKrw);
  await money.react('ReservationCreated', [made]);
  await money.react('ReservationCancelled', [cancelled(made)]);
  await money.react('ReservationCancelled', [cancelled(made)]);
  expect(await stateOf(made)).toBe('VOID');
  expect(await money.pay(made.userId, made.reservationId)).toEqual({
    outcome: 'refused',
    problem: 'payment.closed',
    extra: { paymentStatus: 'VOID' },
  });
  expect(await money.balanceKrw(made.userId)).toBe(made.amountKrw);
});

test('what was paid at the same moment is refunded, and only once when the turn fails as well', async () => {
  const made = await paid();
  await money.react('ReservationCancelled', [cancelled(made)]);
  await money.react('ReservationCancelled', [cancelled(made)]);
  await money.react('TokenExpirationFailed', [turnNotSpent(made)]);
  expect(await stateOf(made)).toBe('REFUNDED');
  expect(await money.balanceKrw(made.userId)).toBe(made.amountKrw);
});

test('what was given back before it was opened is never due', async () => {
  const made = reservation({ payNow: true });
  await money.charge(made.userId, made.amountKrw);
  await money.react('ReservationCancelled', [cancelled(made)]);
  await money.react('ReservationCreated', [made]);
  expect(await stateOf(made)).toBe('VOID');
  expect(await money.balanceKrw(made.userId)).toBe(made.amountKrw);
});

test.each([
  ['paid at once', true, 'REFUNDED'],
  ['due', false, 'VOID'],
])('what another connection is just opening, %s, is given back all the same', async (_, payNow, end) => {
  const made = reservation({ payNow });
  await money.charge(made.userId, made.amountKrw);
  const { database, messaging, payments } = money.two;
  const { givingBack } = await database.transaction(async (tx) => {
    messaging.append(tx, await payments.reactions.ReservationCreated.run(tx, [made]));
    const giving = money.react('ReservationCancelled', [cancelled(made)]);
    await until('the cancellation waits for the opening', async () => {
      const sql = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%payments.%'`;
      return (await money.ask(sql)).length > 0;
    });
    return { givingBack: giving };
  });
  await givingBack;
  expect(await stateOf(made)).toBe(end);
  expect(await money.balanceKrw(made.userId)).toBe(made.amountKrw);
  expect(await money.pay(made.userId, made.reservationId)).toMatchObject({ problem: 'payment.closed' });
});

test('giving back against paying: the money is back or was never taken', async () => {
  const ends = new Set<string>();
  for (let round = 0; round < 40; round++) {
    const made = Array.from({ length: 5 }, () => reservation());
    await Promise.all(made.map(({ userId, amountKrw }) => money.charge(userId, amountKrw)));
    await money.react('ReservationCreated', made);
    const pay = () =>
      made.map(({ userId, reservationId }) => money.pay(userId, reservationId, 'k', money.two));
    const giveBack = () => money.react('ReservationCancelled', made.map(cancelled));
    // Each gets the head start in every other round; in those of paying the first is paid already.
    const givingBack = round % 2 === 0 ? giveBack() : undefined;
    const paying = pay();
    if (givingBack === undefined) await Promise.race(paying);
    const [outcomes] = await Promise.all([Promise.all(paying), givingBack ?? giveBack()]);
    for (const [index, one] of made.entries()) {
      const wasPaid = outcomes[index]?.outcome === 'paid';
      expect(await stateOf(one)).toBe(wasPaid ? 'REFUNDED' : 'VOID');
      expect(await money.balanceKrw(one.userId)).toBe(one.amountKrw);
      ends.add(wasPaid ? 'paid first' : 'given back first');
    }
  }
  expect([...ends].toSorted(), 'both happened, or nothing was raced').toEqual([
    'given back first',
    'paid first',
  ]);
});

test('one wallet, charged, paid from and refunded to by everybody at once, stays the sum of it all', async () => {
  const first = await paid({ amountKrw: 1_000 });
  const { userId } = first;
  await money.charge(userId, 10_000);
  const bills = Array.from({ length: 10 }, () => reservation({ userId, amountKrw: 1_000 }));
  await money.react('ReservationCreated', bills);
  await Promise.all([
    ...bills.map(({ reservationId }, n) =>
      money.pay(userId, reservationId, `k${n}`, n % 2 ? money.one : money.two),
    ),
    ...Array.from({ length: 10 }, () => money.charge(userId, 100)),
    money.react('TokenExpirationFailed', [turnNotSpent(first)]),
  ]);
  expect(await money.balanceKrw(userId)).toBe(10_000 - 10_000 + 1_000 + 1_000);
});
