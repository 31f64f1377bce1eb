import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { toParameter } from './parameters.ts';

const parseTexts = pg.types.getTypeParser(1009 as never) as (text: string) => unknown;

describe('an array as a parameter', () => {
  it('is read back as the texts that were given, whatever is in them', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('null', 'NULL', '', ' ', '{}', '"', '\\', ',', 'a,b', '\\x00'),
      fc.uuid(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        expect(parseTexts(toParameter(texts) as string)).toEqual(texts);
      }),
    );
  });

  it('writes ids, numbers and instants as they are', () => {
    expect(toParameter(['0191e2a4-0000-7000-8000-000000000001', '2026-11-29T00:00:00.000Z'])).toBe(
      '{0191e2a4-0000-7000-8000-000000000001,2026-11-29T00:00:00.000Z}',
    );
    expect(toParameter([1, -2, true, null])).toBe('{1,-2,true,NULL}');
    expect(toParameter([Buffer.from('0aff', 'hex')])).toBe(String.raw`{"\\x0aff"}`);
    expect(toParameter([])).toBe('{}');
  });

  it('takes nothing of which nobody said how it is written', () => {
    expect(() => toParameter([{ a: 1 }])).toThrow(TypeError);
    expect(() => toParameter([new Date(0)])).toThrow(TypeError);
  });

  it('leaves alone what is no array', () => {
    const bytes = Buffer.from('a');
    expect(toParameter(bytes)).toBe(bytes);
    expect(toParameter('{}')).toBe('{}');
    expect(toParameter(null)).toBeNull();
  });
});
