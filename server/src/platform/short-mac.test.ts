import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createShortMac } from './short-mac.ts';

const LENGTH_MAX = 200;
const expectedOf = (key: Uint8Array, text: string) =>
  createHmac('sha256', key).update(text).digest('base64url');

const keys = fc.uint8Array({ minLength: 0, maxLength: 64 });
const texts = fc.oneof(
  fc.string({ maxLength: LENGTH_MAX }),
  // Of any units, also halves of pairs.
  fc
    .array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: LENGTH_MAX })
    .map((units) => String.fromCharCode(...units)),
);

test('it is HMAC-SHA-256, whatever the key and the texts that follow each other', () => {
  fc.assert(
    fc.property(keys, fc.array(texts, { minLength: 1, maxLength: 5 }), (key, several) => {
      const mac = createShortMac(key, LENGTH_MAX);
      for (const text of several) {
        expect(mac.of(text)).toBe(expectedOf(key, text));
        expect(mac.isOf(text, expectedOf(key, text))).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('the test cases of RFC 4231 come out as they should', () => {
  const hex = (text: string) => Buffer.from(text, 'base64url').toString('hex');
  expect(hex(createShortMac(Buffer.alloc(20, 0x0b), LENGTH_MAX).of('Hi There'))).toBe(
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  );
  expect(hex(createShortMac(Buffer.from('Jefe'), LENGTH_MAX).of('what do ya want for nothing?'))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('nothing but the very signature is one', () => {
  const mac = createShortMac(Buffer.alloc(32, 7), LENGTH_MAX);
  const signature = mac.of('text');
  for (let at = 0; at < signature.length; at++) {
    // The last one has the same low byte.
    const low = signature.charCodeAt(at);
    for (const other of ['A', 'B', '-', '=', '\0', String.fromCharCode(low + 0x100)]) {
      const changed = signature.slice(0, at) + other + signature.slice(at + 1);
      expect(mac.isOf('text', changed)).toBe(changed === signature);
    }
  }
  for (const wrong of ['', signature.slice(1), `${signature}A`, `${signature}=`, signature.toLowerCase()]) {
    expect(mac.isOf('text', wrong)).toBe(false);
  }
  expect(mac.isOf('other text', signature)).toBe(false);
});

test('what is too long is a bug, and never cut', () => {
  const mac = createShortMac(Buffer.alloc(32, 7), LENGTH_MAX);
  expect(() => mac.of('x'.repeat(LENGTH_MAX + 1))).toThrow('fits');
  expect(() => createShortMac(Buffer.alloc(65), LENGTH_MAX)).toThrow('longer key');
});
