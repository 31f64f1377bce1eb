/** What every route can rely on, shown on routes made for it. */
import { PassThrough } from 'node:stream';
import { refused } from '#contract/problems.ts';
import Type, { type Static } from 'typebox';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { type AnswerBody, createEdge, type Edge, type EdgeOptions } from '../../test/support/edge.ts';
import { limits } from '../limits.ts';
import { Overloaded } from '../platform/batcher.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import { type App, idempotencyKeyOf, refusals, refuse } from './route.ts';

const AmountBody = Type.Object(
  {
    amount: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
    note: Type.Optional(Type.String({ maxLength: 20 })),
  },
  { additionalProperties: false },
);
const SECRET = 'select secret from hidden';

function routes(api: App): void {
  api.post(
    '/amounts',
    { schema: { body: AmountBody, response: { 201: AmountBody, ...refusals('seats.taken') } } },
    async (request, reply) => {
      // What a route may answer is checked when it is compiled, beside the problems that it may refuse with.
      const created = reply.code(201);
      expectTypeOf<Parameters<typeof created.send>>().toEqualTypeOf<[payload: Static<typeof AmountBody>]>();
      return created.send(request.body);
    },
  );
  const Wish = Type.Object({ room: Type.Optional(Type.String()) }, { additionalProperties: false });
  api.post(
    '/wishes',
    { schema: { body: Type.Union([Wish, Type.Null()]), response: { 200: Wish } } },
    async (request, reply) => reply.code(200).send({ room: request.body?.room ?? 'main' }),
  );
  const Query = Type.Object(
    { limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' })) },
    { additionalProperties: false },
  );
  api.get('/things/:id', { schema: { querystring: Query } }, async (request, reply) =>
    reply.send({ query: request.query }),
  );
  api.delete('/things/:id', async (_request, reply) => reply.code(204).send());
  api.get(
    '/taken',
    { schema: { response: { 200: Type.Object({}), ...refusals('seats.taken') } } },
    async (_request, reply) => refuse(reply, refused('seats.taken', { seats: [7] })),
  );
  api.get(
    '/odd',
    { schema: { response: { 409: Type.Object({ own: Type.Integer() }) } } },
    async (_request, reply) => refuse(reply, refused('seats.taken', { seats: [7] })),
  );
  api.get('/cacheable', async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=5').send({}),
  );
  api.get(
    '/private-field',
    { schema: { response: { 200: Type.Object({ a: Type.Integer() }) } } },
    async (_request, reply) => {
      const row = { a: 1, password: SECRET };
      return reply.send(row);
    },
  );
  api.post('/keyed', async (request, reply) => reply.send({ key: idempotencyKeyOf(request) }));
  api.get('/ip', async (request, reply) => reply.send({ ip: request.ip }));
  api.get('/never', () => new Promise(() => {}));
  for (const [name, error] of Object.entries(failures)) {
    api.get(`/fails/${name}`, () => Promise.reject(error));
  }
}

const pgError = (code: string) =>
  Object.assign(new Error(SECRET), { code, severity: 'ERROR', detail: SECRET });
const failures = {
  bug: new Error(SECRET),
  overloaded: new Overloaded(SECRET),
  down: new DatabaseFault(SECRET, new Error(SECRET)),
  again: new DatabaseFault(SECRET, pgError('40P01')),
  data: new DatabaseFault(SECRET, pgError('23514')),
};

async function edgeOf(options: EdgeOptions = {}): Promise<Edge> {
  const edge = await createEdge({ routes, ...options });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return edge;
}

function post(edge: Edge, path: string, payload: string | Buffer, headers: Record<string, string> = {}) {
  const type = { 'content-type': 'application/json' };
  return edge.app.inject({
    method: 'POST',
    url: `/api/v1${path}`,
    payload,
    headers: { ...type, ...headers },
  });
}

describe('bodies', () => {
  test('are taken as they are when they match the schema', async () => {
    const edge = await edgeOf();
    const answer = await post(edge, '/amounts', '{"amount":5,"note":"좌석"}', {
      'content-type': 'Application/JSON; Charset="UTF-8"',
    });
    expect([answer.statusCode, answer.json<AnswerBody>()]).toEqual([201, { amount: 5, note: '좌석' }]);
  });

  test.each([
    '{"amount":"5"}',
    '{"amount":0.1}',
    '{"amount":0}',
    '{"amount":-0}',
    '{"amount":-1}',
    '{"amount":1e400}',
    '{"amount":9007199254740993}',
    '{"amount":null}',
    '{"amount":[5]}',
    '{"amount":{}}',
    '{"amount":true}',
    '{"amount":5,"role":"admin"}',
    '{"amount":5,"note":1}',
    '{}',
    '[]',
    'null',
    '"5"',
    '',
    '{"amount":5,"amount":6}',
    '{"amount":5,"__proto__":{"note":"x"}}',
    '{"amount":5} x',
  ])('that do not match are refused and nothing is coerced, dropped or filled in: %s', async (body) => {
    const answer = await post(await edgeOf(), '/amounts', body);
    expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([400, 'request.invalid']);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  test('are refused with the field that is wrong and without its value', async () => {
    const edge = await edgeOf();
    const errors = async (body: string) => (await post(edge, '/amounts', body)).json<AnswerBody>().errors;
    expect(await errors('{"amount":"hunter2"}')).toEqual([
      { in: 'body', path: '/amount', message: 'must be integer' },
    ]);
    expect(await errors('{"amount":1,"pin":"hunter2"}')).toEqual([
      { in: 'body', path: '/pin', message: 'must NOT have additional properties' },
    ]);
    expect(await errors('{}')).toEqual([
      { in: 'body', path: '/amount', message: "must have required property 'amount'" },
    ]);
  });

  test('may be left out where the schema says so', async () => {
    const edge = await edgeOf();
    const bare = await edge.app.inject({ method: 'POST', url: '/api/v1/wishes' });
    expect([bare.statusCode, bare.json()]).toEqual([200, { room: 'main' }]);
    expect((await post(edge, '/wishes', '')).json()).toEqual({ room: 'main' });
    expect((await post(edge, '/wishes', '{"room":"a"}')).json()).toEqual({ room: 'a' });
    expect((await post(edge, '/wishes', '[]')).statusCode).toBe(400);
    expect((await edge.app.inject({ method: 'POST', url: '/api/v1/amounts' })).statusCode).toBe(400);
  });

  test.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-type': 'multipart/form-data; boundary=x' }],
    [{ 'content-type': 'application/json; charset=utf-16' }],
    [{ 'content-type': 'application/jsonx' }],
    [{ 'content-type': 'nonsense' }],
    [{ 'content-encoding': 'gzip' }],
  ])('of another kind are refused: %j', async (headers) => {
    const answer = await post(await edgeOf(), '/amounts', '{"amount":5}', headers);
    expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([
      415,
      'request.unsupported-media-type',
    ]);
  });

  test('are bounded, with a length given or without', async () => {
    const edge = await edgeOf();
    const most = `{"amount":5${' '.repeat(limits.http.bodyBytesMax - '{"amount":5}'.length)}}`;
    expect((await post(edge, '/amounts', most)).statusCode).toBe(201);
    const tooLarge = await post(edge, '/amounts', `${most} `);
    expect([tooLarge.statusCode, tooLarge.json<AnswerBody>().code]).toEqual([413, 'request.body-too-large']);
    const streamed = await edge.app.inject({
      method: 'POST',
      url: '/api/v1/amounts',
      payload: new PassThrough().end(`${most} `),
      headers: { 'content-type': 'application/json' },
    });
    expect([streamed.statusCode, streamed.json<AnswerBody>().code]).toEqual([413, 'request.body-too-large']);
  });
});

describe('paths and queries', () => {
  test.each(['?limit=1&limit=999', '?limit[]=1', '?limit=-1', '?limit=1e9', '?limit=', '?token=x'])(
    'a query that the schema does not know is refused: %s',
    async (query) => {
      const edge = await edgeOf();
      const answer = await edge.app.inject(`/api/v1/things/1${query}`);
      expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([400, 'request.invalid']);
    },
  );

  test('a query is text', async () => {
    const edge = await edgeOf();
    expect((await edge.app.inject('/api/v1/things/1?limit=7')).json<AnswerBody>()).toEqual({
      query: { limit: '7' },
    });
  });

  test.each([
    '/nothing',
    '/api/v1/nothing',
    '/api/v1/taken/',
    '/api/v1//taken',
    '/api/v1/TAKEN',
    '/api/v1/taken%2f',
    '/api/v1/things/%2e%2e%2f%2e%2e%2fetc/passwd',
    '/api/v1/%ff',
    `/api/v1/things/${'x'.repeat(limits.http.parameterLengthMax + 1)}`,
    '/docs/static/../../package.json',
    '/docs/static/%2e%2e%2fpackage.json',
  ])('a path that is not exactly a route leads nowhere: %s', async (url) => {
    const edge = await edgeOf();
    const answer = await edge.app.inject(url);
    expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([404, 'route.not-found']);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  test('a NUL is refused anywhere in the URL', async () => {
    const edge = await edgeOf();
    for (const url of ['/api/v1/things/%00', '/api/v1/things/1?limit=%00', '/%00']) {
      expect((await edge.app.inject(url)).statusCode).toBe(400);
    }
  });

  test.each([
    ['GET', '/api/v1/amounts', 'POST'],
    ['HEAD', '/api/v1/amounts', 'POST'],
    ['OPTIONS', '/api/v1/amounts', 'POST'],
    ['PUT', '/api/v1/things/7?x=1', 'DELETE, GET, HEAD'],
    ['TRACE', '/livez', 'GET, HEAD'],
    ['PATCH', '/problems/seats.taken', 'GET, HEAD'],
  ] as const)('%s %s is 405 and says what is allowed', async (method, url, allow) => {
    const edge = await edgeOf();
    const answer = await edge.app.inject({ method: method as 'GET', url });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(answer.json<AnswerBody>().code).toBe('route.method-not-allowed');
  });

  test('a method cannot be overridden by a header', async () => {
    const edge = await edgeOf();
    const headers = { 'x-http-method-override': 'DELETE' };
    const answer = await edge.app.inject({ method: 'POST', url: '/api/v1/things/7', headers });
    expect(answer.statusCode).toBe(405);
  });

  test('HEAD is GET without its body', async () => {
    const edge = await edgeOf();
    const answer = await edge.app.inject({ method: 'HEAD', url: '/livez' });
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
  });
});

describe('answers', () => {
  test('to a refusal say what happened and what to do, whatever the route’s schema', async () => {
    const edge = await edgeOf();
    const answer = await edge.app.inject('/api/v1/taken');
    expect(answer.statusCode).toBe(409);
    expect((await edge.app.inject('/api/v1/odd')).json<AnswerBody>().code).toBe('seats.taken');
    expect(answer.json<AnswerBody>()).toEqual({
      type: '/problems/seats.taken',
      title: 'At least one of the seats is taken',
      status: 409,
      code: 'seats.taken',
      next: expect.stringContaining('Choose others'),
      seats: [7],
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((await edge.app.inject('/problems/seats.taken')).json<AnswerBody>().code).toBe('seats.taken');
  });

  test('are not stored, guessed at, or told to other origins', async () => {
    const edge = await edgeOf();
    for (const url of ['/api/v1/things/1', '/api/v1/taken', '/nothing']) {
      const { headers } = await edge.app.inject({ url, headers: { origin: 'https://evil.example' } });
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
      expect(Object.keys(headers).filter((name) => /^access-control|^server$|^x-powered/.test(name))).toEqual(
        [],
      );
    }
    const cacheable = await edge.app.inject('/api/v1/cacheable');
    expect(cacheable.headers['cache-control']).toBe('public, max-age=5');
  });

  test('have the fields of the schema and no others', async () => {
    const edge = await edgeOf();
    expect((await edge.app.inject('/api/v1/private-field')).json<AnswerBody>()).toEqual({ a: 1 });
  });

  test.each([
    ['bug', 500, 'service.bug', 'error'],
    ['data', 500, 'service.bug', 'error'],
    ['down', 503, 'service.unavailable', 'warn'],
    ['again', 503, 'service.unavailable', 'warn'],
    ['overloaded', 503, 'service.overloaded', 'warn'],
  ] as const)('to a fault (%s) tell nothing of it; the log does', async (name, status, code, level) => {
    const edge = await edgeOf();
    const answer = await edge.app.inject(`/api/v1/fails/${name}`);
    expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([status, code]);
    expect(answer.body + JSON.stringify(answer.headers)).not.toMatch(/select|secret|hidden|Error|\.ts|node:/);
    expect(edge.log.lines).toEqual([
      {
        level,
        text: expect.any(String),
        fields: expect.objectContaining({
          err: failures[name],
          requestId: answer.json<AnswerBody>().requestId,
        }),
      },
    ]);
    const wait = answer.headers['retry-after'];
    expect(wait === undefined ? 0 : Number(wait)).toBeGreaterThanOrEqual(status === 503 ? 1 : 0);
  });

  test('to many at once are spread over one to three seconds', async () => {
    const edge = await edgeOf();
    const all = await Promise.all(Array.from({ length: 60 }, () => edge.app.inject('/api/v1/fails/down')));
    expect(new Set(all.map((answer) => Number(answer.headers['retry-after'])))).toEqual(new Set([1, 2, 3]));
  });

  test('to many failures do not flood the log', async () => {
    const edge = await edgeOf();
    await Promise.all(Array.from({ length: 200 }, () => edge.app.inject('/api/v1/fails/down')));
    expect(edge.log.lines.length).toBeGreaterThan(0);
    expect(edge.log.lines.length).toBeLessThan(60);
  });

  test('that do not come in time are given up', async () => {
    const edge = await edgeOf({ bounds: { handlerTimeoutMs: 30 } });
    const answer = await edge.app.inject('/api/v1/never');
    expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([503, 'service.timeout']);
  });

  test('have an id that the client did not choose', async () => {
    const edge = await edgeOf();
    const headers = { 'request-id': 'mine', 'x-request-id': 'mine' };
    const answer = await edge.app.inject({ url: '/api/v1/taken', headers });
    expect(answer.json<AnswerBody>().requestId).not.toBe('mine');
  });
});

describe('the client’s address', () => {
  const headers = { 'x-forwarded-for': '6.6.6.6, 9.9.9.9', forwarded: 'for=6.6.6.6' };
  test.each([
    [0, '127.0.0.1'],
    [1, '9.9.9.9'],
    [2, '6.6.6.6'],
  ])('behind %i proxies is %s', async (trustProxyHops, ip) => {
    const edge = await edgeOf({ trustProxyHops });
    expect((await edge.app.inject({ url: '/api/v1/ip', headers })).json<AnswerBody>()).toEqual({ ip });
  });
});

describe('an Idempotency-Key', () => {
  const keyed = async (headers: Record<string, string | string[]>) => {
    const answer = await (await edgeOf()).app.inject({ method: 'POST', url: '/api/v1/keyed', headers });
    return answer.json<AnswerBody>();
  };
  test('is required, and 1 to 255 visible characters', async () => {
    expect(await keyed({})).toMatchObject({ code: 'idempotency.key-missing' });
    expect(await keyed({ 'idempotency-key': 'x'.repeat(255) })).toEqual({ key: 'x'.repeat(255) });
    for (const key of ['', 'x'.repeat(256), 'a b', 'é', 'a\tb', ['a', 'a']]) {
      expect(await keyed({ 'idempotency-key': key })).toMatchObject({ code: 'idempotency.key-invalid' });
    }
  });
});

describe('an overloaded instance', () => {
  test('refuses the API at once and still tells how it is', async () => {
    let delayMs = 0;
    const edge = await edgeOf({ eventLoopDelayMs: () => delayMs });
    expect((await edge.app.inject('/api/v1/cacheable')).statusCode).toBe(200);
    delayMs = limits.http.eventLoopDelayMsMax + 1;
    const answer = await edge.app.inject('/api/v1/cacheable');
    expect([answer.statusCode, answer.json<AnswerBody>().code]).toEqual([503, 'service.overloaded']);
    expect((await edge.app.inject('/livez')).statusCode).toBe(200);
    expect((await edge.app.inject('/readyz')).statusCode).toBe(200);
    expect((await edge.app.inject('/metrics')).body).toContain(
      'frontrow_refusals_total{problem="service.overloaded"} 1',
    );
  });
});
