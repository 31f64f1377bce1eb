/** The routes over a real module; who is calling is settled by a door that believes the header. */
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { type App, type Door, type EventStreams, Refused, refuse } from '../http/route.ts';
import type { ActionNote } from '#contract/http/operator.ts';
import { refused } from '#contract/problems.ts';
import { systemClock } from '../platform/clock.ts';
import { createTokenSigner } from '../platform/signed-token.ts';
import { createWaitingRoom, type WaitingRoom } from './index.ts';
import { signPlace } from './place-token.ts';
import { queueAdminRoutes, queueRoutes } from './routes.ts';

const RUN_OUT = {
  name: 'test.run-out',
  text: `update waiting_room.token
    set expires_at = late.at, holds_until = late.at
    from (select clock_timestamp() as at) as late where room = 'brief'`,
};

function createDoor(waitingRoom: WaitingRoom): Door {
  const bearer = (request: FastifyRequest) => request.headers.authorization?.slice('Bearer '.length) ?? '';
  const place = (request: FastifyRequest) => {
    const holder = waitingRoom.verifyToken(bearer(request));
    if (holder === undefined) throw new Refused('queue.token-invalid');
    request.caller = { kind: 'place', ...holder };
    return Promise.resolve();
  };
  return {
    account: (request: FastifyRequest) => {
      request.caller = { kind: 'account', userId: bearer(request) };
      return Promise.resolve();
    },
    place,
    turn: place,
    refusalNow: () => Promise.resolve(undefined),
    operator: (request: FastifyRequest) => {
      if (bearer(request) !== 'operator') throw new Refused('operator.required');
      request.caller = { kind: 'operator' };
      return Promise.resolve();
    },
  };
}

/** An instance that has as many streams as it can have. */
const streams: EventStreams = {
  open: () => refused('service.overloaded'),
  closeAll: () => {},
  count: 0,
};

function createApp(waitingRoom: WaitingRoom): App {
  const strict = { coerceTypes: false, removeAdditional: false } as const;
  const app: App = Fastify({ ajv: { customOptions: strict } });
  app.decorateRequest('caller', null);
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refused) return refuse(reply, error.refusal);
    return reply
      .code(error instanceof Error && 'validation' in error ? 400 : 500)
      .send({ message: String(error) });
  });
  const deps = { waitingRoom, door: createDoor(waitingRoom), streams };
  queueRoutes(app, deps);
  queueAdminRoutes(app, deps);
  return app;
}

