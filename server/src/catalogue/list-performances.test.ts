import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { listPerformances } from './list-performances.ts';

const AS_OF = '2026-11-21T12:00:00.000Z';
const row = {
  as_of: AS_OF,
  is_over: false,
  performance_id: 3,
  concert_id: 2,
  title: 'Winter Songs',
  starts_at: '2026-12-24T10:00:00.000Z',
  sale_opens_at: '2026-11-01T00:00:00.000Z',
  sale_closes_at: '2026-12-24T10:00:00.000Z',
  venue_id: 1,
  venue_name: 'Club',
  city: 'Seoul',
  room: 'main',
  seats_per_person: 4,
  seat_count: 50,
  prices: [{ sectionNo: 1, section: 'Floor', priceKrw: 50_000 }],
};

test('a date says when and where it is, when it is sold, to whom and at which prices', async () => {
  const dates = await listPerformances(cannedRows({ 'catalogue.list-performances': [row] }), 2, { limit: 9 });
  expect(dates?.map((date) => date.performance)).toEqual([
    {
      performanceId: 3,
      concertId: 2,
      title: 'Winter Songs',
      startsAt: '2026-12-24T10:00:00.000Z',
      saleOpensAt: '2026-11-01T00:00:00.000Z',
      saleClosesAt: '2026-12-24T10:00:00.000Z',
      venue: { venueId: 1, name: 'Club', city: 'Seoul' },
      room: 'main',
      seatsPerPerson: 4,
      seatCount: 50,
      prices: [{ sectionNo: 1, section: 'Floor', priceKrw: 50_000 }],
    },
  ]);
});

test('the next page goes on from the last date of this one, as of the same moment', async () => {
  const reader = cannedRows({ 'catalogue.list-performances': [row, { ...row, performance_id: 5 }] });
  const dates = await listPerformances(reader, 2, { limit: 2 });
  await listPerformances(reader, 2, { after: dates?.at(-1)?.position, limit: 2 });
  expect(reader.asked.map(({ values }) => values)).toEqual([
    [2, null, false, '-infinity', 0, 2],
    [2, AS_OF, false, '2026-12-24T10:00:00.000Z', 5, 2],
  ]);
});

test('a concert without dates has an empty list, a concert that does not exist has none', async () => {
  const nothing = { 'catalogue.list-performances': [] };
  const known = cannedRows({ ...nothing, 'catalogue.concert-exists': [{}] });
  const unknown = cannedRows({ ...nothing, 'catalogue.concert-exists': [] });
  expect(await listPerformances(known, 2, { limit: 9 })).toEqual([]);
  expect(await listPerformances(unknown, 2, { limit: 9 })).toBeUndefined();
});
