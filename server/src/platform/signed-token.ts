/**
 * Signed tokens: compact JWS, HS256, and nothing else.
 *
 * We only ever accept what we would have written ourselves, character by character: the header is looked up
 * among the few that our keys can make, never parsed, so `alg`, `typ` and `kid` are not the sender's choice;
 * and the signature is compared as text, so there is no second spelling of one token.
 */
import assert from 'node:assert/strict';
import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';

export interface Claims {
  readonly [name: string]: unknown;
  /** When it was signed, in seconds since 1970. */
  readonly iat: number;
  /** When it ends, in seconds since 1970; without it the token does not end. */
  readonly exp?: number;
}

export interface TokenSigner {
  /** Signs with the first key. `exp` may be among the claims; `iat` is added. */
  sign(type: string, claims: object): string;
  /** What the token claims; undefined unless it is ours, of this very type, and of now. */
  verify(type: string, token: string): Claims | undefined;
}

export interface TokenKey {
  readonly kid: string;
  readonly secret: Uint8Array;
}

const TOKEN_LENGTH_MAX = 2_048;
/** How far the clocks of two instances may differ. */
const SKEW_SECONDS = 60;
/** Callers that come again and again with one token do not pay for its signature each time. About 30 MB. */
const REMEMBERED_MAX = 50_000;

interface TypedKey {
  readonly header: string;
  readonly key: KeyObject;
}

export function createTokenSigner(keys: readonly TokenKey[], clock: Clock): TokenSigner {
  const typedKeys = new Map<string, TypedKey[]>();
  const remembered = new Map<string, { readonly type: string; readonly claims: Claims }>();
  const nowSeconds = () => Math.floor(clock.wallMs() / 1000);

  function keysOf(type: string): TypedKey[] {
    let typed = typedKeys.get(type);
    if (typed === undefined) {
      typed = keys.map(({ kid, secret }) => ({ header: headerOf(type, kid), key: deriveKey(type, secret) }));
      typedKeys.set(type, typed);
    }
    return typed;
  }

  function open(type: string, token: string): Claims | undefined {
    if (token.length > TOKEN_LENGTH_MAX) return undefined;
    const [header, payload, signature, ...more] = token.split('.');
    if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
      return undefined;
    }
    const key = keysOf(type).find((each) => each.header === header)?.key;
    if (key === undefined || !isSame(signature, macOf(key, `${header}.${payload}`))) return undefined;
    return Object.freeze(JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims);
  }

  return {
    sign(type, claims) {
      const [first] = keysOf(type);
      assert(first !== undefined, 'there is a key to sign with');
      const payload = encode(JSON.stringify({ ...claims, iat: nowSeconds() }));
      const signed = `${first.header}.${payload}`;
      const token = `${signed}.${macOf(first.key, signed)}`;
      assert(token.length <= TOKEN_LENGTH_MAX, 'claims that are too long make a token that nobody accepts');
      return token;
    },
    verify(type, token) {
      const known = remembered.get(token);
      const claims = known === undefined ? open(type, token) : known.claims;
      if (claims === undefined || (known !== undefined && known.type !== type)) return undefined;
      if (!isOfNow(claims, nowSeconds())) {
        remembered.delete(token);
        return undefined;
      }
      if (known === undefined) {
        if (remembered.size >= REMEMBERED_MAX) dropOldest(remembered);
        remembered.set(token, { type, claims });
      }
      return claims;
    },
  };
}

function isOfNow({ iat, exp }: Claims, nowSeconds: number): boolean {
  return iat <= nowSeconds + SKEW_SECONDS && (exp === undefined || nowSeconds < exp);
}

function headerOf(type: string, kid: string): string {
  return encode(JSON.stringify({ alg: 'HS256', typ: type, kid }));
}

/** A key for each type: a token of one type cannot be one of another, even if a header were mistaken. */
function deriveKey(type: string, secret: Uint8Array): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `signed-token ${type}`, 32)));
}

function macOf(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** All 32 bytes, in the one spelling that base64url has for them. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
