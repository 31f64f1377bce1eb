import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CatalogueKit, createCatalogueKit, operatorRequest } from '../../test/support/catalogue.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';

let testDatabase: TestDatabase;
let kit: CatalogueKit;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  kit = createCatalogueKit(testDatabase.database);
});
afterAll(() => testDatabase[Symbol.asyncDispose]());

const venue = {
  name: '두 층 극장',
  city: '대전',
  address: '중앙로 1',
  layouts: [
    {
      name: '기본',
      sections: [
        { name: '1층', seatCount: 120, rowLength: 20 },
        { name: '2층', seatCount: 55, rowLength: 10 },
      ],
    },
    { name: '스탠딩', sections: [{ name: '전체', seatCount: 300, rowLength: 300 }] },
  ],
};

describe('a venue', () => {
  test('is answered with its layouts, its sections numbered and their seats too', async () => {
    const outcome = await kit.catalogue.createVenue(operatorRequest(venue));
    expect(outcome).toMatchObject({
      outcome: 'created',
      replayed: false,
      created: {
        name: '두 층 극장',
        city: '대전',
        address: '중앙로 1',
        layouts: [
          {
            name: '기본',
            seatCount: 175,
            sections: [
              { sectionNo: 1, name: '1층', firstSeatNo: 1, seatCount: 120, rowLength: 20 },
              { sectionNo: 2, name: '2층', firstSeatNo: 121, seatCount: 55, rowLength: 10 },
            ],
          },
          { name: '스탠딩', seatCount: 300, sections: [{ sectionNo: 1, firstSeatNo: 1, seatCount: 300 }] },
        ],
      },
    });
  });

  test('that makes no sense is refused and leaves nothing', async () => {
    const request = operatorRequest({ ...venue, layouts: [...venue.layouts, ...venue.layouts] });
    expect(await kit.catalogue.createVenue(request)).toMatchObject({ problem: 'request.invalid' });
    expect(await countVenuesOf(request.requestId)).toBe(0);
  });

  test('asked for again with the same key is the same venue; another body is refused', async () => {
    const request = operatorRequest(venue);
    const first = await kit.catalogue.createVenue(request);
    expect(await kit.catalogue.createVenue(request)).toEqual({ ...first, replayed: true });
    const other = operatorRequest({ ...venue, city: '광주' }, request.requestId);
    expect(await kit.catalogue.createVenue(other)).toMatchObject({ problem: 'idempotency.key-reused' });
    expect(await countVenuesOf(request.requestId)).toBe(1);
  });

  test('asked for by two instances at once is made once, and both hear of it', async () => {
    const { catalogue: other } = createCatalogueKit(await testDatabase.open());
    const request = operatorRequest(venue);
    const outcomes = await Promise.all(
      [kit.catalogue, other, kit.catalogue, other].map((catalogue) => catalogue.createVenue(request)),
    );
    const made = outcomes.map((outcome) => (outcome.outcome === 'created' ? outcome.created : outcome));
    expect(new Set(made.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(outcomes.filter((outcome) => outcome.outcome === 'created' && !outcome.replayed)).toHaveLength(1);
    expect(await countVenuesOf(request.requestId)).toBe(1);
  });
});

test('venues are listed in pages', async () => {
  for (const name of ['하나', '둘', '셋']) await kit.layout(undefined, name);
  const all = await kit.catalogue.listVenues({ limit: 100 });
  const [first, second] = all;
  expect(await kit.catalogue.listVenues({ limit: 1 })).toEqual([first]);
  expect(await kit.catalogue.listVenues({ limit: 1, after: first?.venueId })).toEqual([second]);
  expect(all.slice(-3).map(({ name }) => name)).toEqual(['하나', '둘', '셋']);
});

describe('a concert', () => {
  const concert = { title: '봄밤 재즈 🎷', description: '첫 줄\n둘째 줄', genre: '재즈' };

  test('is kept as it was given', async () => {
    const outcome = await kit.catalogue.createConcert(operatorRequest(concert));
    expect(outcome).toMatchObject({ outcome: 'created', replayed: false, created: concert });
    const concertId = outcome.outcome === 'created' ? outcome.created.concertId : 0;
    expect(await kit.catalogue.findConcert(concertId)).toEqual({
      ...(outcome.outcome === 'created' && outcome.created),
      nextPerformanceAt: null,
      venues: [],
      fromPriceKrw: null,
    });
  });

  test('asked for again with the same key is the same concert; another body is refused', async () => {
    const request = operatorRequest(concert, randomUUID());
    const first = await kit.catalogue.createConcert(request);
    expect(await kit.catalogue.createConcert(request)).toEqual({ ...first, replayed: true });
    const other = operatorRequest({ ...concert, title: '가을밤' }, request.requestId);
    expect(await kit.catalogue.createConcert(other)).toMatchObject({ problem: 'idempotency.key-reused' });
  });

  test('that does not exist is not found', async () => {
    expect(await kit.catalogue.findConcert(2_147_483_647)).toBeUndefined();
  });
});

describe('the database refuses, whoever writes,', () => {
  const layout = `insert into catalogue.layout (venue_id, name, section_count, seat_count)
    select venue_id, gen_random_uuid()::text, 2, 30 from catalogue.venue limit 1 returning layout_id`;
  const sections = (second: string) => `with made as (select max(layout_id) as id from catalogue.layout)
    insert into catalogue.section (layout_id, section_no, name, first_seat_no, seat_count, row_length)
    select id, 1, 'R', 1, 10, 10 from made union all select id, ${second} from made`;

  async function commit(...texts: string[]): Promise<string> {
    const client = new Client(testDatabase.connection);
    await client.connect();
    try {
      for (const text of ['begin', ...texts, 'commit']) await client.query(text);
      return 'committed';
    } catch (error) {
      return Reflect.get(error as object, 'constraint') as string;
    } finally {
      await client.end();
    }
  }

  test('not: sections that follow each other up to the size', async () => {
    await kit.layout();
    expect(await commit(layout, sections(`2, 'S', 11, 20, 10`))).toBe('committed');
  });

  test.each([
    ['a gap between sections', `2, 'S', 12, 19, 10`, 'section_layout_id_section_before_first_seat_no_fkey'],
    ['sections that overlap', `2, 'S', 10, 21, 10`, 'section_layout_id_section_before_first_seat_no_fkey'],
    [
      'a section that is left out',
      `3, 'S', 11, 20, 10`,
      'section_layout_id_section_before_first_seat_no_fkey',
    ],
    [
      'sections that end short of the size',
      `2, 'S', 11, 19, 10`,
      'layout_layout_id_section_count_end_seat_no_fkey',
    ],
    ['a row longer than its section', `2, 'S', 11, 20, 21`, 'section_check'],
  ])('%s', async (_, second, constraint) => {
    expect(await commit(layout, sections(second))).toBe(constraint);
  });
});

async function countVenuesOf(requestId: string): Promise<number> {
  const client = new Client(testDatabase.connection);
  await client.connect();
  try {
    const found = await client.query('select from catalogue.venue where request_id = $1', [requestId]);
    return found.rowCount ?? 0;
  } finally {
    await client.end();
  }
}
