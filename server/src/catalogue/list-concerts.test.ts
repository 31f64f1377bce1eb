import { expect, test } from 'vitest';
import { titlePattern } from './list-concerts.ts';

test('what is a wildcard to `like` is a plain character in a search', () => {
  expect(titlePattern('100%')).toBe(String.raw`%100\%%`);
  expect(titlePattern('a_b')).toBe(String.raw`%a\_b%`);
  expect(titlePattern(String.raw`a\b`)).toBe(String.raw`%a\\b%`);
});

test('decomposed Hangul is searched as composed', () => {
  expect(titlePattern('봄밤'.normalize('NFD'))).toBe('%봄밤%');
});

test('letters and signs of full width are searched as those of usual width, and are no wildcards then', () => {
  expect(titlePattern('ＡＢＣ％＿')).toBe(String.raw`%ABC\%\_%`);
});

test('blanks around a search do not count', () => {
  expect(titlePattern('  재즈 \u3000')).toBe('%재즈%');
});
