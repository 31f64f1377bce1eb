/** Tokens of an issuer whose keys are served over real HTTP. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createEdge } from '../../../test/support/edge.ts';
import { derivedUuid } from '../../platform/identifiers.ts';
import { createJwtAccounts } from './jwt.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'frontrow';
const USER = '0d9c1c2e-0000-4000-8000-000000000001';
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const pairs = new Map<string, Pair>();
let stranger: Pair;

function pairOf(algorithm: string): Pair {
  const pair = pairs.get(algorithm);
  assert(pair !== undefined, `there are keys for ${algorithm}`);
  return pair;
}

beforeAll(async () => {
  for (const algorithm of ALGORITHMS) pairs.set(algorithm, await generateKeyPair(algorithm));
  stranger = await generateKeyPair('ES256');
});

interface Issuer {
  readonly url: string;
  asked(): number;
  fail(how: 'status' | 'nonsense'): void;
}

async function startIssuer(): Promise<Issuer> {
  const keys = await Promise.all(
    ALGORITHMS.map(async (alg) => ({ ...(await exportJWK(pairOf(alg).publicKey)), alg, kid: alg })),
  );
  let asked = 0;
  let failure: 'status' | 'nonsense' | undefined;
  const server = createServer((_request, response) => {
    asked++;
    response.statusCode = failure === 'status' ? 500 : 200;
    response.end(failure === 'nonsense' ? '<html>' : JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    asked: () => asked,
    fail: (how) => {
      failure = how;
    },
  };
}

async function accountAt(jwksUrl: string) {
  const edge = await createEdge({
    accounts: createJwtAccounts({ jwksUrl, issuer: ISSUER, audience: AUDIENCE }),
    routes: (api, door) => {
      api.get('/account', { onRequest: door.account }, async (request, reply) => reply.send(request.caller));
    },
  });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await edge.app.inject({ url: '/api/v1/account', headers })).json<Record<string, unknown>>();
  };
}

interface Wish {
  readonly alg?: (typeof ALGORITHMS)[number];
  readonly kid?: string;
  readonly key?: Pair['privateKey'] | Uint8Array;
  readonly claims?: Record<string, unknown>;
}

function tokenOf({ alg = 'ES256', kid = alg, key, claims = {} }: Wish = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: ISSUER, aud: AUDIENCE, sub: USER, exp: now + 60, ...claims };
  const given: JWTPayload = Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(given).setProtectedHeader({ alg, kid }).sign(key ?? pairOf(alg).privateKey);
}

test.each(ALGORITHMS)('a token of the issuer is an account (%s)', async (alg) => {
  const account = await accountAt((await startIssuer()).url);
  expect(await account(await tokenOf({ alg }))).toEqual({ kind: 'account', userId: USER });
});

test('a subject that is no UUID always becomes the same one', async () => {
  const account = await accountAt((await startIssuer()).url);
  const userId = derivedUuid('jwt', ISSUER, 'auth0|17');
  expect(await account(await tokenOf({ claims: { sub: 'auth0|17' } }))).toEqual({ kind: 'account', userId });
});

test('the keys are fetched once', async () => {
  const issuer = await startIssuer();
  const account = await accountAt(issuer.url);
  for (let i = 0; i < 5; i++) await account(await tokenOf());
  expect(issuer.asked()).toBe(1);
});

describe('refused is', () => {
  const past = Math.floor(Date.now() / 1000) - 3_600;
  test.each<[string, Wish]>([
    ['an ended token', { claims: { exp: past } }],
    ['a token of later', { claims: { nbf: past + 7_200 } }],
    ['a token without an end', { claims: { exp: undefined } }],
    ['a token without a subject', { claims: { sub: undefined } }],
    ['a token with an empty subject', { claims: { sub: '' } }],
    ['a token for another audience', { claims: { aud: 'elsewhere' } }],
    ['a token of another issuer', { claims: { iss: 'https://evil.example' } }],
    ['a token with an unknown key', { kid: 'other' }],
  ])('%s', async (_what, wish) => {
    const account = await accountAt((await startIssuer()).url);
    expect(await account(await tokenOf(wish))).toMatchObject({ status: 401, code: 'account.token-invalid' });
  });

  test('a token signed by somebody else under a known name', async () => {
    const account = await accountAt((await startIssuer()).url);
    const token = await tokenOf({ key: stranger.privateKey });
    expect(await account(token)).toMatchObject({ code: 'account.token-invalid' });
  });

  test('a token without a signature, or signed with the public key as a secret', async () => {
    const account = await accountAt((await startIssuer()).url);
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [, payload = ''] = (await tokenOf()).split('.');
    const unsigned = `${part({ alg: 'none' })}.${payload}.`;
    const secret = Buffer.from(JSON.stringify(await exportJWK(pairOf('ES256').publicKey)));
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload;
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'ES256' })
      .sign(secret);
    for (const token of [unsigned, confused, 'not.a.token', 'x']) {
      expect(await account(token)).toMatchObject({ status: 401, code: 'account.token-invalid' });
    }
  });
});

test.each(['status', 'nonsense'] as const)('an issuer that fails (%s) lets nobody in', async (how) => {
  const issuer = await startIssuer();
  issuer.fail(how);
  const account = await accountAt(issuer.url);
  expect(await account(await tokenOf())).toMatchObject({ status: 503, code: 'service.unavailable' });
});

test('an issuer that is not there lets nobody in', async () => {
  const account = await accountAt('http://127.0.0.1:1/keys');
  expect(await account(await tokenOf())).toMatchObject({ status: 503, code: 'service.unavailable' });
});
