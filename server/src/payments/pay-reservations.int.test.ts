import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMoney, type Money, reservation, turnNotSpent } from '../../test/support/money.ts';
import { until } from '../../test/support/until.ts';
import { createSweep } from './lapse-payments.ts';
import { paymentIdOf } from './lock-payments.ts';
import type { PayOutcome } from './payment.ts';

let money: Money;
beforeAll(async () => {
  money = await createMoney();
});
afterAll(async () => {
  await money.audit();
  await money[Symbol.asyncDispose]();
});

/** A reservation that is due, of somebody with this much money. */
async function due(balanceKrw: number, given: Parameters<typeof reservation>[0] = {}) {
  const made = reservation(given);
  if (balanceKrw > 0) await money.charge(made.userId, balanceKrw);
  await money.react('ReservationCreated', [made]);
  return made;
}

const said = (outcome: PayOutcome) => (outcome.outcome === 'refused' ? outcome.problem : outcome.outcome);

test('paying takes the money, records the payment and tells the others', async () => {
  const { userId, reservationId, ...rest } = await due(80_000);
  const outcome = await money.pay(userId, reservationId);
  const paymentId = paymentIdOf(reservationId);
  expect(outcome).toMatchObject({ outcome: 'paid', replayed: false, paymentId, balanceKrw: 30_000 });
  expect(await money.balanceKrw(userId)).toBe(30_000);
  expect(await money.one.payments.payment(userId, paymentId)).toMatchObject({
    status: 'PAID',
    reservationId,
    amountKrw: 50_000,
    seats: rest.seats,
    refundedAt: null,
    paidAt: outcome.outcome === 'paid' && outcome.paidAt,
  });
  const { performanceId, seats, amountKrw, turn } = rest;
  const told = (await money.events('PaymentProcessed')).filter(
    (event) => event.reservationId === reservationId,
  );
  const purchase = { reservationId, userId, performanceId, seats, amountKrw, turn };
  expect(told).toEqual([{ name: 'PaymentProcessed', ...purchase, paymentId }]);
});

test('the same key is answered as before; another key learns that it is paid; another body is refused', async () => {
  const one = await due(200_000);
  const two = await due(0, { userId: one.userId });
  const first = await money.pay(one.userId, one.reservationId, 'k1');
  expect(await money.pay(one.userId, one.reservationId, 'k1')).toEqual({ ...first, replayed: true });
  expect(await money.pay(one.userId, one.reservationId, 'k2')).toMatchObject({
    problem: 'payment.already-paid',
    extra: { paymentId: paymentIdOf(one.reservationId) },
  });
  expect(await money.pay(one.userId, two.reservationId, 'k1')).toMatchObject({
    problem: 'idempotency.key-reused',
  });
  expect(await money.balanceKrw(one.userId)).toBe(150_000);
});

test('what is paid on another turn than it was held on spends that turn', async () => {
  const { userId, reservationId } = await due(50_000);
  const turn = { room: 'main', epoch: 2, number: 7 };
  const foreign = money.payRequest(userId, reservationId, 'k1', { ...turn, room: 'side' });
  expect(await money.one.payments.pay(foreign)).toEqual({
    outcome: 'refused',
    problem: 'queue.token-foreign',
    extra: { room: 'main' },
  });
  const outcome = await money.one.payments.pay(money.payRequest(userId, reservationId, 'k1', turn));
  expect(outcome).toMatchObject({ outcome: 'paid', balanceKrw: 0 });
  const told = await money.events('PaymentProcessed');
  expect(told.filter((event) => event.reservationId === reservationId)).toMatchObject([{ turn }]);
  const sql = `select turn_room as room, turn_epoch as epoch, turn_number as number
    from payments.payment where reservation_id = $1`;
  expect(await money.ask(sql, reservationId)).toEqual([turn]);
});

