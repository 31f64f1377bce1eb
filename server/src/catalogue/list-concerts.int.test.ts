import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CatalogueKit, createCatalogueKit, inDays } from '../../test/support/catalogue.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';

let testDatabase: TestDatabase;
let kit: CatalogueKit;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  kit = createCatalogueKit(testDatabase.database);
});
afterAll(() => testDatabase[Symbol.asyncDispose]());

const titles = async (filter: { month?: string; q?: string }) => {
  const found = await kit.catalogue.listConcerts({ limit: 100, ...filter });
  return found.map(({ title }) => title);
};

/** A concert with a performance at each of the instants. */
async function announce(title: string, ...startsAt: string[]): Promise<number> {
  const [concertId, layoutId] = await Promise.all([kit.concert({ title }), kit.layout()]);
  for (const start of startsAt) await kit.performance({ concertId, layoutId, startsAt: start });
  return concertId;
}

describe('the month', () => {
  beforeAll(async () => {
    await announce('the last evening of 2097', '2097-12-31T14:59:59.999Z'); // 23:59 in Seoul
    await announce('the first minute of 2098', '2097-12-31T15:00:00.000Z'); // 00:00 in Seoul
    await announce('both years', '2097-12-10T10:00:00.000Z', '2098-01-10T10:00:00.000Z');
    await announce('long ago', '2001-05-05T10:00:00.000Z');
  });

  test('is that of Seoul, at the end of a year too', async () => {
    expect(await titles({ month: '2097-12' })).toEqual(['both years', 'the last evening of 2097']);
    expect(await titles({ month: '2098-01' })).toEqual(['both years', 'the first minute of 2098']);
    expect(await titles({ month: '2098-02' })).toEqual([]);
  });

  test('may be one that is over; then nothing is to come', async () => {
    const [found] = await kit.catalogue.listConcerts({ month: '2001-05', limit: 10 });
    expect(found).toMatchObject({ title: 'long ago', nextPerformanceAt: null, venues: ['소극장'] });
  });

  test('is what the facts of a concert are of', async () => {
    const concertId = await kit.concert({ title: 'from house to house' });
    for (const [venueName, startsAt, priceKrw] of [
      ['먼저홀', '2095-04-10T10:00:00.000Z', 10_000],
      ['오월홀', '2095-05-10T10:00:00.000Z', 20_000],
      ['나중홀', '2095-06-10T10:00:00.000Z', 15_000],
    ] as const) {
      const layoutId = await kit.layout(undefined, venueName);
      await kit.performance({ concertId, layoutId, startsAt, prices: [{ section: '전석', priceKrw }] });
    }
    const [found] = await kit.catalogue.listConcerts({ month: '2095-05', limit: 10 });
    expect(found).toMatchObject({
      nextPerformanceAt: '2095-05-10T10:00:00.000Z',
      venues: ['오월홀'],
      fromPriceKrw: 20_000,
    });
  });

  test('left out gives the concerts that are still to come, and only these', async () => {
    await kit.concert({ title: 'without a date' });
    expect(await titles({})).toEqual([
      'from house to house',
      'both years',
      'the first minute of 2098',
      'the last evening of 2097',
    ]);
  });
});

describe('the search', () => {
  beforeAll(async () => {
    const stored = [
      '100% 라이브',
      '1000 라이브',
      'snake_case 밴드',
      'snakeXcase 밴드',
      String.raw`back\slash`,
      '겨울 교향악의 밤',
      '여름밤 ROCK',
      'Éclat de minuit',
      'ΟΔΟΣ',
      '한국 가곡'.normalize('NFD'),
      'ＪＡＺＺ의 밤',
    ];
    for (const title of stored) await announce(title, '2099-06-15T10:00:00.000Z');
  });

  test.each([
    ['Korean, in the middle of a title', '교향', ['겨울 교향악의 밤']],
    ['Latin, whatever the case', 'rock', ['여름밤 ROCK']],
    ['Latin with accents, whatever the case', 'éCLAT DE', ['Éclat de minuit']],
    ['Greek, whose sigma has two small forms', 'ΟΔΟΣ', ['ΟΔΟΣ']],
    ['a percent sign as itself', '0%', ['100% 라이브']],
    ['an underscore as itself', 'e_c', ['snake_case 밴드']],
    ['a backslash as itself', 'k\\s', [String.raw`back\slash`]],
    ['composed Hangul in a decomposed title', '가곡', ['한국 가곡'.normalize('NFD')]],
    ['decomposed Hangul in a composed title', '겨울'.normalize('NFD'), ['겨울 교향악의 밤']],
    ['Latin of usual width in a title of full width', 'jazz의', ['ＪＡＺＺ의 밤']],
    ['Latin of full width in a title of usual width', 'ｒｏｃｋ', ['여름밤 ROCK']],
    ['a percent sign of full width as itself', '0％', ['100% 라이브']],
    ['a quote, which is data', `' or true --`, []],
  ])('takes %s', async (_, q, expected) => {
    expect(await titles({ month: '2099-06', q })).toEqual(expected);
  });

  test('and the month both have to fit', async () => {
    expect(await titles({ month: '2099-07', q: '교향' })).toEqual([]);
  });
});

