import { describe, expect, test } from 'vitest';
import { checkCatalogue } from './check-catalogue.ts';
import { type CatalogueFile, FORMAT } from './file.ts';
import { LISTED_MAX } from './problems.ts';

const venue = {
  key: 'hall',
  name: '새빛홀',
  city: '서울',
  layouts: [
    {
      name: '기본',
      sections: [
        { name: 'R석', seatCount: 100, rowLength: 20 },
        { name: 'S석', seatCount: 200, rowLength: 20 },
      ],
    },
  ],
};
const concert = { key: 'jazz', title: '봄밤 재즈', description: '', genre: '재즈' };
const performance = {
  key: 'jazz-1',
  concert: 'jazz',
  venue: 'hall',
  layout: '기본',
  room: 'main',
  startsAt: '2027-04-01T10:30:00.000Z',
  saleOpensAt: '2027-03-01T11:00:00.000Z',
  saleClosesAt: '2027-04-01T10:30:00.000Z',
  seatsPerPerson: 4,
  prices: [
    { section: 'R석', priceKrw: 90_000 },
    { section: 'S석', priceKrw: 60_000 },
  ],
};

function file(of: object = {}): unknown {
  return { format: FORMAT, venues: [venue], concerts: [concert], performances: [performance], ...of };
}

const withPerformance = (of: object) => file({ performances: [{ ...performance, ...of }] });
const withVenue = (of: object) => file({ venues: [{ ...venue, ...of }] });

function pathsOf(value: unknown): string[] {
  const checked = checkCatalogue(value);
  return 'problems' in checked ? checked.problems.map(({ path }) => path) : [];
}

test('a file that fits is given back as it is', () => {
  expect(checkCatalogue(file())).toEqual({ catalogue: file() });
  const empty: CatalogueFile = { format: FORMAT, venues: [], concerts: [], performances: [] };
  expect(checkCatalogue(empty)).toEqual({ catalogue: empty });
});

const small = { name: 'R석', seatCount: 10, rowLength: 5 };
const layouts = (...sections: object[]) => ({ layouts: [{ name: '기본', sections }] });
const { key: _key, title: _title, ...keyless } = concert;

test.each<[what: string, value: unknown, paths: string[]]>([
  ['nothing', null, ['/format']],
  ['a list', [], ['/format']],
  ['another version', file({ format: 'frontrow-catalogue/2' }), ['/format']],
  ['no list of venues', { format: FORMAT, concerts: [], performances: [] }, ['/venues']],
  ['a list that is none', file({ concerts: {} }), ['/concerts']],
  ['a field that there is not', file({ rooms: [] }), ['/rooms']],
  ['fields that are missing', file({ concerts: [keyless] }), ['/concerts/0/key', '/concerts/0/title']],
  ['a key with a blank', withVenue({ key: 'a b' }), ['/venues/0/key']],
  ['a NUL character', withVenue({ name: '새빛\0홀' }), ['/venues/0/name']],
  ['half a character', file({ concerts: [{ ...concert, title: '\uD800' }] }), ['/concerts/0/title']],
  [
    'a price as text',
    withPerformance({ prices: [{ section: 'R석', priceKrw: '1' }, ...performance.prices.slice(1)] }),
    ['/performances/0/prices/0/priceKrw'],
  ],
  [
    'a price with a fraction',
    withPerformance({ prices: [{ section: 'R석', priceKrw: 1.5 }, ...performance.prices.slice(1)] }),
    ['/performances/0/prices/0/priceKrw'],
  ],
  [
    'a date without milliseconds',
    withPerformance({ startsAt: '2027-04-01T10:30:00Z' }),
    ['/performances/0/startsAt'],
  ],
  [
    'a date that there is not',
    withPerformance({ startsAt: '2027-02-30T10:30:00.000Z' }),
    ['/performances/0/startsAt'],
  ],
  [
    'a sale that closes after the start',
    withPerformance({ startsAt: '2027-03-15T10:30:00.000Z' }),
    ['/performances/0'],
  ],
  ['a room that cannot be one', withPerformance({ room: 'Main' }), ['/performances/0/room']],
  ['an unknown concert', withPerformance({ concert: 'rock' }), ['/performances/0/concert']],
  ['an unknown venue', withPerformance({ venue: 'arena' }), ['/performances/0/venue']],
  ['an unknown layout', withPerformance({ layout: '확장' }), ['/performances/0/layout']],
  [
    'a section without a price',
    withPerformance({ prices: performance.prices.slice(1) }),
    ['/performances/0/prices'],
  ],
  [
    'a price for no section',
    withPerformance({ prices: [...performance.prices, { section: 'A석', priceKrw: 1 }] }),
    ['/performances/0/prices/2/section'],
  ],
  [
    'two prices for a section',
    withPerformance({ prices: [...performance.prices, { section: 'R석', priceKrw: 1 }] }),
    ['/performances/0/prices/2/section'],
  ],
  [
    'a row longer than its section',
    file({
      venues: [{ ...venue, ...layouts({ name: 'R석', seatCount: 10, rowLength: 11 }) }],
      performances: [],
    }),
    ['/venues/0/layouts/0/sections/0/rowLength'],
  ],
  [
    'two sections of one name',
    file({
      venues: [{ ...venue, ...layouts(small, small) }],
      performances: [],
    }),
    ['/venues/0/layouts/0/sections/1/name'],
  ],
  [
    'a layout that is too large',
    file({
      venues: [
        {
          ...venue,
          ...layouts(
            { name: 'R석', seatCount: 150_000, rowLength: 50 },
            { name: 'S석', seatCount: 50_001, rowLength: 50 },
          ),
        },
      ],
      performances: [],
    }),
    ['/venues/0/layouts/0/sections'],
  ],
])('%s is found, with its path', (_what, value, paths) => {
  expect(pathsOf(value)).toEqual(paths);
});

