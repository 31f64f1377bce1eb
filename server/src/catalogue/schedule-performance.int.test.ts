import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from 'pg';
import {
  type CatalogueKit,
  createCatalogueKit,
  createInstanceLog,
  inDays,
  operatorRequest,
  performanceBody,
} from '../../test/support/catalogue.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';

let testDatabase: TestDatabase;
let kit: CatalogueKit;
let client: Client;
let concertId: number;
let layoutId: number;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  kit = createCatalogueKit(testDatabase.database);
  client = new Client(testDatabase.connection);
  await client.connect();
  concertId = await kit.concert({ title: '가을 소리' });
  layoutId = await kit.layout([
    { name: 'VIP', seatCount: 20, rowLength: 10 },
    { name: 'R', seatCount: 30, rowLength: 15 },
  ]);
});
afterAll(async () => {
  await client.end();
  await testDatabase[Symbol.asyncDispose]();
});

const PRICES = [
  { section: 'VIP', priceKrw: 90_000 },
  { section: 'R', priceKrw: 60_000 },
];
const body = (changes: Partial<Parameters<typeof performanceBody>[0]> = {}) =>
  performanceBody({ concertId, layoutId, prices: PRICES, ...changes });

/** What the log and the tables have of performances. */
async function counts(): Promise<{ performances: number; prices: number; events: number }> {
  const { rows } = await client.query<{ performances: number; prices: number; events: number }>(`
    select (select count(*)::int from catalogue.performance) as performances,
      (select count(*)::int from catalogue.price) as prices,
      (select count(*)::int from messaging.log) as events`);
  return rows[0] ?? { performances: 0, prices: 0, events: 0 };
}

async function eventsOf(performanceId: number): Promise<unknown[]> {
  const { rows } = await client.query<{ event: unknown }>(
    `select event from messaging.log, json_array_elements(events) as event where (event ->> 'performanceId')::int = $1`,
    [performanceId],
  );
  return rows.map((row) => row.event);
}

test('a performance is scheduled with its prices, and its seats are announced', async () => {
  const request = operatorRequest(body({ room: 'big-sale', seatsPerPerson: 2 }));
  const outcome = await kit.catalogue.schedulePerformance(request);
  const { startsAt, saleOpensAt, saleClosesAt } = request.body;
  expect(outcome).toMatchObject({
    outcome: 'created',
    replayed: false,
    created: {
      concertId,
      title: '가을 소리',
      startsAt,
      saleOpensAt,
      saleClosesAt,
      venue: { name: '소극장', city: '서울' },
      room: 'big-sale',
      seatsPerPerson: 2,
      seatCount: 50,
      prices: [
        { sectionNo: 1, section: 'VIP', priceKrw: 90_000 },
        { sectionNo: 2, section: 'R', priceKrw: 60_000 },
      ],
    },
  });
  const performance = outcome.outcome === 'created' ? outcome.created : undefined;
  const performanceId = performance?.performanceId ?? 0;
  expect(await eventsOf(performanceId)).toEqual([
    {
      name: 'PerformanceScheduled',
      performanceId,
      concertId,
      room: 'big-sale',
      seatsPerPerson: 2,
      saleOpensAt,
      saleClosesAt,
      sections: [
        { firstSeatNo: 1, seatCount: 20, priceKrw: 90_000 },
        { firstSeatNo: 21, seatCount: 30, priceKrw: 60_000 },
      ],
    },
  ]);
  expect(await kit.catalogue.findPerformance(performanceId)).toEqual(performance);
  expect(await kit.catalogue.findLayout(performanceId)).toEqual({
    performanceId,
    layoutId,
    name: '기본',
    seatCount: 50,
    sections: [
      { sectionNo: 1, name: 'VIP', firstSeatNo: 1, seatCount: 20, rowLength: 10, priceKrw: 90_000 },
      { sectionNo: 2, name: 'R', firstSeatNo: 21, seatCount: 30, rowLength: 15, priceKrw: 60_000 },
    ],
  });
});

describe('a repeated request', () => {
  test('is answered the same and announces nothing twice; another body is refused', async () => {
    const request = operatorRequest(body());
    const first = await kit.catalogue.schedulePerformance(request);
    const before = await counts();
    expect(await kit.catalogue.schedulePerformance(request)).toEqual({ ...first, replayed: true });
    const other = operatorRequest(body({ startsAt: inDays(60) }), request.requestId);
    expect(await kit.catalogue.schedulePerformance(other)).toEqual({
      outcome: 'refused',
      problem: 'idempotency.key-reused',
    });
    expect(await counts()).toEqual(before);
  });

  test('over two instances at once schedules one performance and announces it once', async () => {
    const { catalogue: other } = createCatalogueKit(await testDatabase.open());
    const before = await counts();
    const request = operatorRequest(body());
    const outcomes = await Promise.all(
      [kit.catalogue, other, kit.catalogue, other].map((catalogue) => catalogue.schedulePerformance(request)),
    );
    expect(outcomes.filter((outcome) => outcome.outcome === 'created' && !outcome.replayed)).toHaveLength(1);
    const answers = outcomes.map((outcome) =>
      JSON.stringify(outcome.outcome === 'created' && outcome.created),
    );
    expect(new Set(answers).size).toBe(1);
    expect(await counts()).toEqual({
      performances: before.performances + 1,
      prices: before.prices + 2,
      events: before.events + 1,
    });
  });
});

describe('nothing is left of a request that is refused', () => {
  test.each<[string, Partial<Parameters<typeof performanceBody>[0]>, string]>([
    ['no such concert', { concertId: 2_147_483_647 }, 'concert.not-found'],
    ['no such layout', { layoutId: 2_147_483_647 }, 'layout.not-found'],
    ['a section without a price', { prices: PRICES.slice(0, 1) }, 'layout.price-mismatch'],
    [
      'a price without a section',
      { prices: [...PRICES, { section: 'S', priceKrw: 1 }] },
      'layout.price-mismatch',
    ],
    ['a sale that outlasts the start', { saleClosesAt: inDays(31) }, 'performance.date-invalid'],
    ['a day that no month has', { startsAt: '2027-06-31T10:00:00.000Z' }, 'performance.date-invalid'],
  ])('%s', async (_, changes, problem) => {
    const before = await counts();
    const outcome = await kit.catalogue.schedulePerformance(operatorRequest(body(changes)));
    expect(outcome).toMatchObject({ outcome: 'refused', problem });
    expect(await counts()).toEqual(before);
  });

  test('and when its event cannot be written, nothing of the performance is', async () => {
    const before = await counts();
    const messaging = {
      ...createInstanceLog(),
      append: () => {
        throw new Error('no log');
      },
    };
    const { catalogue: failing, notes } = createCatalogueKit(testDatabase.database, { messaging });
    await expect(failing.schedulePerformance(operatorRequest(body()))).rejects.toThrow('no log');
    expect(await counts()).toEqual(before);
    expect(notes).toEqual([]);
  });
});
