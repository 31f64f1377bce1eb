import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inDays, performanceBody } from '../../test/support/catalogue.ts';
import { type CatalogueSite, createCatalogueSite } from '../../test/support/catalogue-site.ts';

let site: CatalogueSite;
beforeAll(async () => {
  site = await createCatalogueSite();
});
afterAll(() => site[Symbol.asyncDispose]());

const venue = {
  name: '소극장',
  city: '서울',
  layouts: [{ name: '기본', sections: [{ name: '전석', seatCount: 50, rowLength: 10 }] }],
};

test('an operator sets up a venue, a concert and a performance, and people find them', async () => {
  const { body: madeVenue } = await site.post('/admin/venues', venue);
  const [layout] = madeVenue['layouts'] as { layoutId: number }[];
  const concert = await site.post('/admin/concerts', { title: '새벽 기차', description: '', genre: '포크' });
  expect(concert.status).toBe(201);
  const concertId = concert.body['concertId'] as number;
  const scheduled = await site.post(
    '/admin/performances',
    performanceBody({ concertId, layoutId: layout?.layoutId ?? 0 }),
  );
  expect(scheduled.status).toBe(201);
  const performanceId = scheduled.body['performanceId'] as number;

  const list = await site.get(`/concerts?q=${encodeURIComponent('기차')}`);
  expect(list.body).toEqual({
    concerts: [
      {
        concertId,
        title: '새벽 기차',
        genre: '포크',
        nextPerformanceAt: scheduled.body['startsAt'],
        venues: ['소극장'],
        fromPriceKrw: 50_000,
      },
    ],
    next: null,
  });
  expect((await site.get(`/concerts/${concertId}`)).body).toMatchObject({
    title: '새벽 기차',
    description: '',
  });

  expect((await site.get(`/performances/${performanceId}`)).body).toEqual({
    ...scheduled.body,
    remaining: null,
    remainingByPrice: null,
  });
  const left = { remaining: 49, byPrice: [{ priceKrw: 50_000, remaining: 49 }] };
  site.laidOut.set(performanceId, left);
  const dates = await site.get(`/concerts/${concertId}/performances`);
  expect(dates.body).toEqual({
    performances: [{ ...scheduled.body, remaining: 49, remainingByPrice: left.byPrice }],
    next: null,
  });
  expect(site.asked.at(-1)).toEqual([performanceId]);
  const venues = await site.get('/admin/venues?limit=100', { authorization: 'Bearer operator' });
  expect(venues.body['venues']).toContainEqual(madeVenue);
});

test('pages lead from one to the next until there is none', async () => {
  const [concertId, layoutId] = await Promise.all([site.kit.concert(), site.kit.layout()]);
  const made: number[] = [];
  for (const days of [-2, 1, 2, 3]) {
    const { performanceId } = await site.kit.performance({ concertId, layoutId, startsAt: inDays(days) });
    made.push(performanceId);
  }
  const seen: number[] = [];
  let next: unknown = undefined;
  let pages = 0;
  while (next !== null) {
    const cursor = typeof next === 'string' ? `&cursor=${next}` : '';
    const { body } = await site.get(`/concerts/${concertId}/performances?limit=2${cursor}`);
    seen.push(...(body['performances'] as { performanceId: number }[]).map((each) => each.performanceId));
    next = body['next'];
    pages++;
  }
  expect(seen).toEqual([...made.slice(1), made[0]]);
  expect(pages).toBe(2);
});

test('the list of concerts pages by its cursor', async () => {
  const layoutId = await site.kit.layout();
  for (const title of ['쪽 하나', '쪽 둘', '쪽 셋']) {
    await site.kit.performance({ concertId: await site.kit.concert({ title }), layoutId });
  }
  const path = `/concerts?q=${encodeURIComponent('쪽 ')}&limit=2`;
  const first = await site.get(path);
  const second = await site.get(`${path}&cursor=${String(first.body['next'])}`);
  const titles = [first, second].map(({ body }) =>
    (body['concerts'] as { title: string }[]).map(({ title }) => title),
  );
  expect(titles).toEqual([['쪽 셋', '쪽 둘'], ['쪽 하나']]);
  expect(second.body['next']).toBeNull();
});

