/**
 * Goal: an audit in the middle of a sale finds nothing, keeps nobody from anything, and leaves out only what is under way.
 * Method: fans buy, give back and fail at two instances, while audits run one after the other; a reader stands still, and an
 * audit's transaction is held open.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditResult } from '../../src/audit/index.ts';
import { type Answer, type Fan, insist } from '../support/client.ts';
import { audit, expectPromisesKept, violationsOf } from '../support/promises.ts';
import { openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const FANS = 24;

let world: World;
let sale: Sale;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
  sale = await openSale(world, { seats: 2 * FANS });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Gives the answer to the payment. */
async function buy(fan: Fan, { performanceId, priceKrw }: Sale, seats: number[]): Promise<Answer> {
  await insist(() => fan.charge(seats.length * priceKrw, 'charge'));
  const held = await insist(() => fan.hold(performanceId, seats, { key: 'hold' }));
  return insist(() => fan.pay(String(held.body['reservationId']), 'pay'));
}

/** Buys, gives back, wants to pay at once without money, or never pays. True: has bought. */
async function visit(fan: Fan, index: number): Promise<boolean> {
  const seats = [1 + 2 * index, 2 + 2 * index];
  if (index % 4 < 2) return (await buy(fan, sale, seats)).status === 201;
  const payNow = index % 4 === 2;
  const held = await insist(() => fan.hold(sale.performanceId, seats, { key: 'hold', payNow }));
  if (index % 8 === 3) await insist(() => fan.giveBack(String(held.body['reservationId'])));
  return false;
}

it('finds nothing while fans buy at two instances, and sees them at it', async () => {
  const auditor = await world.db.open();
  const results: AuditResult[] = [await audit(auditor)];
  const ended = new AbortController();
  const selling = Promise.all(
    Array.from({ length: FANS }, async (_, index) => visit(await world.client(index).fan(), index)),
  ).finally(() => ended.abort());
  while (!ended.signal.aborted) results.push(await audit(auditor));
  const bought = (await selling).filter(Boolean).length;
  expect(results.map(violationsOf)).toEqual(results.map(() => ({})));
  expect(results.length).toBeGreaterThanOrEqual(2);
  await expectPromisesKept(world);
  const { checks } = await audit(auditor);
  expect(checks.find(({ name }) => name === 'sold-is-paid')?.counted).toBe(2 * bought);
  expect(bought).toBeGreaterThan(FANS / 4);
}, 60_000);

it('leaves out a reservation that a reader has not come to, and tells of the reader after a minute', async () => {
  await using parted = await createWorld({
    envOf: [{ ROLES: 'api,waiting-room,reservations,payments' }, { ROLES: 'seats' }],
  });
  const { database } = parted.db;
  const other = await openSale(parted, { seats: 2 });
  const fan = await parted.client().fan();
  await parted.instances[1]?.[Symbol.asyncDispose]();
  expect((await buy(fan, other, [1])).status).toBe(201);
  // Confirmed and paid, and its seat is not sold.
  const result = await until('everybody else has come to it', async () => {
    const found = await audit(database, 0);
    return violationsOf(found)['readers']?.length === 1 && found;
  });
  expect(result.underWay).toBe(1);
  expect(violationsOf(result)).toEqual({
    readers: [expect.stringMatching(/^reader seats has not passed 1 events, the oldest of /)],
  });
  expect(violationsOf(await audit(database))).toEqual({});
  await database.rows(
    { name: 'test.pass', text: `update messaging.cursor set epoch = 2 where reader = 'seats'` },
    [],
  );
  expect(Object.keys(violationsOf(await audit(database)))).toEqual(['sold-is-paid', 'held-is-reserved']);
}, 60_000);

it('does not hold back the readers: a purchase is completed while the transaction of an audit is open', async () => {
  const auditor = await world.db.open();
  const other = await openSale(world, { seats: 2, room: 'meanwhile' });
  const fan = await world.client().fan('meanwhile');
  await auditor.transaction(async (tx) => {
    await tx.rows(
      { name: 'test.snapshot', text: 'set transaction isolation level repeatable read, read only' },
      [],
    );
    // The service ends what is idle for 5 s; the purchase may take longer on a busy machine.
    await tx.rows({ name: 'test.be-idle', text: 'set local idle_in_transaction_session_timeout = 0' }, []);
    const look = {
      name: 'test.look',
      text: `select state from seats.seat where performance_id = $1 and seat_no = 1`,
    };
    const before = await tx.rows(look, [other.performanceId]);
    expect((await buy(fan, other, [1])).status).toBe(201);
    await until('its seat is sold', async () => {
      const [now] = await world.db.database.rows<{ state: string }>(look, [other.performanceId]);
      return now?.state === 'S';
    });
    expect(await tx.rows(look, [other.performanceId])).toEqual(before);
  });
}, 90_000);
