/**
 * Goal: every list ends where it ends. The lists are what the API document says takes a cursor, so a new one is
 * walked without a word here, as soon as `fill` puts two items into it.
 */
import assert from 'node:assert/strict';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client, Fan } from '../support/client.ts';
import { type Operation, pathOf, readOperations } from '../support/operations.ts';
import { openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, OPERATOR_TOKEN, type World } from '../support/world.ts';

/** As many as there were when this was written. */
const LISTS_FLOOR = 8;

let world: World;
let client: Client;
let fan: Fan;
let sale: Sale;
let lists: readonly Operation[];

beforeAll(async () => {
  world = await createWorld();
  client = world.client();
  sale = await openSale(world);
  fan = await client.fan();
  await fill();
  const operations = await readOperations(client.url);
  lists = operations.filter(({ query }) => query.some(({ name }) => name === 'cursor'));
});
afterAll(() => world[Symbol.asyncDispose]());

/** At least two of everything that there are lists of. */
async function fill(): Promise<void> {
  await openSale(world);
  const second = await client.operator('POST', '/admin/performances', {
    concertId: sale.concertId,
    layoutId: 1,
    room: 'main',
    startsAt: '2031-01-03T00:00:00.000Z',
    saleOpensAt: '2031-01-01T00:00:00.000Z',
    saleClosesAt: '2031-01-02T00:00:00.000Z',
    seatsPerPerson: 4,
    prices: [{ section: 'Floor', priceKrw: 1_000 }],
  });
  expect(second.status).toBe(201);
  await fan.charge(2 * sale.priceKrw);
  for (const seat of [1, 2]) await buy(seat);
  await world.settle();
  await park();
  await audit();
}

/** Who asks while an audit is about to begin gets the same one. */
async function audit(): Promise<void> {
  await until('there are two audits, and both are over', async () => {
    const { audits } = (await client.operator<{ audits: { state: string }[] }>('GET', '/admin/audits')).body;
    if (audits.length < 2) await client.operator('POST', '/admin/audits');
    return audits.length >= 2 && audits.every(({ state }) => state !== 'RUNNING');
  });
}

/** A purchase ends the turn, so each is made with a turn of its own. */
async function buy(seat: number): Promise<void> {
  const { body: turn } = await client.post<{ token: string }>('/queue/tokens', {
    token: fan.account,
    body: {},
  });
  const held = await client.post<{ reservationId: string }>('/reservations', {
    token: turn.token,
    body: { performanceId: sale.performanceId, seats: [seat] },
  });
  const { reservationId } = held.body;
  const paid = await client.post('/payments', { token: turn.token, body: { reservationId } });
  expect(paid.status).toBe(201);
  await world.settle();
}

/** Nothing fails of itself, so what is parked is made up; its next try is not before the test is over. */
async function park(): Promise<void> {
  await world.db.database.transaction((tx) =>
    tx.rows(
      {
        name: 'test.park',
        text: `/* test.park */
          insert into messaging.parked (reader, epoch, xid, id, position, event, error, retry_at)
          select 'payments', 1, '1', n, 0, '{"name":"ReservationCancelled"}', 'made up', clock_timestamp() + interval '1 day'
          from generate_series(1, $1::int) n`,
      },
      [2],
    ),
  );
}

/** The items of a page, whatever they are called, and where the next one is. The code of a ticket tells when it was asked for. */
async function pageOf(list: Operation, query: string): Promise<{ items: unknown[]; next: unknown }> {
  const path = pathOf(list, { concertId: String(sale.concertId) });
  const token = list.guard === 'operator' ? OPERATOR_TOKEN : fan.account;
  const answer = await client.request('GET', `${client.url}${path}?${query}`, { token });
  expect(answer.status, `${list.name}?${query}`).toBe(200);
  const { next, ...rest } = answer.body;
  const [items, ...others] = Object.values(rest);
  assert(Array.isArray(items) && others.length === 0, `${list.name} gives items and next`);
  return { items: items.map((item: object) => ({ ...item, code: undefined })), next };
}

it('finds the lists', () => {
  expect(lists.length).toBeGreaterThanOrEqual(LISTS_FLOOR);
});

it('a full last page has no next', async () => {
  for (const list of lists) {
    const all = await pageOf(list, 'limit=100');
    expect(all.items.length, list.name).toBeGreaterThanOrEqual(2);
    expect(all.next, list.name).toBeNull();
    expect(await pageOf(list, `limit=${all.items.length}`), list.name).toEqual(all);
  }
});

it('a page that is not the last one is followed by the rest', async () => {
  for (const list of lists) {
    const { items } = await pageOf(list, 'limit=100');
    const limit = items.length - 1;
    const first = await pageOf(list, `limit=${limit}`);
    expect(first, list.name).toEqual({ items: items.slice(0, limit), next: expect.any(String) });
    const rest = await pageOf(list, `limit=${limit}&cursor=${String(first.next)}`);
    expect(rest, list.name).toEqual({ items: items.slice(limit), next: null });
  }
});
