import fc from 'fast-check';
import { expect, test } from 'vitest';
import { derivedUuid, fingerprint, newUuid } from './identifiers.ts';

const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Any text, with characters that are half of a pair too: a header may hold what it likes. */
const text = fc.string({ unit: 'binary' });
const texts = fc.array(text, { minLength: 1, maxLength: 4 });

test('random ids are version 4 and differ', () => {
  const ids = Array.from({ length: 100 }, newUuid);
  expect(new Set(ids).size).toBe(100);
  expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a derived id never changes: stored rows are found by it', () => {
  expect(derivedUuid('user', 'POST /reservations', 'key')).toBe('45aad6be-0bf2-831a-a173-819479536e23');
});

test('property: a derived id is a version 8 UUID and follows from its parts alone', () => {
  fc.assert(
    fc.property(texts, (parts) => {
      expect(derivedUuid(...parts)).toMatch(UUID_V8);
      expect(derivedUuid(...parts)).toBe(derivedUuid(...parts));
    }),
  );
});

test('property: other parts give another id', () => {
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b));
      expect(derivedUuid(...a)).not.toBe(derivedUuid(...b));
    }),
  );
});

test.each([
  [
    ['a', 'bc'],
    ['ab', 'c'],
  ],
  [['a', ''], ['a']],
  [['a","b'], ['a', 'b']],
  [['1:a1:b'], ['a', 'b']],
  [['\ud800'], ['\ud801']],
  [['\ud800'], ['\ufffd']],
])('%j and %j are told apart', (a, b) => {
  expect(derivedUuid(...a)).not.toBe(derivedUuid(...b));
});

test('a fingerprint is 16 bytes and never changes', () => {
  expect(fingerprint({ seats: [1, 2], performanceId: 7 }).toString('hex')).toBe(
    '51e6a49384984c6cabac3dcb28b42428',
  );
  expect(fingerprint({})).toHaveLength(16);
});

/** The same value with the fields of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, turned(field)] as const);
  return Object.fromEntries(fields.toReversed());
}

test('property: the order of fields does not matter, at any depth', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      expect(fingerprint(turned(body))).toEqual(fingerprint(body));
    }),
  );
});

test.each([
  [{ seats: [1, 2] }, { seats: [2, 1] }],
  [{ seats: [1, 2] }, { seats: [12] }],
  [{ a: 1 }, { a: '1' }],
  [{ a: null }, {}],
  [{ a: { b: 1 } }, { 'a.b': 1 }],
  [{ 'a":1,"b': 2 }, { a: 1, b: 2 }],
  [[], {}],
])('%j and %j have different fingerprints', (a, b) => {
  expect(fingerprint(a)).not.toEqual(fingerprint(b));
});

test('a field that is undefined is a field that is absent', () => {
  expect(fingerprint({ a: 1, b: undefined })).toEqual(fingerprint({ a: 1 }));
});