test('a key tells what it paid, to whoever has no turn any more', async () => {
  const one = await due(50_000);
  const two = await due(0, { userId: one.userId });
  const recall = (reservationId: string, key: string) =>
    money.two.payments.recall(money.payRequest(one.userId, reservationId, key));
  expect(await recall(one.reservationId, 'k1'), 'nothing was paid yet').toBeUndefined();
  const paid = await money.pay(one.userId, one.reservationId, 'k1');
  expect(await recall(one.reservationId, 'k1')).toEqual({ ...paid, replayed: true });
  expect(await recall(two.reservationId, 'k1')).toEqual({
    outcome: 'refused',
    problem: 'idempotency.key-reused',
  });
  expect(await recall(one.reservationId, 'k2'), 'a key of its own').toBeUndefined();
  await money.pay(one.userId, two.reservationId, 'poor');
  expect(await recall(two.reservationId, 'poor'), 'a refusal is not remembered').toBeUndefined();
  await money.react('TokenExpirationFailed', [turnNotSpent(one)]);
  expect(await recall(one.reservationId, 'k1'), 'as it was said then').toEqual({ ...paid, replayed: true });
});

test('too little money takes nothing; the same key pays once there is enough', async () => {
  const { userId, reservationId } = await due(49_999);
  expect(await money.pay(userId, reservationId, 'k1')).toMatchObject({
    problem: 'wallet.insufficient',
    extra: { balance: 49_999, amount: 50_000, shortfall: 1 },
  });
  expect(await money.balanceKrw(userId)).toBe(49_999);
  await money.charge(userId, 1);
  expect(await money.pay(userId, reservationId, 'k1')).toMatchObject({ outcome: 'paid', balanceKrw: 0 });
});

test("somebody else's reservation is not found, after the same wait as none at all", async () => {
  const { reservationId } = await due(0);
  const stranger = randomUUID();
  await money.charge(stranger, 100_000);
  const [foreign, none] = await Promise.all([
    money.pay(stranger, reservationId),
    money.pay(stranger, randomUUID()),
  ]);
  expect([said(foreign), said(none)]).toEqual(['reservation.not-found', 'reservation.not-found']);
  expect(await money.balanceKrw(stranger)).toBe(100_000);
});

test('a request that is faster than the reaction waits for it', async () => {
  const made = reservation();
  await money.charge(made.userId, 50_000);
  const [tries, looks] = ['pay-reservations', 'look-for-payments'].map(
    (kind) => [kind, money.one.sets(kind)] as const,
  ) as [readonly [string, number], readonly [string, number]];
  const since = ([kind, before]: readonly [string, number]) => money.one.sets(kind) - before;
  const paying = money.pay(made.userId, made.reservationId);
  await until('it was looked for in vain again and again', () => since(looks) >= 3);
  await money.react('ReservationCreated', [made]);
  expect(await paying).toMatchObject({ outcome: 'paid', balanceKrw: 0 });
  // Each of them takes locks: one when it came, one when there was something to pay.
  expect(since(tries)).toBe(2);
});

test('past its time nothing can be paid, though no sweep has been there', async () => {
  const { userId, reservationId } = await due(50_000);
  await money.advance(300_001, [reservationId]);
  expect(await money.pay(userId, reservationId)).toEqual({ outcome: 'refused', problem: 'payment.lapsed' });
  expect(await money.balanceKrw(userId)).toBe(50_000);
  await createSweep(money.one).pass();
});

test('who was in time when asking, but waited for a lock past the end, is late', async () => {
  const { userId, reservationId } = await due(50_000);
  const lock = `/* test.end-soon */ update payments.payment
    set expires_at = date_trunc('milliseconds', clock_timestamp()) + interval '150 milliseconds'
    where reservation_id = $1 returning expires_at`;
  const paying = await money.two.database.transaction(async (tx) => {
    const [row] = await tx.rows<{ expires_at: string }>({ name: '', text: lock }, [reservationId]);
    const payment = money.pay(userId, reservationId);
    await until('the payment waits for the lock, and its time is over', async () => {
      const sql = `select from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%payments.lock%' and clock_timestamp() > $1::timestamptz`;
      return (await money.ask(sql, row?.expires_at)).length > 0;
    });
    return { payment };
  });
  expect(await paying.payment).toEqual({ outcome: 'refused', problem: 'payment.lapsed' });
  await createSweep(money.one).pass();
});

