import { expect, it } from 'vitest';
import { chooseSeats } from './choose-seats.ts';

const HOUSE = 100;

it('seats side by side are chosen, the nearest to the favourite', () => {
  expect(chooseSeats([1, 2, 3, 50, 51, 99], 2, 0.5, HOUSE)).toEqual([50, 51]);
  expect(chooseSeats([1, 2, 3, 50, 52, 99], 3, 0.5, HOUSE)).toEqual([1, 2, 3]);
});

it('apart is better than not at all, and fewer when there are fewer', () => {
  expect(chooseSeats([10, 20, 90], 2, 0.1, HOUSE)).toEqual([10, 20]);
  expect(chooseSeats([10, 20], 3, 0.9, HOUSE)).toEqual([10, 20]);
  expect(chooseSeats([], 2, 0.5, HOUSE)).toEqual([]);
});

it('the very first and the very last seat can be a favourite', () => {
  const all = Array.from({ length: HOUSE }, (_, index) => index + 1);
  expect(chooseSeats(all, 1, 0, HOUSE)).toEqual([1]);
  expect(chooseSeats(all, 1, 0.999, HOUSE)).toEqual([100]);
});
