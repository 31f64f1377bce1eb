import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { systemClock } from '../platform/clock.ts';
import { createApp } from './app.ts';
import { type App, contentOf, notModified, sendTagged } from './route.ts';

const KEEP = 'public, max-age=5';
let app: App;
let greeting = '안녕';

beforeAll(() => {
  app = createApp({ logger: createLogRecorder().logger, clock: systemClock, trustProxyHops: 0 });
  const response = { 200: Type.Object({ greeting: Type.String() }), ...notModified };
  app.get('/greeting', { schema: { response } }, async (_request, reply) =>
    // What the schema does not name is not sent, and so does not change the tag.
    sendTagged(reply, contentOf(reply, { greeting, secret: Math.random() }), KEEP),
  );
});
afterAll(() => app.close());

const get = (given?: string, method: 'GET' | 'HEAD' = 'GET') =>
  app.inject({ method, url: '/greeting', headers: given === undefined ? {} : { 'if-none-match': given } });

describe('a tagged answer', () => {
  test('is JSON by the schema of its route, and says how long it may be kept', async () => {
    const answer = await get();
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ greeting: '안녕' });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(answer.body)),
      'cache-control': KEEP,
    });
    expect(answer.headers.etag).toMatch(/^"[\w-]{22}"$/);
  });

  test('has the same tag as long as it is the same, and another one after that', async () => {
    const { etag } = (await get()).headers;
    expect((await get()).headers.etag).toBe(etag);
    greeting = 'hello';
    expect((await get()).headers.etag).not.toBe(etag);
  });

  test('is not sent again to those who have it', async () => {
    const etag = String((await get()).headers.etag);
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, `"a, b",${etag} , "c"`, '*', ' * ']) {
      const answer = await get(given);
      expect(answer).toMatchObject({ statusCode: 304, body: '' });
      expect(answer.headers).toMatchObject({ etag, 'cache-control': KEEP });
      expect(answer.headers['content-type']).toBeUndefined();
    }
  });

  test('is sent to those who have another one, or name none', async () => {
    const etag = String((await get()).headers.etag);
    for (const given of ['"other"', etag.slice(1, -1), '"a,*,b"', '', '"']) {
      expect((await get(given)).statusCode).toBe(200);
    }
  });

  test('has its head without the body', async () => {
    const whole = await get();
    const head = await get(undefined, 'HEAD');
    expect(head).toMatchObject({ statusCode: 200, body: '' });
    expect(head.headers).toMatchObject({
      etag: whole.headers.etag,
      'content-length': whole.headers['content-length'],
    });
  });
});