test('of a hundred payments with money for one, one is paid', async () => {
  const userId = randomUUID();
  await money.charge(userId, 99_999);
  const bills = Array.from({ length: 100 }, () => reservation({ userId }));
  await money.react('ReservationCreated', bills);
  const outcomes = await Promise.all(
    bills.map(({ reservationId }, n) =>
      money.pay(userId, reservationId, randomUUID(), n % 2 === 0 ? money.one : money.two),
    ),
  );
  const counts = Object.fromEntries(
    [...Map.groupBy(outcomes, said)].map(([what, list]) => [what, list.length]),
  );
  expect(counts).toEqual({ paid: 1, 'wallet.insufficient': 99 });
  expect(await money.balanceKrw(userId)).toBe(49_999);
});

test('a double click that reaches two instances is one transfer and two equal answers', async () => {
  for (let round = 0; round < 20; round++) {
    const { userId, reservationId } = await due(100_000);
    const [a, b] = await Promise.all([
      money.pay(userId, reservationId, 'click', money.one),
      money.pay(userId, reservationId, 'click', money.two),
    ]);
    const answers = [a, b].map((o) => (o.outcome === 'paid' && o.replayed ? 'replay' : o.outcome));
    expect(answers.toSorted()).toEqual(['paid', 'replay']);
    expect({ ...a, replayed: true }).toEqual({ ...b, replayed: true });
    expect(await money.balanceKrw(userId)).toBe(50_000);
  }
});

test('one key for two reservations on two instances pays one of them', async () => {
  for (let round = 0; round < 20; round++) {
    // Free of charge, so that no wallet is locked and only the transfer's key stands in the way.
    const a = await due(0, { amountKrw: 0 });
    const b = await due(0, { amountKrw: 0, userId: a.userId });
    const outcomes = await Promise.all([
      money.pay(a.userId, a.reservationId, 'one key', money.one),
      money.pay(a.userId, b.reservationId, 'one key', money.two),
    ]);
    expect(outcomes.map(said).toSorted()).toEqual(['idempotency.key-reused', 'paid']);
  }
});

// The deadlines lie a few milliseconds around the moment when everybody pays, while another instance sweeps.
const NEAR_NOW = `update payments.payment p
  set expires_at = date_trunc('milliseconds', clock_timestamp()) + (b.n - 6) * interval '1 millisecond'
  from unnest($1::uuid[]) with ordinality as b (reservation_id, n)
  where p.reservation_id = b.reservation_id`;

test('around the deadline a payment is paid or lapsed, never both, and the events agree', async () => {
  const sweep = createSweep(money.two);
  const seen = new Set<string>();
  for (let round = 0; round < 25; round++) {
    const bills = Array.from({ length: 20 }, () => reservation({ amountKrw: 100 }));
    const ids = bills.map((bill) => bill.reservationId);
    await Promise.all(bills.map(({ userId }) => money.charge(userId, 100)));
    await money.react('ReservationCreated', bills);
    await money.ask(NEAR_NOW, ids);
    const dueOnes = () =>
      money.ask(`select from payments.payment where state = 'DUE' and reservation_id = any($1::uuid[])`, ids);
    const sweeping = until('all are settled', async () => {
      await sweep.pass();
      return (await dueOnes()).length === 0;
    });
    const outcomes = await Promise.all(bills.map((bill) => money.pay(bill.userId, bill.reservationId)));
    await sweeping;
    for (const [index, { reservationId, userId }] of bills.entries()) {
      const outcome = said(outcomes[index] as PayOutcome);
      seen.add(outcome);
      const [row] = await money.ask(
        `select state from payments.payment where reservation_id = $1`,
        reservationId,
      );
      expect(row).toEqual({ state: outcome === 'paid' ? 'PAID' : 'LAPSED' });
      expect(await money.balanceKrw(userId)).toBe(outcome === 'paid' ? 0 : 100);
    }
  }
  expect([...seen].toSorted(), 'both happened, or nothing was raced').toEqual(['paid', 'payment.lapsed']);
});
