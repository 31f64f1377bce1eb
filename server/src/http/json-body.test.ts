import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../limits.ts';
import { parseJson } from './json-body.ts';
import { Refused } from './route.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

function complaintAbout(bytes: Uint8Array | string): string {
  try {
    parseJson(Buffer.from(bytes as string));
  } catch (error) {
    if (error instanceof Refused) return JSON.stringify(error.refusal.extra);
    throw error;
  }
  return 'accepted';
}

describe('a body', () => {
  test('is any JSON text, whatever its spacing and its characters', () => {
    const text = ' {"a" : [1, -2.5, true, null, {"b": "x:\\"y\\\\"}], "\\u00e9": "좌석 🎫"}\n';
    expect(parse(text)).toEqual({ a: [1, -2.5, true, null, { b: 'x:"y\\' }], é: '좌석 🎫' });
  });

  test('comes back as it was written', () => {
    const plain = fc
      .jsonValue({ maxDepth: 4 })
      .filter((value) => !/__proto__|constructor|prototype|\\u0000|\\ud[89a-f]/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([
    ['the same name again', '{"amount":1,"amount":-5}'],
    ['the same name, escaped', '{"amount":1,"\\u0061mount":-5}'],
    ['the same name further in', '{"a":[{"b":1,"c":{"d":1,"d":1}}]}'],
    ['the same name with colons around', '{"a:b":"c:d","a:b":"::"}'],
  ])('that has %s is refused', (_what, text) => {
    expect(complaintAbout(text)).toContain('names a field twice');
  });

  test('may have one name in several objects', () => {
    expect(parse('[{"a":1},{"a":{"a":":"}}]')).toEqual([{ a: 1 }, { a: { a: ':' } }]);
  });

  test.each(['{"__proto__":{"x":1}}', '{"a":[{"__proto__":1}]}', '{"constructor":{"prototype":{"x":1}}}'])(
    'that reaches for prototypes is refused: %s',
    (text) => {
      expect(complaintAbout(text)).toContain('forbidden name');
      expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    },
  );

  test.each([
    '{"a":1',
    '{"a":1}}',
    '{"a":1} x',
    "{'a':1}",
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":01}',
    '{"a":1,}',
    '\uFEFF{"a":1}',
    'undefined',
    '"open',
    '"\\',
  ])('that is not JSON is refused: %j', (text) => {
    expect(complaintAbout(text)).toContain('is not JSON');
  });

  test('that is not UTF-8 is refused', () => {
    expect(complaintAbout(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toContain('is not UTF-8');
    expect(complaintAbout(Buffer.from('{"a":"b"}', 'utf16le'))).not.toBe('accepted');
  });

  test.each(['"\\u0000"', '{"a":["\\ud800"]}', '{"\\udc00":1}', '{"a\\u0000":1}'])(
    'with a character that PostgreSQL cannot store is refused: %s',
    (text) => expect(complaintAbout(text)).toContain('cannot be stored'),
  );

  test('is nested as deeply as the limit says and no deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(complaintAbout(nested(limits.http.jsonDepthMax))).toBe('accepted');
    expect(complaintAbout(nested(limits.http.jsonDepthMax + 1))).toContain('nested too deeply');
    expect(complaintAbout('['.repeat(limits.http.bodyBytesMax))).toContain('nested too deeply');
  });
});
