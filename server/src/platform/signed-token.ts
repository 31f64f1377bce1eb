/**
 * Signed tokens: compact JWS, HS256, and nothing else.
 *
 * We only ever accept what we would have written ourselves, character by character: the header is looked up
 * among the few that our keys can make, never parsed, so `alg`, `typ` and `kid` are not the sender's choice;
 * and the signature is compared as text, so there is no second spelling of one token.
 *
 * Nothing is remembered: to verify takes 2 µs, and among a million callers nobody comes back soon.
 */
import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import type { Clock } from './clock.ts';
import { createShortMac, type ShortMac } from './short-mac.ts';

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

/** Header and payload. */
const SIGNED_LENGTH_MAX = 2_000;
/** How far the clocks of two instances may differ. */
const SKEW_SECONDS = 60;

interface TypedKey {
  /** The header and its dot. */
  readonly start: string;
  readonly mac: ShortMac;
}

export function createTokenSigner(keys: readonly TokenKey[], clock: Clock): TokenSigner {
  const typedKeys = new Map<string, TypedKey[]>();
  /** What a payload says, before it is read; kept, because a buffer for each costs as much as reading it. */
  const decoded = Buffer.alloc(SIGNED_LENGTH_MAX);
  const nowSeconds = () => Math.floor(clock.wallMs() / 1000);

  function keysOf(type: string): TypedKey[] {
    let typed = typedKeys.get(type);
    if (typed === undefined) {
      typed = keys.map(({ kid, secret }) => ({ start: `${headerOf(type, kid)}.`, mac: macOf(type, secret) }));
      typedKeys.set(type, typed);
    }
    return typed;
  }

  return {
    sign(type, claims) {
      const [first] = keysOf(type);
      assert(first !== undefined, 'there is a key to sign with');
      const signed = first.start + encode(JSON.stringify({ ...claims, iat: nowSeconds() }));
      assert(signed.length <= SIGNED_LENGTH_MAX, 'claims that are too long make a token that nobody accepts');
      return `${signed}.${first.mac.of(signed)}`;
    },
    verify(type, token) {
      const key = keysOf(type).find(({ start }) => token.startsWith(start));
      const end = token.lastIndexOf('.');
      if (key === undefined || end < key.start.length || end > SIGNED_LENGTH_MAX) return undefined;
      if (!key.mac.isOf(token.slice(0, end), token.slice(end + 1))) return undefined;
      const payload = token.slice(key.start.length, end);
      const bytes = decoded.write(payload, 'base64url');
      const claims = JSON.parse(decoded.toString('utf8', 0, bytes)) as Claims;
      return isOfNow(claims, nowSeconds()) ? claims : undefined;
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
function macOf(type: string, secret: Uint8Array): ShortMac {
  const key = hkdfSync('sha256', secret, '', `signed-token ${type}`, 32);
  return createShortMac(new Uint8Array(key), SIGNED_LENGTH_MAX);
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}
