import { Check } from 'typebox/value';
import { expect, test } from 'vitest';
import { cursorOf, pageFrom, pageOf, PagingQuery } from './paging.ts';

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

test.each([
  ['one that is empty', [], [], null],
  ['one that is not full', [1], [1], null],
  ['the last one, when it is full', [1, 2], [1, 2], null],
  ['one with another after it', [1, 2, 3], [1, 2], cursorOf([2])],
] as const)('a page of two: %s', (_name, found, items, next) => {
  expect(pageFrom(found, 2, (last) => [last])).toEqual({ items, next });
});
