import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createCatalogueKit, logOnly } from '../../../test/support/catalogue.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { loadDemoCatalogue } from '../index.ts';
import { demoConcerts } from './concerts.ts';
import { demoVenues } from './venues.ts';

const EXPECTED = {
  venues: Object.keys(demoVenues).length,
  concerts: demoConcerts.length,
  performances: demoConcerts.reduce((sum, concert) => sum + concert.performances.length, 0),
};

async function counts({ connection }: TestDatabase) {
  const client = new Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<typeof EXPECTED & { events: number }>(`
      select (select count(*)::int from catalogue.venue) as venues,
        (select count(*)::int from catalogue.concert) as concerts,
        (select count(*)::int from catalogue.performance) as performances,
        (select sum(json_array_length(events))::int from messaging.log) as events`);
    return rows[0];
  } finally {
    await client.end();
  }
}

test('instances that boot at once load the demo once', async () => {
  await using testDatabase = await createTestDatabase();
  const pools = [testDatabase.database, await testDatabase.open(), await testDatabase.open()];
  const outcomes = await Promise.all(
    pools.map((database) => loadDemoCatalogue({ database, messaging: logOnly })),
  );
  expect(outcomes.filter(({ loaded }) => loaded)).toHaveLength(1);
  expect(await counts(testDatabase)).toEqual({ ...EXPECTED, events: EXPECTED.performances });

  expect(await loadDemoCatalogue({ database: testDatabase.database, messaging: logOnly })).toEqual({
    loaded: false,
  });
  expect(await counts(testDatabase)).toEqual({ ...EXPECTED, events: EXPECTED.performances });
});

test('what is loaded is on sale: people find it, and the first evening is at hand', async () => {
  await using testDatabase = await createTestDatabase();
  const { catalogue } = createCatalogueKit(testDatabase.database);
  await loadDemoCatalogue({ database: testDatabase.database, messaging: logOnly });
  const concerts = await catalogue.listConcerts({ limit: 100 });
  expect(concerts.map(({ title }) => title).toSorted()).toEqual(
    demoConcerts.map(({ title }) => title).toSorted(),
  );
  expect(concerts.every(({ nextPerformanceAt }) => nextPerformanceAt !== null)).toBe(true);

  const [first] = concerts;
  const dates = await catalogue.listPerformances(first?.concertId ?? 0, { limit: 1 });
  const now = new Date().toISOString();
  expect(dates?.[0]?.performance).toMatchObject({ venue: { name: '골목 소극장' }, seatCount: 50 });
  expect(dates?.[0]?.performance.saleOpensAt.localeCompare(now)).toBeLessThanOrEqual(0);
  expect(dates?.[0]?.performance.saleClosesAt.localeCompare(now)).toBe(1);
});

test('a catalogue that has anything in it is left alone', async () => {
  await using testDatabase = await createTestDatabase();
  const kit = createCatalogueKit(testDatabase.database);
  await kit.concert();
  expect(await loadDemoCatalogue({ database: testDatabase.database, messaging: logOnly })).toEqual({
    loaded: false,
  });
  expect(await counts(testDatabase)).toMatchObject({ venues: 0, concerts: 1, performances: 0 });
});

test('a demo that could not be loaded whole is not there at all, and loads the next time', async () => {
  await using testDatabase = await createTestDatabase();
  const { database } = testDatabase;
  let left = 3;
  const breaking: typeof logOnly = {
    append: (tx, events) => {
      if (left-- === 0) throw new Error('the machine went down');
      logOnly.append(tx, events);
    },
  };
  await expect(loadDemoCatalogue({ database, messaging: breaking })).rejects.toThrow('the machine went down');
  expect(await counts(testDatabase)).toEqual({ venues: 0, concerts: 0, performances: 0, events: null });
  expect(await loadDemoCatalogue({ database, messaging: logOnly })).toEqual({ loaded: true });
});
