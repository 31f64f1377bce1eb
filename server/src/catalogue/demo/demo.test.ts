import { VenueBody } from '#contract/http/catalogue.ts';
import { describe, expect, test } from 'vitest';
import { decideSchedule } from '../performance.ts';
import { numberSections, refuseVenue, seatCountOf } from '../venue.ts';
import { Value } from 'typebox/value';
import { demoConcerts } from './concerts.ts';
import { scheduleOf } from './load-demo.ts';
import { type DemoVenue, demoVenues } from './venues.ts';

const venues: DemoVenue[] = Object.values(demoVenues);
const at = '2026-11-21T14:59:59.999Z'; // a moment before midnight in Seoul
const performances = demoConcerts.flatMap((concert) =>
  concert.performances.map((performance) => ({
    concert,
    performance,
    ...scheduleOf(concert, performance, at),
  })),
);

describe.each(venues)('$name', ({ name, city, seatCount, sections }) => {
  test('has sections that run from seat 1 to its size', () => {
    const last = numberSections(sections).at(-1);
    expect(last && last.firstSeatNo + last.seatCount - 1).toBe(seatCount);
  });

  test('is a venue that the API would take', () => {
    const body = {
      name,
      city,
      layouts: [{ name: '기본', sections: sections.map(({ tier: _tier, ...section }) => section) }],
    };
    expect(Value.Errors(VenueBody, body)).toEqual([]);
    expect(refuseVenue(body)).toBeUndefined();
  });
});

test('the club has the seats 1 to 50', () => {
  expect(seatCountOf(demoVenues.club.sections)).toBe(50);
});

test.each(performances)('$concert.title at $performance.venue on $startsAt can be scheduled', (scheduled) => {
  const { concert: _concert, performance, ...terms } = scheduled;
  const sections = numberSections(demoVenues[performance.venue].sections);
  expect(
    decideSchedule({ concertId: 1, layoutId: 1, ...terms }, { concertExists: true, sections }),
  ).toMatchObject({
    outcome: 'scheduled',
  });
});

test('one sale of the club is open and starts within two days; one sale opens later', () => {
  const soon = performances.filter(
    ({ performance, startsAt, saleOpensAt }) =>
      performance.venue === 'club' &&
      saleOpensAt <= at &&
      Date.parse(startsAt) - Date.parse(at) < 2 * 24 * 3_600_000,
  );
  expect(soon).toHaveLength(1);
  expect(performances.filter(({ saleOpensAt }) => saleOpensAt > at)).toHaveLength(1);
});

test('every house has something on, never two things in one evening, and all is to come', () => {
  expect(new Set(performances.map(({ performance }) => performance.venue)).size).toBe(venues.length);
  const evenings = performances.map(
    ({ performance, startsAt }) => `${performance.venue} ${startsAt.slice(0, 10)}`,
  );
  expect(new Set(evenings).size).toBe(evenings.length);
  expect(performances.every(({ startsAt }) => startsAt > at)).toBe(true);
});

test('about 150,000 seats, so that a first start is quick', () => {
  const seats = performances.map(({ performance }) => demoVenues[performance.venue].seatCount);
  const total = seats.reduce<number>((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(140_000);
  expect(total).toBeLessThan(160_000);
});
