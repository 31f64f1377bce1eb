import type { PerformanceBody } from '#contract/http/catalogue.ts';
import { describe, expect, test } from 'vitest';
import { decideSchedule, performanceScheduled } from './performance.ts';
import { numberSections } from './venue.ts';

const sections = numberSections([
  { name: 'R', seatCount: 20, rowLength: 10 },
  { name: 'S', seatCount: 30, rowLength: 10 },
]);
const found = { concertExists: true, sections };
const body: PerformanceBody = {
  concertId: 1,
  layoutId: 1,
  room: 'main',
  startsAt: '2027-01-10T10:00:00.000Z',
  saleOpensAt: '2026-12-01T11:00:00.000Z',
  saleClosesAt: '2027-01-10T09:00:00.000Z',
  seatsPerPerson: 4,
  prices: [
    { section: 'S', priceKrw: 40_000 },
    { section: 'R', priceKrw: 60_000 },
  ],
};

test('each section gets its price, in whatever order the prices were given', () => {
  const schedule = decideSchedule(body, found);
  expect(schedule).toMatchObject({
    outcome: 'scheduled',
    fromPriceKrw: 40_000,
    sections: [
      { sectionNo: 1, firstSeatNo: 1, seatCount: 20, priceKrw: 60_000 },
      { sectionNo: 2, firstSeatNo: 21, seatCount: 30, priceKrw: 40_000 },
    ],
  });
});

test('the event says which seats there are, what they cost and when they are sold', () => {
  const schedule = decideSchedule(body, found);
  if (schedule.outcome === 'refused') throw new Error(schedule.problem);
  expect(performanceScheduled(7, body, schedule.sections)).toEqual({
    name: 'PerformanceScheduled',
    performanceId: 7,
    concertId: 1,
    room: 'main',
    seatsPerPerson: 4,
    saleOpensAt: body.saleOpensAt,
    saleClosesAt: body.saleClosesAt,
    sections: [
      { firstSeatNo: 1, seatCount: 20, priceKrw: 60_000 },
      { firstSeatNo: 21, seatCount: 30, priceKrw: 40_000 },
    ],
  });
});

test('a price may be nothing', () => {
  const prices = [
    { section: 'R', priceKrw: 0 },
    { section: 'S', priceKrw: 10_000 },
  ];
  expect(decideSchedule({ ...body, prices }, found)).toMatchObject({ outcome: 'scheduled', fromPriceKrw: 0 });
});

describe('prices that do not fit are told by section', () => {
  const price = (section: string) => ({ section, priceKrw: 50_000 });
  test.each([
    ['one is missing', [price('R')], { missing: ['S'], unknown: [], repeated: [] }],
    [
      'one is for no section',
      [price('R'), price('S'), price('X')],
      { missing: [], unknown: ['X'], repeated: [] },
    ],
    [
      'one is given twice',
      [price('R'), price('S'), price('S')],
      { missing: [], unknown: [], repeated: ['S'] },
    ],
    [
      'all at once',
      [price('S'), price('S'), price('X')],
      { missing: ['R'], unknown: ['X'], repeated: ['S'] },
    ],
  ])('%s', (_, prices, extra) => {
    expect(decideSchedule({ ...body, prices }, found)).toEqual({
      outcome: 'refused',
      problem: 'layout.price-mismatch',
      extra,
    });
  });
});

describe('dates', () => {
  test('a sale may close when the performance starts', () => {
    expect(decideSchedule({ ...body, saleClosesAt: body.startsAt }, found).outcome).toBe('scheduled');
  });

  test.each<[string, Partial<PerformanceBody>]>([
    ['a sale that closes when it opens', { saleClosesAt: body.saleOpensAt }],
    ['a sale that closes before it opens', { saleClosesAt: '2026-11-30T11:00:00.000Z' }],
    ['a sale that goes on after the start', { saleClosesAt: '2027-01-10T10:00:00.001Z' }],
    ['a 31st of February', { startsAt: '2027-02-31T10:00:00.000Z' }],
    ['an hour 25', { startsAt: '2027-02-01T25:00:00.000Z' }],
    ['a year 0', { saleOpensAt: '0000-01-01T00:00:00.000Z' }],
  ])('%s is refused', (_, dates) => {
    expect(decideSchedule({ ...body, ...dates }, found)).toMatchObject({
      problem: 'performance.date-invalid',
    });
  });
});

test('what does not exist is named', () => {
  expect(decideSchedule(body, { ...found, concertExists: false })).toMatchObject({
    problem: 'concert.not-found',
  });
  expect(decideSchedule(body, { ...found, sections: [] })).toMatchObject({ problem: 'layout.not-found' });
});
