/**
 * Goal: a hold whose reservation is not made yet is not "not found", however long that takes.
 * Method: the test keeps the readers' cursors locked, as an instance would that hangs.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, expect, it } from 'vitest';
import type { Environment } from '../../src/config/env.ts';
import type { Fan } from '../support/client.ts';
import { expectPromisesKept } from '../support/promises.ts';
import { freeSeats, openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let sale: Sale;
let fan: Fan;
let hanging: Client;

async function begin(env: Environment = {}): Promise<void> {
  world = await createWorld({ env });
  sale = await openSale(world, { seats: 4 });
  fan = await world.client().fan();
  await fan.charge(sale.priceKrw);
  await world.settle();
  hanging = new Client(world.db.connection);
  await hanging.connect();
}
afterEach(async () => {
  await hanging.end();
  await world[Symbol.asyncDispose]();
});

/** Gives the reservation's id. */
async function holdWhileReadersHang(): Promise<string> {
  await hanging.query('begin');
  await hanging.query('select from messaging.cursor for update');
  const held = await fan.hold(sale.performanceId, [1]);
  expect(held.status).toBe(201);
  return String(held.body['reservationId']);
}

async function letReadersGoOn(): Promise<void> {
  await hanging.query('rollback');
  await world.settle();
}

it('is told to ask again while readers are behind, and is served once they are not', async () => {
  await begin();
  const reservationId = await holdWhileReadersHang();
  const answers = [
    await fan.pay(reservationId, 'pay'),
    await world.client().get(`/reservations/${reservationId}`, fan.account),
  ];
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'service.overloaded' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  await letReadersGoOn();
  expect((await fan.pay(reservationId, 'pay')).status).toBe(201);
  const unknown = await world.client().get(`/reservations/${randomUUID()}`, fan.account);
  expect(unknown.status).toBe(404);
});

it('has lapsed, and says so, when its time is over before readers go on', async () => {
  await begin({ HOLD_TTL_MS: '1000' });
  const reservationId = await holdWhileReadersHang();
  await until('the hold is over', async () => {
    const { rowCount } = await hanging.query('select from seats.hold where expires_at < clock_timestamp()');
    return rowCount === 1;
  });
  await letReadersGoOn();
  expect((await fan.pay(reservationId)).body['code']).toBe('payment.lapsed');
  expect((await fan.reservation(reservationId)).body['status']).toBe('EXPIRED');
  expect(await freeSeats(world, sale.performanceId)).toEqual([1, 2, 3, 4]);
  expect(await fan.balance()).toBe(sale.priceKrw);
  await expectPromisesKept(world);
});
