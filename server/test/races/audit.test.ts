/**
 * Goal: an audit in the middle of a sale finds nothing, keeps nobody from anything, and leaves out only what is under way.
 * Method: fans buy, give back and fail at two instances, while audits run one after the other; then a reader stands still, and
 * then an audit's transaction is held open.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditResult } from '../../src/audit/index.ts';
import type { Fan } from '../support/client.ts';
import { audit, expectPromisesKept, violationsOf } from '../support/promises.ts';
import { openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { whileLocked } from '../support/while-locked.ts';
import { createWorld, type World } from '../support/world.ts';

const FANS = 24;

let world: World;
let sale: Sale;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
  sale = await openSale(world, { seats: 2 * FANS });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Buys, gives back, wants to pay at once without money, or never pays. */
async function visit(fan: Fan, index: number): Promise<void> {
  const seats = [1 + 2 * index, 2 + 2 * index];
  const isBuying = index % 4 < 2;
  if (isBuying) await fan.charge(2 * sale.priceKrw);
  const held = await fan.hold(sale.performanceId, seats, { payNow: index % 4 === 2 });
  const id = String(held.body['reservationId']);
  if (isBuying) await until('it is paid', async () => (await fan.pay(id)).status !== 503);
  if (index % 8 === 3) await until('it is given back', async () => (await fan.giveBack(id)).status < 400);
}

it('finds nothing while fans buy at two instances, and sees them at it', async () => {
  const auditor = await world.db.open();
  const results: AuditResult[] = [await audit(auditor)];
  let isOver = false;
  const selling = Promise.all(
    Array.from({ length: FANS }, async (_, index) => visit(await world.client(index).fan(), index)),
  ).finally(() => {
    isOver = true;
  });
  do results.push(await audit(auditor));
  while (!isOver);
  await selling;
  expect(results.map(violationsOf)).toEqual(results.map(() => ({})));
  expect(results.length).toBeGreaterThanOrEqual(2);
  await expectPromisesKept(world);
  const { checks } = await audit(auditor);
  expect(checks.find(({ name }) => name === 'sold-is-paid')?.counted).toBe(FANS);
}, 60_000);

it('leaves out a reservation that a reader has not come to, and tells of the reader after a minute', async () => {
  const fan = await world.client().fan('beside');
  await fan.charge(sale.priceKrw);
  const other = await openSale(world, { seats: 2, room: 'beside' });
  const lock = `/* test.lock-reader */ select from messaging.cursor where reader = 'seats' for update`;
  await world.settle();
  await whileLocked(world.db, lock, 0, async () => {
    const held = await fan.hold(other.performanceId, [1]);
    await until('it is paid', async () => (await fan.pay(String(held.body['reservationId']))).status === 201);
    // Confirmed and paid, and its seat not sold: to be found if it were settled.
    const auditor = await world.db.open();
    const result = await until('only that one is under way', async () => {
      const found = await audit(auditor);
      return found.underWay === 1 && found;
    });
    expect(violationsOf(result)).toEqual({});
    expect(violationsOf(await audit(auditor, 0))['readers']).toEqual([
      expect.stringMatching(/^reader seats has not passed 1 events, the oldest of /),
    ]);
  });
  await expectPromisesKept(world);
}, 60_000);

it('does not hold back the readers: a purchase is completed while the transaction of an audit is open', async () => {
  const auditor = await world.db.open();
  const other = await openSale(world, { seats: 2, room: 'meanwhile' });
  const fan = await world.client().fan('meanwhile');
  await fan.charge(other.priceKrw);
  await auditor.transaction(async (tx) => {
    await tx.rows(
      { name: 'test.snapshot', text: 'set transaction isolation level repeatable read, read only' },
      [],
    );
    const look = {
      name: 'test.look',
      text: `select state from seats.seat where performance_id = $1 and seat_no = 1`,
    };
    const before = await tx.rows(look, [other.performanceId]);
    const held = await fan.hold(other.performanceId, [1]);
    await until('it is paid', async () => (await fan.pay(String(held.body['reservationId']))).status === 201);
    await until(
      'its seat is sold',
      async () => {
        const [now] = await world.db.database.rows<{ state: string }>(look, [other.performanceId]);
        return now?.state === 'S';
      },
      4_000,
    );
    expect(await tx.rows(look, [other.performanceId])).toEqual(before);
  });
});
