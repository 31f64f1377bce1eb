import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { binaryInstants, binaryUuids } from './binary-arrays.ts';
import { arrayLiteral, parametersOf } from './parameters.ts';
import { statement } from './statement.ts';

const TEXTS = 1009;
const parseTexts = pg.types.getTypeParser(TEXTS as never) as (text: string) => unknown;
const ID = '0191e2a4-0000-7000-8000-0000000000fF';

describe('an array as text', () => {
  it('is read back as the texts that were given, whatever is in them', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('null', 'NULL', '', ' ', '{}', '"', '\\', ',', 'a,b', '\\x00'),
      fc.uuid(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 10 }), (texts) => {
        expect(parseTexts(arrayLiteral(texts))).toEqual(texts);
      }),
    );
  });

  it('writes ids, numbers and instants as they are', () => {
    expect(arrayLiteral([ID, '2026-11-29T00:00:00.000Z'])).toBe(`{${ID},2026-11-29T00:00:00.000Z}`);
    expect(arrayLiteral([1, -2, true, null])).toBe('{1,-2,true,NULL}');
    expect(arrayLiteral([Buffer.from('0aff', 'hex')])).toBe(String.raw`{"\\x0aff"}`);
    expect(arrayLiteral([])).toBe('{}');
  });

  it('takes nothing of which nobody said how it is written', () => {
    expect(() => arrayLiteral([{ a: 1 }])).toThrow(TypeError);
    expect(() => arrayLiteral([new Date(0)])).toThrow(TypeError);
  });
});

describe('an array as bytes', () => {
  it('is not made of what is no UUID, or no instant', () => {
    for (const text of [
      '',
      'x',
      ID.slice(1),
      `${ID}0`,
      ID.replace('0191', '019g'),
      ID.replace('-', '0'),
      '￿'.repeat(36),
    ])
      expect(binaryUuids([ID, text])).toBeUndefined();
    for (const text of [
      '',
      'infinity',
      '2026-11-29',
      '2026-13-29T00:00:00.000Z',
      '2026-02-30T00:00:00.000Z',
      '2026-11-29T00:00:00.000+09:00',
    ])
      expect(binaryInstants(['2026-11-29T00:00:00.000Z', text])).toBeUndefined();
  });
});

describe('the parameters of a statement', () => {
  const given = statement('/* test.a */ select $1::uuid[], $2::text[], $3::timestamptz[], $4::uuid');

  it('travel as bytes where they are cast to arrays of ids or instants, and as text elsewhere', () => {
    const [ids, texts, instants, id] = parametersOf(given, [[ID], [ID], ['2026-11-29T00:00:00.000Z'], ID]);
    expect([ids, instants].every((value) => Buffer.isBuffer(value))).toBe(true);
    expect([texts, id]).toEqual([`{${ID}}`, ID]);
  });

  it('travel as text where the server is to say what is wrong with them', () => {
    expect(parametersOf(given, [['no id'], [], ['no instant'], null])).toEqual([
      '{"no id"}',
      '{}',
      '{"no instant"}',
      null,
    ]);
  });

  it('are left alone where they are no arrays', () => {
    const bytes = Buffer.from('a');
    expect(parametersOf(given, [bytes, '{}', 1])).toEqual([bytes, '{}', 1]);
  });
});
