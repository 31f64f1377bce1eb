import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { listPerformances, type PerformancePosition } from './list-performances.ts';
import { loadConcert, type LoadedConcert } from './load-concert.ts';

const NOW = '2026-11-21T12:00:00.000Z';
const row = {
  performance_id: 3,
  concert_id: 2,
  starts_at: '2026-12-24T10:00:00.000Z',
  sale_opens_at: '2026-11-01T00:00:00.000Z',
  sale_closes_at: '2026-12-24T10:00:00.000Z',
  venue_id: 1,
  venue_name: 'Club',
  city: 'Seoul',
  room: 'main',
  seats_per_person: 4,
  seat_count: 50,
  layout_id: 7,
  from_price_krw: 50_000,
  prices: [{ sectionNo: 1, section: 'Floor', priceKrw: 50_000 }],
};
const concertRow = {
  concert_id: 2,
  title: 'Winter Songs',
  description: '',
  genre: 'Folk',
  created_at: NOW,
  read_at_ms: Date.parse(NOW),
};

async function concertOf(...dates: Partial<typeof row>[]): Promise<LoadedConcert> {
  const found = await loadConcert(
    cannedRows({
      'catalogue.load-concert': [concertRow],
      'catalogue.load-dates': dates.map((date) => ({ ...row, ...date })),
    }),
    2,
  );
  if (found === undefined) throw new Error('the concert is there');
  return found;
}

/** A concert with a date on each of the days of November, by ids in the same order. */
const onDays = (...days: number[]) =>
  concertOf(
    ...days.map((day, index) => ({
      performance_id: index + 1,
      starts_at: `2026-11-${String(day).padStart(2, '0')}T10:00:00.000Z`,
    })),
  );

const idsOf = (found: ReturnType<typeof listPerformances>) =>
  found.map(({ performance }) => performance.performanceId);

test('a date says when and where it is, when it is sold, to whom and at which prices', async () => {
  const dates = listPerformances(await concertOf({}), { limit: 9 }, NOW);
  expect(dates.map((date) => date.performance)).toEqual([
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

test('what is still to come stands first, and what begins at this very moment is still to come', async () => {
  const concert = await concertOf(
    { performance_id: 1, starts_at: '2026-11-20T12:00:00.000Z' },
    { performance_id: 2, starts_at: '2026-11-21T11:59:59.999Z' },
    { performance_id: 3, starts_at: NOW },
    { performance_id: 4, starts_at: '2026-11-22T12:00:00.000Z' },
  );
  expect(idsOf(listPerformances(concert, { limit: 9 }, NOW))).toEqual([3, 4, 1, 2]);
  expect(idsOf(listPerformances(concert, { limit: 9 }, '2027-01-01T00:00:00.000Z'))).toEqual([1, 2, 3, 4]);
});

test('the next page goes on from the last date of this one, as of the same moment', async () => {
  const concert = await onDays(5, 12, 12, 19, 26);
  const seen: number[] = [];
  let after: PerformancePosition | undefined;
  // Every page comes a week later than the one before it.
  for (const now of ['2026-11-11T00:00:00.000Z', '2026-11-18T00:00:00.000Z', '2026-11-25T00:00:00.000Z']) {
    const page = listPerformances(concert, { after, limit: 2 }, now);
    seen.push(...idsOf(page));
    after = page.at(-1)?.position;
  }
  expect(seen).toEqual([2, 3, 4, 5, 1]);
  expect(listPerformances(concert, { after, limit: 2 }, NOW)).toEqual([]);
});

test('a position that is none of the dates goes on where it would stand', async () => {
  const concert = await onDays(5, 12, 19, 26);
  const from = (isOver: boolean, startsAt: string, performanceId: number) =>
    idsOf(
      listPerformances(concert, { after: { asOf: NOW, isOver, startsAt, performanceId }, limit: 9 }, NOW),
    );
  expect(from(false, '2026-11-22T00:00:00.000Z', 1)).toEqual([4, 1, 2, 3]);
  expect(from(false, '2027-11-22T00:00:00.000Z', 1)).toEqual([1, 2, 3]);
  expect(from(true, '2026-11-12T10:00:00.000Z', 2)).toEqual([3]);
  expect(from(true, '2026-11-12T10:00:00.000Z', 1)).toEqual([2, 3]);
  expect(from(true, '2027-01-01T10:00:00.000Z', 1)).toEqual([]);
});

test('a concert without dates has an empty list, a concert that does not exist has none', async () => {
  expect(listPerformances(await concertOf(), { limit: 9 }, NOW)).toEqual([]);
  const nothing = cannedRows({ 'catalogue.load-concert': [], 'catalogue.load-dates': [] });
  expect(await loadConcert(nothing, 2)).toBeUndefined();
});
