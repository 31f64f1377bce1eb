import { expect, test } from 'vitest';
import { checkCatalogue } from './check-catalogue.ts';
import { newDelivery } from './deliver.ts';
import { KINDS } from './file.ts';
import { generateCatalogue } from './generate-catalogue.ts';
import { parseCatalogue } from './read-file.ts';

/** As the importer does with a file. */
function parseAndCheck(text: string) {
  const read = parseCatalogue(new TextEncoder().encode(text));
  return 'problems' in read ? read : checkCatalogue(read.value);
}

const from = '2027-03-01';
const sizes = [10, 11, 299, 300, 301, 599, 600, 777, 1_200, 1_499, 1_801, 9_999, 50_000, 123_457, 2_000_000];

test.each(sizes)('a catalogue of %i seats has exactly so many, and the importer takes it', (seats) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const generated = generateCatalogue({ seats, seed, from });
    expect(parseAndCheck(JSON.stringify(generated))).toEqual({ catalogue: generated });
    expect(newDelivery(generated).seats.total).toBe(seats);
  }
});

test('the same seed gives the same catalogue, and another one another', () => {
  const text = (seed: number) => JSON.stringify(generateCatalogue({ seats: 100_000, seed, from }));
  expect(text(7)).toBe(text(7));
  expect(text(7)).not.toBe(text(8));
});

test('files of other sizes, seeds and seasons go into one service beside each other', () => {
  const options = { seats: 20_000, seed: 1, from };
  const others = [
    { ...options, seats: 2_000_000 },
    { ...options, seed: 2 },
    { ...options, from: '2028-03-01' },
  ];
  const [first, ...rest] = [options, ...others].map((each) => generateCatalogue(each));
  for (const kind of KINDS) {
    const known = new Map<string, unknown>(first?.[kind].map((entry) => [entry.key, entry]));
    const shared = rest.flatMap((file) => file[kind].filter(({ key }) => known.has(key)));
    for (const entry of shared) expect(entry).toEqual(known.get(entry.key));
  }
  expect(first?.venues[0]).toMatchObject({
    key: 'seoul-art-hall.seats20000.seed1',
    name: '서울 새빛아트홀',
  });
  expect(first?.concerts[0]?.key).toBe('c0001.seats20000.seed1');
  expect(first?.performances[0]?.key).toBe('c0001.seats20000.seed1.2027-03-01-1');
});

test('the longest keys are such as the importer takes', () => {
  const generated = generateCatalogue({ seats: 2_000_000, seed: 999_999_999, from });
  expect(checkCatalogue(generated)).toEqual({ catalogue: generated });
});

test('a large catalogue has houses of all sizes, and concerts of several dates', () => {
  const { venues, concerts, performances } = generateCatalogue({ seats: 2_000_000, seed: 1, from });
  const houses = venues.map(
    ({ layouts }) => layouts[0]?.sections.reduce((sum, each) => sum + each.seatCount, 0) ?? 0,
  );
  expect(Math.min(...houses)).toBeGreaterThanOrEqual(300);
  expect(Math.min(...houses)).toBeLessThanOrEqual(500);
  expect(Math.max(...houses)).toBeGreaterThan(40_000);
  expect(Math.max(...houses)).toBeLessThanOrEqual(50_000);
  expect(performances.length).toBeGreaterThan(concerts.length);
  expect(performances.every(({ startsAt }) => startsAt > '2027-02-28')).toBe(true);
});
