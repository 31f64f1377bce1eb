import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DepartedNumbers } from './departed-numbers.ts';

const MILLION = 1_000_000;

function between(gone: ReadonlySet<number>, head: number, number: number): number {
  return [...gone].filter((each) => each > head && each < number).length;
}

/** Numbers near the borders of words and blocks, and far apart. */
const someNumber = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: 480, max: 1_100 }),
  fc.integer({ min: 1, max: 20_000 }),
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ add: someNumber }) },
  { weight: 1, arbitrary: fc.record({ head: fc.nat(4_000) }) },
);

test('it counts like a set, whatever left and wherever the head is', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.array(someNumber, { minLength: 5 }),
      (steps, asked) => {
        const numbers = new DepartedNumbers();
        const gone = new Set<number>();
        let head = 0;
        for (const each of steps) {
          if ('add' in each) {
            numbers.add(each.add);
            gone.add(each.add);
          } else {
            head += each.head;
            numbers.forgetUpTo(head);
          }
          for (const number of asked) {
            expect(numbers.countBetween(head, number)).toBe(between(gone, head, number));
            if (number > head) expect(numbers.has(number)).toBe(gone.has(number));
          }
        }
      },
    ),
  );
});

test('nothing is between neighbours, or before a number that is past the head', () => {
  const numbers = new DepartedNumbers();
  for (const number of [4, 5, 6, 7]) numbers.add(number);
  expect([4, 5, 6].map((number) => numbers.countBetween(4, number))).toEqual([0, 0, 1]);
  expect(numbers.countBetween(9, 5)).toBe(0);
  expect(numbers.countBetween(0, 5 * MILLION)).toBe(4);
});

test('what is no number of a line is a mistake', () => {
  for (const number of [0, -1, 1.5, Number.NaN])
    expect(() => new DepartedNumbers().add(number)).toThrow('no number of a line');
});

test('a million numbers take 150 KB at most, however many of them left', () => {
  const [few, all] = [new DepartedNumbers(), new DepartedNumbers()];
  few.add(MILLION);
  for (let number = 1; number <= MILLION; number++) all.add(number);
  expect(all.countBetween(0, MILLION)).toBe(MILLION - 1);
  for (const numbers of [few, all]) {
    expect(numbers.byteLength).toBeGreaterThanOrEqual(MILLION / 8);
    expect(numbers.byteLength).toBeLessThan(150_000);
  }
});

test('memory is given back as the head moves on, and a late line costs no more than an early one', () => {
  const numbers = new DepartedNumbers();
  for (let number = 1; number <= MILLION; number += 3) numbers.add(number);
  numbers.forgetUpTo(MILLION * 0.6);
  expect(numbers.byteLength).toBeLessThan(75_000);
  numbers.forgetUpTo(MILLION);
  expect(numbers.byteLength).toBeLessThan(1_000);
  numbers.forgetUpTo(1_000 * MILLION);
  numbers.add(1_000 * MILLION + 5);
  expect(numbers.countBetween(1_000 * MILLION, 1_000 * MILLION + 9)).toBe(1);
  expect(numbers.byteLength).toBeLessThan(1_000);
});

test('a count in a line of a million takes no longer than in a line of a thousand', () => {
  const timeOf = (people: number) => {
    const numbers = new DepartedNumbers();
    for (let number = 1; number <= people; number += 2) numbers.add(number);
    numbers.countBetween(0, people);
    const times = Array.from({ length: 7 }, () => {
      const start = performance.now();
      for (let i = 0; i < 20_000; i++) numbers.countBetween(i % 7, people - (i % 500));
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  timeOf(1_000);
  // A walk over all words would take a thousand times as long.
  expect(timeOf(MILLION)).toBeLessThan(20 * timeOf(1_000));
});