describe('the routes of the line', () => {
  let db: TestDatabase;
  let app: App;
  const notes: ActionNote[] = [];
  const signer = createTokenSigner([{ kid: 'k1', secret: Buffer.alloc(32, 1) }], systemClock);

  beforeAll(async () => {
    db = await createTestDatabase();
    const waitingRoom = createWaitingRoom({
      database: db.database,
      clock: systemClock,
      logger: createLogRecorder().logger,
      observe: () => {},
      signer,
      defaultPolicy: { rateCount: 1, rateWindowMs: 3_600_000, capacity: 1_000 },
      activeTtlMs: 600_000,
      claimWindowMs: 120_000,
      onLoss: () => {},
      record: (tx, note) => tx.onCommit(() => notes.push(note)),
    });
    await waitingRoom.prepare();
    app = createApp(waitingRoom);
  });
  afterAll(async () => {
    await app.close();
    await db[Symbol.asyncDispose]();
  });

  async function ask(
    method: 'GET' | 'POST' | 'DELETE' | 'PATCH',
    url: string,
    token?: string,
    body?: object,
    tag?: string,
  ) {
    const response = await app.inject({
      method,
      url,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(tag !== undefined && { 'if-none-match': tag }),
      },
      ...(body !== undefined && { payload: body }),
    });
    const json = response.body === '' ? {} : response.json<Record<string, unknown>>();
    return { status: response.statusCode, headers: response.headers, json, text: response.body };
  }
  const admin = (method: 'GET' | 'POST' | 'PATCH', url: string, body?: object) =>
    ask(method, `/admin/queue/rooms${url}`, 'operator', body);

  test('join, ask, leave', async () => {
    const [me, you] = [randomUUID(), randomUUID()];
    const first = await ask('POST', '/queue/tokens', me);
    expect(first).toMatchObject({
      status: 201,
      json: { userId: me, room: 'main', number: 1, state: 'ACTIVE', ahead: 0, token: expect.any(String) },
    });
    expect(first.json['turnExpiresAt']).toMatch(/Z$/);
    expect((await ask('POST', '/queue/tokens', me, {})).json).toMatchObject({ number: 1, state: 'ACTIVE' });
    expect((await ask('POST', '/queue/tokens', me, { room: 'main' })).status).toBe(200);

    const second = await ask('POST', '/queue/tokens', you);
    const { token, ...standing } = second.json;
    expect(standing).toEqual({
      userId: you,
      room: 'main',
      number: 2,
      state: 'WAITING',
      ahead: 0,
      estimatedWaitMs: 3_600_000,
      waitAtLeastMs: 0,
      pollAfterMs: expect.any(Number),
      roomState: 'OPEN',
    });
    const asked = await ask('GET', '/queue/tokens/me', String(token));
    expect(asked).toMatchObject({ status: 200, json: standing });

    expect((await ask('DELETE', '/queue/tokens/me', String(token))).status).toBe(204);
    expect((await ask('DELETE', '/queue/tokens/me', String(token))).status).toBe(204);
    expect((await ask('GET', '/queue/tokens/me', String(token))).json).toMatchObject({ state: 'LEFT' });
    expect((await ask('GET', '/queue/tokens/me', me)).json).toMatchObject({ code: 'queue.token-invalid' });
  });

  test('a room is the same bytes for everybody, and a cache may keep them', async () => {
    await admin('POST', '', { room: 'same', state: 'PAUSED' });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        ask('GET', '/queue/rooms/same', i % 2 === 0 ? undefined : randomUUID()),
      ),
    );
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.headers.etag)).size).toBe(1);
    const { headers, json } = await ask('GET', '/queue/rooms/same');
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=1, s-maxage=1, stale-while-revalidate=5',
      'content-type': 'application/json; charset=utf-8',
      etag: expect.stringMatching(/^"/),
    });
    expect(json).toEqual({
      room: 'same',
      state: 'PAUSED',
      opensAt: null,
      head: 0,
      lastNumber: 0,
      waiting: 0,
      active: 0,
      admitted: 0,
      admittedPerMinute: null,
      rateCount: 1,
      rateWindowMs: 3_600_000,
      capacity: 1_000,
    });
    const tag = String(headers.etag);
    expect(await ask('GET', '/queue/rooms/same', randomUUID(), undefined, tag)).toMatchObject({
      status: 304,
      text: '',
    });
    await admin('PATCH', '/same', { state: 'OPEN' });
    expect(await ask('GET', '/queue/rooms/same', undefined, undefined, tag)).toMatchObject({
      status: 200,
      json: { state: 'OPEN' },
    });
    const none = await ask('GET', '/queue/rooms/nowhere');
    expect(none.json).toMatchObject({ status: 404, code: 'queue.room-not-found' });
    expect(none.headers['cache-control']).toBe('no-store');
  });

  test('whose turn has run out is told when to join again', async () => {
    await admin('POST', '', { room: 'brief', rateCount: null, rateWindowMs: null });
    const me = randomUUID();
    const join = () => ask('POST', '/queue/tokens', me, { room: 'brief' });
    expect((await join()).status).toBe(201);
    await db.database.rows(RUN_OUT, []);
    const early = await join();
    expect(early).toMatchObject({ status: 409, json: { code: 'queue.turn-ending' } });
    expect(early.json['retryAfterMs']).toBeGreaterThan(0);
    expect(Number(early.headers['retry-after'])).toBe(Math.ceil(Number(early.json['retryAfterMs']) / 1_000));
  });

  test('a room opens when the organiser says so, and not before', async () => {
    const opensAt = '2999-01-01T10:00:00.000Z';
    expect(await admin('POST', '', { room: 'later', opensAt })).toMatchObject({ json: { opensAt } });
    const early = await ask('POST', '/queue/tokens', randomUUID(), { room: 'later' });
    expect(early).toMatchObject({ status: 409, json: { code: 'queue.room-not-open', opensAt } });
    const sooner = '2020-01-01T10:00:00.000Z';
    expect((await admin('PATCH', '/later', { opensAt: sooner })).json).toMatchObject({ opensAt: sooner });
    expect((await ask('POST', '/queue/tokens', randomUUID(), { room: 'later' })).status).toBe(201);
    expect((await admin('PATCH', '/later', { opensAt: null })).json).toMatchObject({ opensAt: null });
  });

  test('what the organiser did is written down as it was before and after, and only what was done', async () => {
    notes.length = 0;
    await admin('POST', '', { room: 'noted', capacity: 5 });
    await admin('POST', '', { room: 'noted', capacity: 6 });
    await admin('PATCH', '/noted', { state: 'PAUSED', capacity: 7 });
    await admin('PATCH', '/noted', { rateCount: null });
    await admin('PATCH', '/nowhere', { capacity: 7 });
    const call = { requestId: expect.any(String), address: '127.0.0.1' };
    const [was, is] = [
      { state: 'OPEN', opensAt: null, capacity: 5 },
      { state: 'PAUSED', opensAt: null, capacity: 7 },
    ];
    expect(notes).toHaveLength(2);
    expect(notes).toMatchObject([
      { action: 'room.create', subject: 'noted', before: null, after: was, call },
      { action: 'room.change', subject: 'noted', before: was, after: is, call },
    ]);
    const { at, ...terms } = (notes[1]?.after ?? {}) as { at?: string };
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect((await admin('GET', '/noted')).json).toMatchObject(terms);
  });

  test('after a new epoch who is in line stands there as before, and a token of what is lost is over', async () => {
    await admin('POST', '', { room: 'restored', state: 'PAUSED' });
    const join = async (userId: string) =>
      (await ask('POST', '/queue/tokens', userId, { room: 'restored' })).json;
    const [first, second] = [await join(randomUUID()), await join(randomUUID())];
    expect([first, second]).toMatchObject([{ ahead: 0 }, { ahead: 1 }]);
    // As it was given in the commits that are lost: the epoch of before, and a number that is given again.
    const userId = randomUUID();
    const lost = signPlace(signer, { userId, place: { room: 'restored', epoch: 1, number: 3 } }, Date.now());

    notes.length = 0;
    expect(await admin('POST', '/restored/epoch')).toMatchObject({
      status: 200,
      json: { room: 'restored', lastNumber: 2, waiting: 2 },
    });
    const told = { action: 'room.new-epoch', subject: 'restored' };
    const [before, after] = [
      { epoch: 1, firstNumber: 1 },
      { epoch: 2, firstNumber: 3 },
    ];
    expect(notes).toMatchObject([{ ...told, before, after }]);
    const third = await join(randomUUID());
    expect(third).toMatchObject({ number: 3, state: 'WAITING', ahead: 2 });

    const standing = (token: unknown) => ask('GET', '/queue/tokens/me', String(token));
    for (const [token, ahead] of [first, second, third].map((each, index) => [each['token'], index])) {
      expect((await standing(token)).json).toMatchObject({ state: 'WAITING', ahead });
    }
    expect((await standing(lost)).json).toMatchObject({ state: 'EXPIRED' });
    expect((await ask('GET', '/queue/tokens/me/stream', lost)).status).toBe(204);
    await ask('DELETE', '/queue/tokens/me', lost);
    expect((await standing(third['token'])).json).toMatchObject({ state: 'WAITING' });
    expect(await join(userId)).toMatchObject({ number: 4, state: 'WAITING', ahead: 3 });
    expect((await admin('POST', '/nowhere/epoch')).json).toMatchObject({ code: 'queue.room-not-found' });
    expect((await ask('POST', '/admin/queue/rooms/restored/epoch', 'fan')).status).toBe(401);
  });

  test('when there can be no more streams, one is told so, and asks again and again', async () => {
    const people = [randomUUID(), randomUUID()].map((person) => ask('POST', '/queue/tokens', person));
    const token = String((await people[1])?.json['token']);
    expect(await ask('GET', '/queue/tokens/me/stream', token)).toMatchObject({
      status: 503,
      headers: { 'retry-after': expect.any(String) },
      json: { code: 'service.overloaded' },
    });
    expect((await ask('GET', '/queue/tokens/me', token)).status).toBe(200);
  });

  test('the organiser opens, changes and closes a room', async () => {
    const terms = { rateCount: null, rateWindowMs: null, capacity: 1 };
    expect(await admin('POST', '', { room: 'sale', ...terms })).toMatchObject({
      status: 201,
      json: { ...terms, state: 'OPEN' },
    });
    expect(await admin('POST', '', { room: 'sale', capacity: 9 })).toMatchObject({
      status: 200,
      json: terms,
    });
    const people = [randomUUID(), randomUUID()];
    for (const person of people) await ask('POST', '/queue/tokens', person, { room: 'sale' });
    expect((await admin('PATCH', '/sale', { capacity: 2 })).json).toMatchObject({
      active: 2,
      capacity: 2,
      rateCount: null,
    });
    expect((await admin('PATCH', '/sale', { state: 'CLOSED' })).json).toMatchObject({
      state: 'CLOSED',
      capacity: 2,
    });
    const late = await ask('POST', '/queue/tokens', randomUUID(), { room: 'sale' });
    expect(late).toMatchObject({ status: 409, json: { code: 'queue.room-closed' } });
    const list = (await admin('GET', '')).json['rooms'] as { room: string }[];
    expect(list.map((each) => each.room)).toEqual(expect.arrayContaining(['main', 'sale']));
  });

  test.each([
    ['POST', '/queue/tokens', { room: 'No Such Name' }],
    ['POST', '/queue/tokens', { room: 7 }],
    ['POST', '/queue/tokens', { room: 'main', number: 1 }],
    ['POST', '/queue/tokens', [] as object],
    ['GET', '/queue/rooms/UPPER', undefined],
    ['PATCH', '/admin/queue/rooms/main', {}],
    ['PATCH', '/admin/queue/rooms/main', { rateCount: null }],
    ['PATCH', '/admin/queue/rooms/main', { rateCount: 1.5, rateWindowMs: 1_000 }],
    ['PATCH', '/admin/queue/rooms/main', { capacity: 0 }],
    ['PATCH', '/admin/queue/rooms/main', { capacity: '5' }],
    ['PATCH', '/admin/queue/rooms/main', { state: 'AJAR' }],
    ['PATCH', '/admin/queue/rooms/main', { head: 5 }],
    ['PATCH', '/admin/queue/rooms/main', { opensAt: 'tomorrow' }],
    ['POST', '/admin/queue/rooms', { room: 'half', rateWindowMs: null }],
  ] as const)('%s %s %j is refused', async (method, url, body) => {
    expect((await ask(method, url, 'operator', body)).status).toBe(400);
  });

  test.each([
    ['POST', '', { room: 'half', rateWindowMs: null }],
    ['PATCH', '/main', { rateCount: null }],
  ] as const)('half a rate is refused by its field: %s %s %j', async (method, url, body) => {
    expect((await admin(method, url, body)).json).toMatchObject({
      code: 'request.invalid',
      errors: [{ in: 'body', path: '/rateWindowMs', message: expect.any(String) }],
    });
  });

  test.each([
    ['POST', '', { room: 'never', opensAt: '2027-02-31T00:00:00.000Z' }],
    ['POST', '', { room: 'never', opensAt: '0000-01-01T00:00:00.000Z' }],
    ['PATCH', '/main', { opensAt: '2027-02-28T24:00:00.000Z' }],
    ['PATCH', '/main', { opensAt: '2027-02-28T23:59:60.000Z' }],
  ] as const)('a time that there is not is refused by its field: %s %s %j', async (method, url, body) => {
    expect(await admin(method, url, body)).toMatchObject({
      status: 400,
      json: {
        code: 'request.invalid',
        errors: [{ in: 'body', path: '/opensAt', message: expect.any(String) }],
      },
    });
    expect((await admin('GET', '/never')).status).toBe(404);
  });

  test('only the organiser sees and steers', async () => {
    expect((await ask('GET', '/admin/queue/rooms', randomUUID())).status).toBe(401);
    expect((await ask('GET', '/admin/queue/rooms/main', randomUUID())).status).toBe(401);
    expect((await ask('PATCH', '/admin/queue/rooms/main', randomUUID(), { capacity: 1 })).status).toBe(401);
    expect((await ask('POST', '/admin/queue/rooms', undefined, { room: 'mine' })).status).toBe(401);
    for (const answer of [
      await admin('PATCH', '/nowhere', { capacity: 1 }),
      await admin('GET', '/nowhere'),
    ]) {
      expect(answer.json).toMatchObject({ code: 'queue.room-not-found' });
    }
  });
});