const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('what makes no sense is refused before anything is looked for', () => {
  test.each([
    '/concerts?month=2026-13',
    '/concerts?month=26-01',
    '/concerts?month=0000-01',
    '/concerts?limit=0',
    '/concerts?limit=101',
    '/concerts?limit=5&limit=6',
    '/concerts?page=2',
    '/concerts?q=',
    '/concerts?q=%00',
    `/concerts?q=${'a'.repeat(101)}`,
    '/concerts?cursor=!',
    '/concerts?cursor=bm90IGpzb24',
    `/concerts?cursor=${cursor([0])}`,
    `/concerts?cursor=${cursor([1.5])}`,
    `/concerts?cursor=${cursor([2_147_483_648])}`,
    `/concerts?cursor=${cursor(['1'])}`,
    `/concerts?cursor=${cursor([1, 2])}`,
    `/concerts?cursor=${cursor({ length: 1, 0: 1 })}`,
    `/concerts/1/performances?cursor=${cursor([1])}`,
    `/concerts/1/performances?cursor=${cursor(['2026-02-31T00:00:00.000Z', 0, '2026-01-01T00:00:00.000Z', 1])}`,
    `/concerts/1/performances?cursor=${cursor(['2026-01-01T00:00:00.000Z', 2, '2026-01-01T00:00:00.000Z', 1])}`,
    '/concerts/abc',
    '/concerts/01',
    '/performances/-1',
    '/performances/1e3/layout',
  ])('GET %s', async (path) => {
    expect(await site.get(path)).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  });

  test.each<[string, string, object]>([
    [
      'a field that nobody knows',
      '/admin/concerts',
      { title: 'a', description: '', genre: 'b', artist: 'c' },
    ],
    ['a title of several lines', '/admin/concerts', { title: 'a\nb', description: '', genre: 'c' }],
    ['a title that is blank', '/admin/concerts', { title: ' ', description: '', genre: 'c' }],
    ['a title that is empty', '/admin/concerts', { title: '', description: '', genre: 'c' }],
    ['half a character', '/admin/concerts', { title: 'a\ud83d', description: '', genre: 'c' }],
    ['a null character', '/admin/concerts', { title: 'a', description: 'b\u0000', genre: 'c' }],
    ['a venue without a layout', '/admin/venues', { ...venue, layouts: [] }],
    [
      'a number as text',
      '/admin/performances',
      { ...performanceBody({ concertId: 1, layoutId: 1 }), layoutId: '1' },
    ],
    [
      'half a won',
      '/admin/performances',
      performanceBody({ concertId: 1, layoutId: 1, prices: [{ section: '전석', priceKrw: 0.5 }] }),
    ],
    [
      'a time without a zone',
      '/admin/performances',
      performanceBody({ concertId: 1, layoutId: 1, saleOpensAt: '2027-01-01T00:00:00' }),
    ],
    [
      'more seats than a person may have',
      '/admin/performances',
      performanceBody({ concertId: 1, layoutId: 1, seatsPerPerson: 11 }),
    ],
    [
      'a room that cannot be one',
      '/admin/performances',
      performanceBody({ concertId: 1, layoutId: 1, room: 'Main Room' }),
    ],
  ])('POST %s', async (_, path, payload) => {
    expect(await site.post(path, payload)).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  });

  test('a venue whose rows do not fit, with the field that is wrong', async () => {
    const sections = [{ name: '전석', seatCount: 5, rowLength: 6 }];
    const answer = await site.post('/admin/venues', { ...venue, layouts: [{ name: '기본', sections }] });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ in: 'body', path: '/layouts/0/sections/0/rowLength' }] },
    });
  });
});

test.each([
  '/concerts/9999999999',
  '/concerts/9999999999/performances',
  '/performances/9999999999',
  '/performances/9999999999/layout',
])('an id that is larger than any is not found: GET %s', async (path) => {
  expect((await site.get(path)).status).toBe(404);
});

describe('the operator’s routes', () => {
  test.each(['/admin/venues', '/admin/concerts', '/admin/performances'])(
    'POST %s is for the operator',
    async (path) => {
      const answer = await site.send('POST', path, {
        payload: venue,
        headers: { 'idempotency-key': randomUUID() },
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.body['code']).not.toBe('idempotency.key-missing');
      const valid = {
        '/admin/venues': venue,
        '/admin/concerts': { title: 'a', description: '', genre: 'b' },
      };
      const payload = Reflect.get(valid, path) ?? performanceBody({ concertId: 1, layoutId: 1 });
      expect((await site.send('POST', path, { payload: payload as object })).body['code']).toBe(
        'operator.required',
      );
    },
  );

  test('the list of venues is for the operator', async () => {
    expect((await site.get('/admin/venues')).body['code']).toBe('operator.required');
  });

  test('take a key, remember it, and say so', async () => {
    const payload = { title: '한 번만', description: '', genre: '록' };
    const headers = { authorization: 'Bearer operator' };
    expect((await site.send('POST', '/admin/concerts', { payload, headers })).body['code']).toBe(
      'idempotency.key-missing',
    );
    const key = randomUUID();
    const first = await site.post('/admin/concerts', payload, key);
    const again = await site.post('/admin/concerts', payload, key);
    expect(again).toMatchObject({
      status: 201,
      body: first.body,
      headers: { 'idempotent-replayed': 'true' },
    });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const reused = await site.post('/admin/concerts', { ...payload, genre: '팝' }, key);
    expect(reused).toMatchObject({ status: 422, body: { code: 'idempotency.key-reused' } });
    // the same key on another route is another request
    expect((await site.post('/admin/venues', venue, key)).status).toBe(201);
  });

  test('take a venue with as many sections as there may be', async () => {
    const sections = Array.from({ length: 200 }, (_, index) => ({
      name: `${index + 1}구역 `.repeat(3).trim(),
      seatCount: 1_000,
      rowLength: 50,
    }));
    const layouts = Array.from({ length: 10 }, (_, index) => ({ name: `배치 ${index}`, sections }));
    const answer = await site.post('/admin/venues', { ...venue, layouts });
    expect(answer.status).toBe(201);
    const [layout] = answer.body['layouts'] as {
      layoutId: number;
      sections: { sectionNo: number; firstSeatNo: number }[];
    }[];
    expect(layout?.sections.at(-1)).toMatchObject({ sectionNo: 200, firstSeatNo: 199_001 });

    const prices = sections.map(({ name }, index) => ({ section: name, priceKrw: 1_000 + index }));
    const concertId = await site.kit.concert();
    const body = performanceBody({ concertId, layoutId: layout?.layoutId ?? 0, prices });
    expect(await site.post('/admin/performances', body)).toMatchObject({
      status: 201,
      body: { seatCount: 200_000 },
    });
  });
});
