import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { cursorOf, pageOf, PagingQuery } from './paging.ts';

test('a cursor gives back the position that it was made of, as text that a URL takes', () => {
  const position = ['콘서트?&+/', 42];
  const cursor = cursorOf(position);
  expect(Check(PagingQuery, { cursor })).toBe(true);
  expect(pageOf({ cursor, limit: '100' })).toEqual({ limit: 100, after: position });
});

test('the first page has no position, and a size of its own', () => {
  expect(pageOf({})).toEqual({ limit: 20, after: undefined });
});

test.each(['x', 'W10x', '_w', 'aGVsbG8'])('%s is no position', (cursor) => {
  expect(pageOf({ cursor }).after).toBeNull();
});
