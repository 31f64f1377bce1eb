/** A hundred people who want the same at the same moment, again and again. */
import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';

export const CROWD = 100;

/** 'done': it took effect. 'refused': rightly, it was somebody else's. 'gave-up': it could have been done, and was not. */
export type Ending = 'done' | 'refused' | 'gave-up';

export interface Attempted {
  readonly ending: Ending;
  /** How often it was decided: once, and once more for each retry. */
  readonly tries: number;
}

/** What stands between a hundred people and one row. */
export interface Contest<Work> extends AsyncDisposable {
  attempt(work: Work): Promise<Attempted>;
  /** Transactions that wrote, since it was opened. */
  readonly commits: number;
  /** Sets that had to be run again; each try of a single one is in what `attempt` tells. */
  readonly reruns: number;
}

export interface Run<Work> {
  /** From the first to the last answer, of each round. */
  readonly roundsMs: readonly number[];
  /** Of each one's answer since the beginning of the round, in ascending order. */
  readonly latenciesMs: readonly number[];
  readonly tries: number;
  readonly commits: number;
  readonly reruns: number;
  /** In the order in which it was asked for. */
  readonly outcomes: readonly { readonly work: Work; readonly ending: Ending }[];
}

/** The first round is for warming up, and counts for nothing but the books. */
export async function runRounds<Work>(
  contest: Contest<Work>,
  rounds: readonly (readonly Work[])[],
): Promise<Run<Work>> {
  const [warmUp = [], ...measured] = rounds;
  const outcomes = [...(await runRound(contest, warmUp)).outcomes];
  const before = { commits: contest.commits, reruns: contest.reruns };
  const roundsMs: number[] = [];
  const latenciesMs: number[] = [];
  let tries = 0;
  for (const works of measured) {
    assert.equal(works.length, CROWD);
    const round = await runRound(contest, works);
    roundsMs.push(round.ms);
    latenciesMs.push(...round.latenciesMs);
    tries += round.tries;
    outcomes.push(...round.outcomes);
  }
  return {
    roundsMs,
    latenciesMs: latenciesMs.toSorted((a, b) => a - b),
    tries,
    commits: contest.commits - before.commits,
    reruns: contest.reruns - before.reruns,
    outcomes,
  };
}

async function runRound<Work>(contest: Contest<Work>, works: readonly Work[]) {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  const attempts = await Promise.all(
    works.map(async (work) => {
      const attempted = await contest.attempt(work);
      latenciesMs.push(performance.now() - startedMs);
      return { work, ...attempted };
    }),
  );
  return {
    ms: performance.now() - startedMs,
    latenciesMs,
    tries: attempts.reduce((sum, attempt) => sum + attempt.tries, 0),
    outcomes: attempts.map(({ work, ending }) => ({ work, ending })),
  };
}

/** Of values in ascending order. */
export function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
  assert(value !== undefined, 'a percentile of nothing');
  return value;
}
