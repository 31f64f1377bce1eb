import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { createTokenSigner, type TokenKey } from './signed-token.ts';

const START_MS = 1_800_000_000_000;
const newKey = (kid: string, byte: number): TokenKey => ({ kid, secret: Buffer.alloc(32, byte) });
const [k1, k2] = [newKey('k1', 1), newKey('k2', 2)];
const claims = { sub: 'somebody', n: 48_112, exp: START_MS / 1000 + 3_600 };

function createFixedClock(): Clock & { nowMs: number } {
  const clock = {
    nowMs: START_MS,
    monotonicMs: () => clock.nowMs,
    wallMs: () => clock.nowMs,
    sleep: () => Promise.resolve(),
  };
  return clock;
}

function setUp(keys: readonly TokenKey[] = [k1]) {
  const clock = createFixedClock();
  return { clock, signer: createTokenSigner(keys, clock) };
}

/** A signature that is right for this very text, as somebody with our secret would make it. */
function signAs(type: string, key: TokenKey, header: object, payload: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode(header)}.${encode(payload)}`;
  const derived = Buffer.from(hkdfSync('sha256', key.secret, '', `signed-token ${type}`, 32));
  return `${text}.${createHmac('sha256', derived).update(text).digest('base64url')}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('');

describe('a token of ours', () => {
  test('says what was signed, and when', () => {
    const { signer } = setUp();
    const token = signer.sign('queue', claims);
    expect(signer.verify('queue', token)).toEqual({ ...claims, iat: START_MS / 1000 });
    expect(signer.verify('queue', token)).toEqual({ ...claims, iat: START_MS / 1000 });
  });

  test('is a compact JWS, as other tools read it', () => {
    const [header = '', , signature = ''] = setUp().signer.sign('queue', claims).split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
      alg: 'HS256',
      typ: 'queue',
      kid: 'k1',
    });
    expect(Buffer.from(signature, 'base64url')).toHaveLength(32);
  });

  test('is the one that the test itself would sign', () => {
    const { signer } = setUp();
    const payload = { ...claims, iat: START_MS / 1000 };
    expect(signAs('queue', k1, { alg: 'HS256', typ: 'queue', kid: 'k1' }, payload)).toBe(
      signer.sign('queue', claims),
    );
  });

  test('cannot be changed through what verify gave', () => {
    const { signer } = setUp();
    const token = signer.sign('queue', claims);
    Object.assign(signer.verify('queue', token) ?? {}, { sub: 'me' });
    expect(signer.verify('queue', token)?.['sub']).toBe('somebody');
  });

  test.each([true, false])('whatever the claims (seen before: %s)', (seen) => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const name = fc.constantFrom('sub', 'room', 'n', 'seat', '__proto__', 'constructor');
    const plain = fc.dictionary(name, value, { maxKeys: 5 });
    const { signer } = setUp();
    fc.assert(
      fc.property(plain, (given) => {
        const token = signer.sign('ticket', given);
        if (seen) signer.verify('ticket', token);
        expect(signer.verify('ticket', token)).toEqual({ ...given, iat: START_MS / 1000 });
      }),
    );
  });
});

describe('a token that was tampered with', () => {
  test.each(['new to us', 'seen before'])(
    'is refused for every other character at every position (%s)',
    (when) => {
      const { signer } = setUp();
      const token = signer.sign('queue', claims);
      if (when === 'seen before') signer.verify('queue', token);
      for (let at = 0; at < token.length; at++) {
        for (const character of [...ALPHABET, '.', '=', '+', '/', ' ', '\u0141']) {
          if (character === token[at]) continue;
          const changed = token.slice(0, at) + character + token.slice(at + 1);
          if (signer.verify('queue', changed) !== undefined) expect(changed).toBe(token);
        }
      }
    },
  );

  test('is refused when the last character decodes to the same bytes', () => {
    const { signer } = setUp();
    const token = signer.sign('queue', claims);
    const signature = token.split('.')[2] ?? '';
    const bytes = Buffer.from(signature, 'base64url');
    const twins = ALPHABET.map((character) => signature.slice(0, -1) + character).filter(
      (twin) => twin !== signature && Buffer.from(twin, 'base64url').equals(bytes),
    );
    expect(twins).toHaveLength(3);
    for (const twin of twins) expect(signer.verify('queue', token.replace(signature, twin))).toBeUndefined();
  });

  test('is refused when cut, lengthened or padded', () => {
    const { signer } = setUp();
    const token = signer.sign('queue', claims);
    for (let length = 0; length < token.length; length++) {
      expect(signer.verify('queue', token.slice(0, length))).toBeUndefined();
    }
    for (const more of ['=', 'A', '.', '.A', ' ', '\n']) {
      expect(signer.verify('queue', token + more)).toBeUndefined();
      expect(signer.verify('queue', more + token)).toBeUndefined();
    }
    expect(signer.verify('queue', token.slice(0, token.lastIndexOf('.') + 1))).toBeUndefined();
  });

  test('is refused when it is longer than any of ours', () => {
    const { signer } = setUp();
    expect(signer.verify('queue', signer.sign('queue', { sub: 'x'.repeat(1_300) }))).toBeDefined();
    expect(() => signer.sign('queue', { sub: 'x'.repeat(1_600) })).toThrow('too long');
    const header = { alg: 'HS256', typ: 'queue', kid: 'k1' };
    const long = { sub: 'x'.repeat(1_600), iat: START_MS / 1000 };
    expect(signer.verify('queue', signAs('queue', k1, header, long))).toBeUndefined();
  });

  test('is refused whatever text it is', () => {
    const { signer } = setUp();
    fc.assert(fc.property(fc.string(), (text) => signer.verify('queue', text) === undefined));
  });
});