test('a concert says its next date, its venues and its lowest price, of what is still to come', async () => {
  const concertId = await kit.concert({ title: 'a tour' });
  const sections = [
    { name: 'R', seatCount: 10, rowLength: 5 },
    { name: 'S', seatCount: 10, rowLength: 5 },
  ];
  const [seoul, busan, gone] = await Promise.all([
    kit.layout(sections, '서울홀'),
    kit.layout(sections, '부산홀'),
    kit.layout(sections, '지난홀'),
  ]);
  const prices = (...krw: number[]) =>
    krw.map((priceKrw, index) => ({ section: index === 0 ? 'R' : 'S', priceKrw }));
  const over = await kit.performance({
    concertId,
    layoutId: gone,
    startsAt: inDays(-1),
    prices: prices(1_000, 1_000),
  });
  const later = inDays(20);
  const sooner = inDays(10);
  await kit.performance({ concertId, layoutId: seoul, startsAt: later, prices: prices(90_000, 70_000) });
  await kit.performance({ concertId, layoutId: busan, startsAt: sooner, prices: prices(80_000, 75_000) });
  await kit.performance({ concertId, layoutId: seoul, startsAt: inDays(30), prices: prices(99_000, 99_000) });

  const summary = {
    concertId,
    title: 'a tour',
    genre: '재즈',
    nextPerformanceAt: sooner,
    venues: ['부산홀', '서울홀'],
    fromPriceKrw: 70_000,
  };
  expect(await kit.catalogue.listConcerts({ q: 'a tour', limit: 10 })).toEqual([summary]);
  expect(await kit.catalogue.findConcert(concertId)).toMatchObject(summary);

  const dates = await kit.catalogue.listPerformances(concertId, { limit: 10 });
  expect(dates?.map(({ performance }) => performance.startsAt).slice(0, 2)).toEqual([sooner, later]);
  expect(dates?.at(-1)?.performance.performanceId).toBe(over.performanceId);
});

test('pages of concerts neither repeat nor skip one while others are announced', async () => {
  const expected: number[] = [];
  for (let index = 0; index < 10; index++)
    expected.push(await announce(`paged ${index}`, '2096-03-15T10:00:00.000Z'));

  const seen: number[] = [];
  let after: number | undefined;
  for (;;) {
    const page = await kit.catalogue.listConcerts({ month: '2096-03', limit: 3, after });
    if (page.length === 0) break;
    seen.push(...page.map(({ concertId }) => concertId));
    after = seen.at(-1);
    await announce(`paged, announced meanwhile`, '2096-03-15T10:00:00.000Z');
  }
  expect(seen).toEqual(expected.toReversed());
});

test('pages of dates neither repeat nor skip one while others are added', async () => {
  const [concertId, layoutId] = await Promise.all([kit.concert(), kit.layout()]);
  const expected: number[] = [];
  // The first page ends between two of the same instant: the order between them is the id's.
  const twice = inDays(2);
  for (const startsAt of [inDays(1), twice, twice, inDays(3), inDays(-3), inDays(-2)]) {
    const { performanceId } = await kit.performance({ concertId, layoutId, startsAt });
    expected.push(performanceId);
  }
  const seen: number[] = [];
  let after: { asOf: string; isOver: boolean; startsAt: string; performanceId: number } | undefined;
  for (;;) {
    const page = await kit.catalogue.listPerformances(concertId, { limit: 2, after });
    const last = page?.at(-1);
    if (page === undefined || last === undefined) break;
    seen.push(...page.map(({ performance }) => performance.performanceId));
    after = last.position;
    await kit.performance({ concertId, layoutId, startsAt: inDays(0.5) }); // before everything seen
  }
  expect(seen).toEqual(expected);
});

test('a date that passes between two pages is not shown again as one that is over', async () => {
  const [concertId, layoutId] = await Promise.all([kit.concert(), kit.layout()]);
  const [first, second, third] = [
    await kit.performance({ concertId, layoutId, startsAt: inDays(-3) }),
    await kit.performance({ concertId, layoutId, startsAt: inDays(-2) }),
    await kit.performance({ concertId, layoutId, startsAt: inDays(-1) }),
  ];
  // The page before was as of two and a half days ago: the first was over, the second was shown.
  const position = {
    asOf: inDays(-2.5),
    isOver: false,
    startsAt: second.startsAt,
    performanceId: second.performanceId,
  };
  const page = await kit.catalogue.listPerformances(concertId, { limit: 10, after: position });
  expect(page?.map(({ performance }) => performance.performanceId)).toEqual([
    third.performanceId,
    first.performanceId,
  ]);
});

test('the dates of a concert that does not exist are not an empty list', async () => {
  expect(await kit.catalogue.listPerformances(2_147_483_647, { limit: 10 })).toBeUndefined();
  const concertId = await kit.concert();
  expect(await kit.catalogue.listPerformances(concertId, { limit: 10 })).toEqual([]);
});
