import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CatalogueSite, createCatalogueSite } from '../../test/support/catalogue-site.ts';

let site: CatalogueSite;
beforeAll(async () => {
  site = await createCatalogueSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe('a layout', () => {
  let path: string;
  beforeAll(async () => {
    const [concertId, layoutId] = await Promise.all([site.kit.concert(), site.kit.layout()]);
    const { performanceId } = await site.kit.performance({ concertId, layoutId });
    path = `/performances/${performanceId}/layout`;
  });

  test('may be kept for ever', async () => {
    const answer = await site.get(path);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(answer.body).toMatchObject({ seatCount: 50, sections: [{ firstSeatNo: 1, priceKrw: 50_000 }] });
  });

  test('is not sent again to those who have it', async () => {
    const etag = String((await site.get(path)).headers['etag']);
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await site.get(path, { 'if-none-match': given });
      expect(answer).toMatchObject({ status: 304, body: {}, headers: { etag } });
    }
    expect((await site.get(path, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('of another price has another tag', async () => {
    const [concertId, layoutId] = await Promise.all([site.kit.concert(), site.kit.layout()]);
    const prices = [{ section: '전석', priceKrw: 60_000 }];
    const { performanceId } = await site.kit.performance({ concertId, layoutId, prices });
    const other = await site.get(`/performances/${performanceId}/layout`);
    expect(other.headers['etag']).not.toBe((await site.get(path)).headers['etag']);
  });

  test('that does not exist is not kept', async () => {
    const answer = await site.get('/performances/2147483647/layout');
    expect(answer).toMatchObject({ status: 404, headers: { 'cache-control': 'no-store' } });
  });
});

describe('what the public reads', () => {
  let concertId: number;
  let performanceId: number;
  beforeAll(async () => {
    const [made, layoutId] = await Promise.all([site.kit.concert({ title: '꼬리표' }), site.kit.layout()]);
    concertId = made;
    ({ performanceId } = await site.kit.performance({ concertId, layoutId }));
  });

  const paths: [string, () => string, string][] = [
    ['the list', () => `/concerts?q=${encodeURIComponent('꼬리표')}`, 'public, max-age=10'],
    ['a concert', () => `/concerts/${concertId}`, 'public, max-age=10'],
    ['its dates', () => `/concerts/${concertId}/performances`, 'public, max-age=1'],
    ['a date', () => `/performances/${performanceId}`, 'public, max-age=1'],
  ];

  test.each(paths)('may be kept, and is not sent again to those who have it: %s', async (_, path, keep) => {
    const first = await site.get(path());
    expect(first).toMatchObject({ status: 200, headers: { 'cache-control': keep } });
    const { etag = '' } = first.headers;
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect(await site.get(path(), { 'if-none-match': etag })).toMatchObject({
      status: 304,
      body: {},
      headers: { etag, 'cache-control': keep },
    });
  });

  test.each(paths)('has another tag when it is different: %s', async (name, path) => {
    const before = await site.get(path());
    const changed = await site.patch(`/admin/concerts/${concertId}`, { title: `꼬리표 ${name}` });
    expect(changed.status).toBe(200);
    const after = await site.get(path(), { 'if-none-match': String(before.headers['etag']) });
    expect(after.status).toBe(200);
    expect(JSON.stringify(after.body)).toContain(`꼬리표 ${name}`);
  });

  test('has another tag when less is left', async () => {
    const path = `/performances/${performanceId}`;
    site.laidOut.set(performanceId, { remaining: 2, byPrice: [{ priceKrw: 50_000, remaining: 2 }] });
    const before = await site.get(path);
    site.laidOut.set(performanceId, { remaining: 1, byPrice: [{ priceKrw: 50_000, remaining: 1 }] });
    const after = await site.get(path, { 'if-none-match': String(before.headers['etag']) });
    expect(after).toMatchObject({
      status: 200,
      body: { remaining: 1, remainingByPrice: [{ priceKrw: 50_000, remaining: 1 }] },
    });
  });
});

describe('a change of a concert', () => {
  test('answers the whole concert, and as often as it is asked for', async () => {
    const { body: made } = await site.post('/admin/concerts', {
      title: '앞',
      description: '가',
      genre: '록',
    });
    const path = `/admin/concerts/${String(made['concertId'])}`;
    for (let round = 0; round < 2; round++) {
      expect(await site.patch(path, { title: '뒤', description: '나\n다' })).toMatchObject({
        status: 200,
        body: { ...made, title: '뒤', description: '나\n다' },
        headers: {},
      });
    }
  });

  test.each<[string, object]>([
    ['nothing', {}],
    ['a field that nobody knows', { title: 'a', artist: 'b' }],
    ['a title that is blank', { title: ' ' }],
    ['a title of several lines', { title: 'a\nb' }],
    ['a genre that is none', { genre: null }],
    ['a half of a character', { description: '\ud83d' }],
  ])('to %s is refused', async (_, change) => {
    const concertId = await site.kit.concert();
    expect(await site.patch(`/admin/concerts/${concertId}`, change)).toMatchObject({
      status: 400,
      body: { code: 'request.invalid' },
    });
  });

  test('of one that does not exist is not found, however large its id', async () => {
    for (const id of ['2147483647', '9999999999']) {
      expect(await site.patch(`/admin/concerts/${id}`, { title: 'a' })).toMatchObject({
        status: 404,
        body: { code: 'concert.not-found' },
      });
    }
  });

  test('is for the operator', async () => {
    const path = `/admin/concerts/${await site.kit.concert()}`;
    expect((await site.send('PATCH', path, { payload: { title: 'a' } })).body['code']).toBe(
      'operator.required',
    );
  });
});
