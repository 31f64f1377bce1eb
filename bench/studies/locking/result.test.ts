import { expect, test } from 'vitest';
import { bestOf, type Result, resultOf } from './result.ts';
import { CROWD, type Ending, type Run } from './round.ts';

const outcomes = (ending: Ending, count: number) =>
  Array.from({ length: count }, () => ({ work: 0, ending }));

/** Two rounds in half a second, after one to warm up. */
const RUN: Run<number> = {
  roundsMs: [200, 300],
  latenciesMs: Array.from({ length: 2 * CROWD }, (_, index) => index),
  tries: 260,
  commits: 160,
  reruns: 1,
  outcomes: [...outcomes('done', CROWD), ...outcomes('done', 160), ...outcomes('gave-up', 40)],
};
const WAY = { name: 'a way', isOurs: false, connections: 10 };

test('runs come to rates over their time and to what a round has on average, without the first one', () => {
  const result = resultOf(WAY, [RUN, RUN]);
  expect(result).toMatchObject({ ...WAY, tries: 130, commits: 80, reruns: 2 });
  expect(result.roundMs).toMatchObject({ median: 250, min: 200, max: 300 });
  expect(result.answersPerSecond.median).toBe(400);
  expect(result.donePerSecond.median).toBe(320);
  expect(result.endings).toEqual({ done: 80, refused: 0, 'gave-up': 20 });
  expect(result.latencyMs.p50.median).toBe(99);
});

test('the best of a way is the one that gets most done, not the one that ends first', () => {
  const slow = resultOf({ ...WAY, connections: 2 }, [RUN]);
  const [first, ...others] = RUN.roundsMs;
  const quick = { ...RUN, roundsMs: [(first ?? 0) / 2, ...others], outcomes: outcomes('gave-up', 3 * CROWD) };
  const results: Result[] = [
    resultOf({ ...WAY, connections: 50 }, [quick]),
    slow,
    resultOf({ ...WAY, name: 'another' }, [RUN]),
  ];
  expect(bestOf(results).map(({ name, connections }) => [name, connections])).toEqual([
    ['a way', 2],
    ['another', 10],
  ]);
});
