import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancelled, createMoney, type Money, reservation } from '../../test/support/money.ts';
import { until } from '../../test/support/until.ts';
import { createSweep, LAPSE, LEFT } from './lapse-payments.ts';

let money: Money;
beforeAll(async () => {
  money = await createMoney();
});
afterAll(async () => {
  await money.audit();
  await money[Symbol.asyncDispose]();
});

const ids = (made: readonly { reservationId: string }[]) => made.map((one) => one.reservationId);

test('what is past its time lapses, in as many sets as it takes; the rest stays due', async () => {
  const late = Array.from({ length: 1_203 }, () => reservation());
  const inTime = reservation();
  await money.react('ReservationCreated', [...late, inTime]);
  await money.advance(300_001, ids(late));
  expect(await createSweep(money.one).pass()).toBe(1_203);
  expect(await money.states()).toEqual({ LAPSED: 1_203, DUE: 1 });
  const told = await money.events('PaymentProcessingFailed');
  expect(told.every((event) => event.reason === 'lapsed')).toBe(true);
  expect(new Set(ids(told))).toEqual(new Set(ids(late)));
});

test('two instances that sweep at once lapse each once', async () => {
  const late = Array.from({ length: 1_500 }, () => reservation());
  await money.react('ReservationCreated', late);
  await money.advance(300_001, ids(late));
  const [one, two] = [createSweep(money.one), createSweep(money.two)];
  const lapsed = await Promise.all([one.pass(), two.pass()]);
  expect(lapsed[0] + lapsed[1] + (await one.pass()) + (await two.pass())).toBe(1_500);
});

test('what a pass passed over because it was locked is found by a later one', async () => {
  const [locked, free] = [reservation(), reservation()];
  await money.react('ReservationCreated', [locked, free]);
  await money.advance(300_001, ids([locked, free]));
  const sweep = createSweep(money.two);
  await money.one.database.transaction(async (tx) => {
    const text = '/* test.lock */ select from payments.payment where reservation_id = $1 for update';
    await tx.rows({ name: 'test.lock', text }, [locked.reservationId]);
    expect(await sweep.pass()).toBe(1);
  });
  expect(await sweep.pass()).toBe(1);
});

test('what is locked during a long look is found, however long ago its time was over', async () => {
  const made = reservation();
  await money.react('ReservationCreated', [made]);
  await money.advance(3_900_000, [made.reservationId]);
  const sweep = createSweep(money.two);
  const tenPasses = async () => {
    let lapsed = 0;
    for (let pass = 1; pass <= 10; pass++) lapsed += await sweep.pass();
    return lapsed;
  };
  await money.one.database.transaction(async (tx) => {
    const text = '/* test.lock */ select from payments.payment where reservation_id = $1 for update';
    await tx.rows({ name: 'test.lock', text }, [made.reservationId]);
    // The first of all passes, and the long look of the second ten.
    expect(await tenPasses()).toBe(0);
    expect(await tenPasses()).toBe(0);
  });
  expect(await tenPasses()).toBe(1);
});

test('a deadline further back than the short look is found by the long one', async () => {
  const sweep = createSweep(money.one);
  await sweep.pass();
  const made = reservation();
  await money.react('ReservationCreated', [made]);
  await money.advance(330_000, [made.reservationId]);
  const found: number[] = [];
  for (let pass = 1; pass <= 10; pass++) found.push(await sweep.pass());
  expect(found).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('what is due behind all passes, as in a copy that was restored, is found once they are forgotten', async () => {
  const sweep = createSweep(money.one);
  const tenPasses = async () => {
    let lapsed = 0;
    for (let pass = 1; pass <= 10; pass++) lapsed += await sweep.pass();
    return lapsed;
  };
  expect(await tenPasses()).toBe(0);
  const made = reservation();
  await money.react('ReservationCreated', [made]);
  await money.advance(3_900_000, [made.reservationId]);
  expect(await tenPasses()).toBe(0);
  sweep.forget();
  expect(await sweep.pass()).toBe(1);
});

test('the sweep goes on by itself, after a fault too, until it is told to stop', async () => {
  const stop = new AbortController();
  const made = reservation();
  await money.react('ReservationCreated', [made]);
  await money.advance(300_001, [made.reservationId]);
  await money.ask('alter table payments.payment rename to away');
  const sweeping = money.one.payments.sweep(stop.signal);
  await until('it met the fault', () =>
    money.one.log.lines.some(({ text }) => text.includes('could not be lapsed')),
  );
  await money.ask('alter table payments.away rename to payment');
  await until('it lapsed', async () => {
    const sql = `select from payments.payment where reservation_id = $1 and state = 'LAPSED'`;
    return (await money.ask(sql, made.reservationId)).length === 1;
  });
  stop.abort();
  await sweeping;
});

test.each([
  [LAPSE, 500],
  [LEFT, '2100-01-01T00:00:00.000Z'],
])('its scans are bounded by the index on both sides: $name', async ({ text }, last) => {
  const explain = `explain (costs off) ${text}`;
  const plan = await money.ask<{ 'QUERY PLAN': string }>(explain, 'epoch', 5_000, last);
  const lines = plan.map((line) => line['QUERY PLAN']).join('\n');
  expect(lines).toContain('payment_by_deadline');
  expect(lines).toMatch(/Index Cond: .*expires_at >= .*expires_at <= /);
});

test('ending a payment touches no index', async () => {
  const made = Array.from({ length: 4 }, () => reservation({ performanceId: 99 }));
  await money.react('ReservationCreated', made);
  const text = `/* test.hot */ select pg_stat_get_xact_tuples_updated(t) as updated,
    pg_stat_get_xact_tuples_hot_updated(t) as hot from (select 'payments.payment'::regclass::oid as t) t`;
  await money.one.database.transaction(async (tx) => {
    const updates = async () => {
      const [row] = await tx.rows<{ updated: number; hot: number }>({ name: 'test.hot', text }, []);
      return { updated: row?.updated ?? 0, hot: row?.hot ?? 0 };
    };
    const before = await updates();
    await money.one.payments.reactions.ReservationCancelled.run(tx, made.map(cancelled));
    expect(await updates()).toEqual({ updated: before.updated + 4, hot: before.hot + 4 });
  });
});