test.each(['venues', 'concerts', 'performances'] as const)('a key that %s have twice is found', (kind) => {
  const whole = file() as CatalogueFile;
  const twice = { ...whole, [kind]: [...whole[kind], ...whole[kind]] };
  expect(checkCatalogue(twice)).toEqual({
    problems: [{ path: `/${kind}/1/key`, message: `is the key of /${kind}/0; give it another one` }],
    unlisted: 0,
  });
});

test('the same key may name a venue, a concert and a performance', () => {
  const same = { venues: [{ ...venue, key: 'a' }], concerts: [{ ...concert, key: 'a' }] };
  expect(
    pathsOf(file({ ...same, performances: [{ ...performance, key: 'a', venue: 'a', concert: 'a' }] })),
  ).toEqual([]);
});

describe('all at once', () => {
  test('every problem of the shape is listed, however many there are', () => {
    const concerts = Array.from({ length: 3_000 }, (_, index) => ({
      ...concert,
      key: `c${index}`,
      genre: '',
    }));
    const more = concerts.map((each) => ({ ...each, more: 1 }));
    expect(pathsOf(file({ concerts: more, performances: [] }))).toHaveLength(6_000);
  });

  test('beyond a hundred thousand they are counted', () => {
    const concerts = Array.from({ length: LISTED_MAX + 2_000 }, () => 0);
    const performances = [{ ...performance, startsAt: '2027-02-30T10:30:00.000Z' }];
    const checked = checkCatalogue(file({ concerts, performances }));
    if (!('problems' in checked)) throw new Error('there are problems');
    expect(checked.problems).toHaveLength(LISTED_MAX);
    expect(checked.problems.at(-1)?.path).toBe(`/concerts/${LISTED_MAX - 1}`);
    // The rest of the concerts, and the date; which concert a performance names cannot be said any more.
    expect(checked.unlisted).toBe(2_001);
  });

  test('what stands there twice is listed with all the others', () => {
    const twice = { path: '/venues/0/name', message: 'stands there twice; remove one of them' };
    expect(checkCatalogue(withPerformance({ concert: 'rock', seatsPerPerson: 0 }), [twice])).toMatchObject({
      problems: [twice, { path: '/performances/0/seatsPerPerson' }, { path: '/performances/0/concert' }],
    });
    expect(checkCatalogue(file(), [twice])).toEqual({ problems: [twice], unlisted: 0 });
  });

  test('a list that is too long by far is listed, with what is wrong in it', () => {
    const many = Array.from({ length: 200_000 }, () => ({ ...small, name: 'R석' }));
    const prices = many.map(() => ({ section: 'X석', priceKrw: 1 }));
    const wrong = {
      venues: [{ ...venue, layouts: [{ name: '기본', sections: [...many, { ...small, name: '' }] }] }],
      performances: [{ ...performance, prices }],
    };
    expect(pathsOf(file(wrong))).toEqual([
      '/venues/0/layouts/0/sections',
      '/venues/0/layouts/0/sections/200000/name',
      '/performances/0/prices',
    ]);
  });

  test('every problem of the content is listed', () => {
    const performances = [
      { ...performance, concert: 'rock', venue: 'arena', startsAt: '2027-02-30T10:30:00.000Z' },
      { ...performance, prices: [{ section: 'X석', priceKrw: 1 }], saleOpensAt: performance.startsAt },
    ];
    expect(pathsOf(file({ venues: [venue, venue], performances }))).toEqual([
      '/venues/1/key',
      '/performances/1/key',
      '/performances/0/startsAt',
      '/performances/0/concert',
      '/performances/0/venue',
      '/performances/1',
      '/performances/1/prices',
      '/performances/1/prices',
      '/performances/1/prices/0/section',
    ]);
  });
});

