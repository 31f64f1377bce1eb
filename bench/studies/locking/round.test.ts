import { expect, test } from 'vitest';
import { type Attempted, type Contest, CROWD, percentile, runRounds } from './round.ts';

/** Serves the even ones at the second try, and refuses the others. */
function createContest(): Contest<number> {
  let commits = 0;
  return {
    attempt: async (work): Promise<Attempted> => {
      await Promise.resolve();
      if (work % 2 === 1) return { ending: 'refused', tries: 1 };
      commits += 1;
      return { ending: 'done', tries: 2 };
    },
    get commits() {
      return commits;
    },
    reruns: 0,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const ROUND = Array.from({ length: CROWD }, (_, index) => index);

test('rounds are timed and counted, the first one only in the books', async () => {
  const run = await runRounds(createContest(), [ROUND, ROUND, ROUND]);
  expect(run).toMatchObject({ tries: 300, commits: 100 });
  expect(run.roundsMs).toHaveLength(2);
  expect(run.latenciesMs).toHaveLength(200);
  expect(run.latenciesMs).toEqual(run.latenciesMs.toSorted((a, b) => a - b));
  expect(run.outcomes).toHaveLength(300);
  expect(run.outcomes.filter(({ ending }) => ending === 'done')).toHaveLength(150);
});

test('a round is a hundred', async () => {
  await expect(runRounds(createContest(), [ROUND, [1, 2]])).rejects.toThrow('2 !== 100');
});

test('a percentile is one of the values', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(values, share))).toEqual([50, 95, 99, 100]);
  expect(percentile([7], 0.5)).toBe(7);
  expect(() => percentile([], 0.5)).toThrow('of nothing');
});