describe('a header is not the choice of the sender', () => {
  const payload = { ...claims, iat: START_MS / 1000 };
  test.each([
    ['no algorithm', { alg: 'none', typ: 'queue', kid: 'k1' }],
    ['another algorithm', { alg: 'HS512', typ: 'queue', kid: 'k1' }],
    ['an asymmetric algorithm', { alg: 'RS256', typ: 'queue', kid: 'k1' }],
    ['another type', { alg: 'HS256', typ: 'ticket', kid: 'k1' }],
    ['no type', { alg: 'HS256', kid: 'k1' }],
    ['an unknown key', { alg: 'HS256', typ: 'queue', kid: 'k9' }],
    ['a key of the object prototype', { alg: 'HS256', typ: 'queue', kid: '__proto__' }],
    ['another order', { typ: 'queue', alg: 'HS256', kid: 'k1' }],
    ['one field more', { alg: 'HS256', typ: 'queue', kid: 'k1', jku: 'https://example.com' }],
  ])('%s', (_, header) => {
    const { signer } = setUp();
    const token = signAs('queue', k1, header, payload);
    expect(signer.verify('queue', token)).toBeUndefined();
    expect(signer.verify('queue', `${token.slice(0, token.lastIndexOf('.'))}.`)).toBeUndefined();
  });

  test('a token of another type is refused, seen before or not', () => {
    const { signer } = setUp();
    const token = signer.sign('account', claims);
    expect(signer.verify('queue', token)).toBeUndefined();
    expect(signer.verify('account', token)).toBeDefined();
    expect(signer.verify('queue', token)).toBeUndefined();
  });

  test('the type is part of the key too: its name alone does not make a token of that type', () => {
    const { signer } = setUp();
    const header = { alg: 'HS256', typ: 'queue', kid: 'k1' };
    expect(signer.verify('queue', signAs('account', k1, header, payload))).toBeUndefined();
    expect(signer.verify('queue', signAs('queue', k1, header, payload))).toBeDefined();
  });
});

describe('keys', () => {
  test('the first signs, all verify, and a removed one does not', () => {
    const old = setUp([k1]).signer;
    const rotated = setUp([k2, k1]).signer;
    const rid = setUp([k2]).signer;
    expect(rotated.verify('queue', old.sign('queue', claims))).toBeDefined();
    expect(rid.verify('queue', old.sign('queue', claims))).toBeUndefined();
    expect(rid.verify('queue', rotated.sign('queue', claims))).toBeDefined();
    expect(old.verify('queue', rotated.sign('queue', claims))).toBeUndefined();
  });

  test('another secret under the same name is another key', () => {
    expect(
      setUp([newKey('k1', 9)]).signer.verify('queue', setUp([k1]).signer.sign('queue', claims)),
    ).toBeUndefined();
  });
});

describe('time', () => {
  test('a token ends at its time, remembered or not', () => {
    const { clock, signer } = setUp();
    const token = signer.sign('queue', claims);
    clock.nowMs = claims.exp * 1000 - 1;
    expect(signer.verify('queue', token)).toBeDefined();
    clock.nowMs = claims.exp * 1000;
    expect(signer.verify('queue', token)).toBeUndefined();
    expect(signer.verify('queue', token)).toBeUndefined();
  });

  test('without an end it does not end', () => {
    const { clock, signer } = setUp();
    const token = signer.sign('ticket', { seat: 7 });
    clock.nowMs += 10 * 365 * 86_400_000;
    expect(signer.verify('ticket', token)?.['seat']).toBe(7);
  });

  test('a token of the future is refused beyond what clocks may differ', () => {
    const { clock, signer } = setUp();
    const token = signer.sign('queue', claims);
    clock.nowMs = START_MS - 60_000;
    expect(signer.verify('queue', token)).toBeDefined();
    clock.nowMs = START_MS - 61_000;
    expect(signer.verify('queue', token)).toBeUndefined();
  });

  test('the issue time is ours, whatever the claims say', () => {
    expect(setUp().signer.sign('queue', { ...claims, iat: 1 })).toBe(setUp().signer.sign('queue', claims));
  });
});