describe('mistakes of the shape and of the content together', () => {
  test('seven of both kinds are listed, each once', () => {
    const sections = [
      { name: 'R석', seatCount: '100', rowLength: 20 },
      { name: 'S석', seatCount: 10, rowLength: 11 },
    ];
    const performances = [
      { ...performance, seatsPerPerson: 0, concert: 'rock' },
      { ...performance, key: 'b', layout: '확장', startsAt: '2027-02-30T10:30:00.000Z' },
      { ...performance, key: 'c', prices: performance.prices.slice(1) },
    ];
    const wrong = file({ venues: [{ ...venue, ...layouts(...sections) }], performances });
    const checked = checkCatalogue(wrong);
    expect(
      'problems' in checked && checked.problems.map(({ path, message }) => `${path} ${message}`),
    ).toEqual([
      '/venues/0/layouts/0/sections/0/seatCount must be integer',
      '/performances/0/seatsPerPerson must be >= 1',
      '/venues/0/layouts/0/sections/1/rowLength a row has no more seats than its section',
      '/performances/0/concert no concert of this file has the key "rock"',
      '/performances/1/startsAt is no date that there is, or long ago',
      '/performances/1/layout is no layout of that venue; it has "기본"',
      '/performances/2/prices have none for the section "R석"',
    ]);
  });

  test('fields of one performance do not hide each other', () => {
    const wrong = {
      startsAt: 'tomorrow',
      saleOpensAt: '2027-02-30T11:00:00.000Z',
      venue: 'arena',
      concert: 7,
    };
    expect(pathsOf(withPerformance(wrong))).toEqual([
      '/performances/0/concert',
      '/performances/0/startsAt',
      '/performances/0/saleOpensAt',
      '/performances/0/venue',
    ]);
  });

  test('a malformed name is listed itself, not by all that name it', () => {
    expect(pathsOf(file({ concerts: [{ ...concert, key: 7 }] }))).toEqual(['/concerts/0/key']);
    expect(pathsOf(withVenue({ layouts: [{ ...venue.layouts[0], name: '' }] }))).toEqual([
      '/venues/0/layouts/0/name',
    ]);
    const prices = [{ ...performance.prices[0], section: 7 }, performance.prices[1]];
    expect(pathsOf(withPerformance({ prices }))).toEqual(['/performances/0/prices/0/section']);
    const sections = [
      { ...small, name: ' R석' },
      { ...small, name: 'S석' },
    ];
    expect(pathsOf(withVenue(layouts(...sections)))).toEqual(['/venues/0/layouts/0/sections/0/name']);
  });

  test('a malformed name does not excuse more than one that is unknown', () => {
    const performances = [performance, { ...performance, key: 'b', concert: 'rock' }];
    expect(pathsOf(file({ concerts: [{ ...concert, key: 7 }], performances }))).toEqual([
      '/concerts/0/key',
      '/performances/0/concert',
      '/performances/1/concert',
    ]);
  });

  test('what is no entry, no list and no number is listed once, and the rest is looked at', () => {
    const broken = [null, 7, { ...performance, key: 'b', venue: 'arena', prices: {} }];
    expect(pathsOf(file({ concerts: 'none', performances: [...broken, performance, performance] }))).toEqual([
      '/concerts',
      '/performances/0',
      '/performances/1',
      '/performances/2/prices',
      '/performances/4/key',
      '/performances/2/venue',
    ]);
    const unseated = { name: 'R석', seatCount: 200_001, rowLength: 0 };
    expect(pathsOf(file({ venues: [{ ...venue, ...layouts(unseated) }, null], performances: [] }))).toEqual([
      '/venues/0/layouts/0/sections/0/seatCount',
      '/venues/0/layouts/0/sections/0/rowLength',
      '/venues/1',
    ]);
  });
});

test('as many seats as an import takes are taken, and one more is not', () => {
  const stadium = (seatCount: number) => layouts({ name: '전석', seatCount, rowLength: 1 });
  const prices = [{ section: '전석', priceKrw: 1 }];
  const dates = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...performance, key: `p${index}`, prices }));
  const full = { venues: [{ ...venue, ...stadium(200_000) }], performances: dates(10) };
  expect(pathsOf(file(full))).toEqual([]);
  const club = { ...venue, key: 'club', ...stadium(1) };
  const one = { ...performance, key: 'one', venue: 'club', prices };
  const over = file({ venues: [...full.venues, club], performances: [...full.performances, one] });
  expect(checkCatalogue(over)).toEqual({
    problems: [
      { path: '/performances', message: 'have 2000001 seats, the most of one file is 2000000; divide it' },
    ],
    unlisted: 0,
  });
});

test('a text that does not fit is told what would', () => {
  const checked = checkCatalogue(withPerformance({ startsAt: 'tomorrow' }));
  expect(checked).toEqual({
    problems: [
      { path: '/performances/0/startsAt', message: 'must be instant, UTC, RFC 3339 with milliseconds' },
    ],
    unlisted: 0,
  });
});
