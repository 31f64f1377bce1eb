/** Each guard, with the tokens that it must and must not take. */
import type { Place } from '#contract/ids.ts';
import type { ProblemCode } from '#contract/problems.ts';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type AnswerBody,
  createEdge,
  type Edge,
  EDGE_OPERATOR_TOKEN,
  type EdgeOptions,
} from '../../test/support/edge.ts';
import type { TokenSigner } from '../platform/signed-token.ts';
import type { TurnKeeper } from './door.ts';
import { createTrustedAccounts } from './identity/trusted.ts';
import { type App, type Door, refuse } from './route.ts';

const USER = '0d9c1c2e-0000-4000-8000-000000000001';
const OTHER = '0d9c1c2e-0000-4000-8000-000000000002';
const PLACE: Place = { room: 'main', epoch: 1, number: 48_112 };

/** `paying`: past its own end, and kept for a hold. */
type State = Awaited<ReturnType<TurnKeeper['requireActive']>> | 'paying';

/** A line whose tokens are real and whose answers are the test's. */
function lineThatSays(state: State | Error) {
  return (signer: TokenSigner): TurnKeeper => ({
    verifyToken: (text) => {
      const claims = signer.verify('queue', text);
      return claims && { userId: String(claims['sub']), place: PLACE };
    },
    requireActive: (place, userId, act) => {
      expect([place, userId]).toEqual([PLACE, USER]);
      if (state === 'paying') return Promise.resolve(act === 'hold' ? 'over' : 'active');
      return state instanceof Error ? Promise.reject(state) : Promise.resolve(state);
    },
  });
}

function routes(api: App, door: Door): void {
  api.get('/account', { onRequest: door.account }, async (request, reply) => reply.send(request.caller));
  api.get('/place', { onRequest: door.place }, async (request, reply) => reply.send(request.caller));
  api.get('/turn', { onRequest: door.turn }, async (request, reply) => reply.send(request.caller));
  for (const act of ['look', 'hold', 'pay'] as const) {
    api.get(`/turn/${act}`, { onRequest: door.place }, async (request, reply) => {
      const refusal = await door.refusalNow(request, act);
      return refusal === undefined ? reply.send(request.caller) : refuse(reply, refusal);
    });
  }
  api.get('/operator', { onRequest: door.operator }, async (request, reply) => reply.send(request.caller));
}

async function edgeOf(options: EdgeOptions & { state?: State | Error } = {}): Promise<Edge> {
  const { state = 'active', ...rest } = options;
  const edge = await createEdge({ routes, waitingRoom: lineThatSays(state), ...rest });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return edge;
}

