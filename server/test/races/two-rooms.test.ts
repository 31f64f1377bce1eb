/**
 * Goal: sales that are sold at the same time do not stand in each other's way. The log's reader comes to both rooms
 * within one transaction, again and again, while both crowds join and leave: nobody ever waits for each other.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectPromisesKept } from '../support/promises.ts';
import { eventCounts, openSale, type Sale } from '../support/sale.ts';
import { createWorld, type World } from '../support/world.ts';

const ROOMS = ['left', 'right'];
const FANS = 400;
/** Fans under way at the same time. */
const HANDS = 24;

let world: World;
beforeAll(async () => {
  // Each hold outlasts the turn: the reader extends turns before it spends others.
  world = await createWorld({ instances: 2, env: { ACTIVE_TTL_MS: '20000', HOLD_TTL_MS: '15000' } });
});
afterAll(() => world[Symbol.asyncDispose]());

async function visit(index: number, sales: readonly Sale[]): Promise<void> {
  const sale = sales[index % ROOMS.length];
  const fan = await world.client(index >> 1).fan(ROOMS[index % ROOMS.length]);
  if (sale === undefined || index % 8 > 5) {
    const left = await world.client(index).request('DELETE', '/queue/tokens/me', { token: fan.turn });
    expect(left.status).toBe(204);
    return;
  }
  await fan.charge(sale.priceKrw);
  const held = await fan.hold(sale.performanceId, [index + 1], { payNow: true });
  expect(held.status).toBe(201);
}

async function deadlocks(): Promise<number | undefined> {
  const text = `/* test.deadlocks */ select deadlocks from pg_stat_database where datname = current_database()`;
  const [row] = await world.db.database.rows<{ deadlocks: number }>({ name: 'test.deadlocks', text }, []);
  return row?.deadlocks;
}

it(`${FANS} fans of two sales join, buy and leave at the same time and never wait for each other in a ring`, async () => {
  const operator = world.client();
  for (const room of ROOMS) await operator.operator('POST', '/admin/queue/rooms', { room });
  const sales = await Promise.all(ROOMS.map((room) => openSale(world, { room, seats: FANS })));
  const fans = Array.from({ length: FANS }, (_, index) => index).values();
  const hand = async () => {
    for (const index of fans) await visit(index, sales);
  };
  await Promise.all(Array.from({ length: HANDS }, hand));

  await expectPromisesKept(world);
  const { TokenExpired } = await eventCounts(world);
  expect(TokenExpired).toBe((FANS * 6) / 8);
  expect(await deadlocks()).toBe(0);
});