async function knock(edge: Edge, route: string, headers: Record<string, string | string[]> = {}) {
  const answer = await edge.app.inject({ url: `/api/v1${route}`, headers });
  return answer.json<Record<string, unknown>>();
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('a guest has an account, and it is the one that the token names', async () => {
  const edge = await edgeOf();
  const guest = (await edge.app.inject({ method: 'POST', url: '/api/v1/guests' })).json<AnswerBody>();
  expect(guest.userId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(await knock(edge, '/account', bearer(guest.accessToken))).toEqual({
    kind: 'account',
    userId: guest.userId,
  });
  const again = (await edge.app.inject({ method: 'POST', url: '/api/v1/guests' })).json<AnswerBody>();
  expect(again.userId).not.toBe(guest.userId);
});

test('a queue token stands for its user and place', async () => {
  const edge = await edgeOf();
  const caller = { kind: 'place', userId: USER, place: PLACE };
  const token = edge.signer.sign('queue', { sub: USER });
  expect(await knock(edge, '/place', bearer(token))).toEqual(caller);
  expect(await knock(edge, '/turn', bearer(token))).toEqual(caller);
  expect(await knock(edge, '/turn', { authorization: `bearer ${token}` })).toEqual(caller);
});

test.each<[State, ProblemCode]>([
  ['waiting', 'queue.not-admitted'],
  ['over', 'queue.turn-over'],
  ['foreign', 'queue.token-foreign'],
])('without a turn (%s) the place is known and the turn refused', async (state, code) => {
  const edge = await edgeOf({ state });
  const token = bearer(edge.signer.sign('queue', { sub: USER }));
  expect(await knock(edge, '/place', token)).toMatchObject({ userId: USER });
  expect(await knock(edge, '/turn', token)).toMatchObject({ status: 403, code });
});

test('a turn past its own end lets its owner look and pay, and hold nothing more', async () => {
  const edge = await edgeOf({ state: 'paying' });
  const token = bearer(edge.signer.sign('queue', { sub: USER }));
  for (const route of ['/turn', '/turn/look', '/turn/pay']) {
    expect(await knock(edge, route, token)).toMatchObject({ userId: USER });
  }
  expect(await knock(edge, '/turn/hold', token)).toMatchObject({ status: 403, code: 'queue.turn-over' });
});

test('when the line cannot say, the door stays shut', async () => {
  const failure = new Error('the line is gone');
  const edge = await edgeOf({ state: failure });
  const token = bearer(edge.signer.sign('queue', { sub: USER }));
  for (const route of ['/turn', '/turn/look', '/turn/hold', '/turn/pay']) {
    const answer = await knock(edge, route, token);
    expect(answer).toMatchObject({ status: 503, code: 'service.unavailable' });
  }
  expect(edge.log.lines).toHaveLength(4);
  for (const { fields } of edge.log.lines) expect(fields).toMatchObject({ err: failure });
});

describe.each<[string, ProblemCode, ProblemCode]>([
  ['/account', 'account.required', 'account.token-invalid'],
  ['/place', 'queue.token-required', 'queue.token-invalid'],
  ['/turn', 'queue.token-required', 'queue.token-invalid'],
  ['/operator', 'operator.required', 'operator.required'],
])('%s', (route, missing, invalid) => {
  test('needs a token, in the header and nowhere else', async () => {
    const edge = await edgeOf();
    const good = {
      account: edge.signer.sign('account', { sub: USER }),
      queue: edge.signer.sign('queue', { sub: USER }),
    };
    expect(await knock(edge, route)).toMatchObject({ status: 401, code: missing });
    for (const token of [...Object.values(good), EDGE_OPERATOR_TOKEN]) {
      const query = `?token=${token}&access_token=${token}&authorization=Bearer%20${token}`;
      expect(await knock(edge, route + query)).toMatchObject({ code: missing });
      expect(await knock(edge, route, { cookie: `token=${token}` })).toMatchObject({ code: missing });
    }
  });

  test('takes no forged, foreign or doubled token', async () => {
    const edge = await edgeOf();
    const type = route === '/account' ? 'account' : 'queue';
    const good = route === '/operator' ? EDGE_OPERATOR_TOKEN : edge.signer.sign(type, { sub: USER });
    const [header = '', payload = '', mac = ''] = good.split('.');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = [
      '',
      'x',
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${part({ sub: OTHER, iat: 1 })}.${mac}`,
      `${part({ alg: 'none', typ: type, kid: 'k1' })}.${payload}.`,
      `${part({ alg: 'HS256', typ: type, kid: 'k2' })}.${payload}.${mac}`,
      `${good}x`,
      good.slice(1),
      edge.signer.sign(type === 'account' ? 'queue' : 'account', { sub: USER }),
      edge.signer.sign('ticket', { sub: USER }),
      route === '/operator' ? edge.signer.sign('account', { sub: USER }) : EDGE_OPERATOR_TOKEN,
    ];
    expect(await knock(edge, route, bearer(good))).not.toHaveProperty('code');
    for (const token of forged) {
      expect(await knock(edge, route, bearer(token)), token).toMatchObject({ status: 401, code: invalid });
    }
    for (const authorization of [
      good,
      `Basic ${good}`,
      `Bearer  ${good}`,
      `Bearer ${good} ${good}`,
      `Bearer ${good},`,
    ]) {
      expect(await knock(edge, route, { authorization })).toMatchObject({ code: invalid });
    }
    const twice = { authorization: [`Bearer ${good}`, `Bearer ${good}`] };
    expect(await knock(edge, route, twice)).toMatchObject({ code: invalid });
  });
});

test('an account token without a user is nobody’s', async () => {
  const edge = await edgeOf();
  for (const claims of [{}, { sub: 7 }, { sub: 'me' }, { sub: USER.toUpperCase() }]) {
    const answer = await knock(edge, '/account', bearer(edge.signer.sign('account', claims)));
    expect(answer).toMatchObject({ code: 'account.token-invalid' });
  }
});

describe('behind a gateway', () => {
  const trusted = { accounts: createTrustedAccounts('x-user-id') };

  test('the header is the account', async () => {
    const edge = await edgeOf(trusted);
    const account = (header: string | string[]) => knock(edge, '/account', { 'x-user-id': header });
    expect(await account(USER)).toEqual({ kind: 'account', userId: USER });
    expect(await account(USER.toUpperCase())).toEqual({ kind: 'account', userId: USER });
    expect(await knock(edge, '/account')).toMatchObject({ code: 'account.required' });
    expect(await knock(edge, '/account', bearer(edge.signer.sign('account', { sub: USER })))).toMatchObject({
      code: 'account.required',
    });
    for (const header of ['', 'me', `{${USER}}`, `${USER},${USER}`, [USER, USER]]) {
      expect(await account(header)).toMatchObject({ code: 'account.token-invalid' });
    }
  });

  test('a queue token works for the user that the header names, and for no other', async () => {
    const edge = await edgeOf(trusted);
    const token = bearer(edge.signer.sign('queue', { sub: USER }));
    expect(await knock(edge, '/turn', { ...token, 'x-user-id': USER })).toMatchObject({ userId: USER });
    expect(await knock(edge, '/turn', token)).toMatchObject({ userId: USER });
    for (const route of ['/place', '/turn']) {
      expect(await knock(edge, route, { ...token, 'x-user-id': OTHER })).toMatchObject({
        status: 403,
        code: 'queue.token-foreign',
      });
    }
  });

  test('there are no guests', async () => {
    const edge = await edgeOf(trusted);
    expect((await edge.app.inject({ method: 'POST', url: '/api/v1/guests' })).statusCode).toBe(404);
  });
});
