/** What the runs of one way, with one number of connections, come to. */
import { type Figure, figureOf } from '../../lib/figures.ts';
import { CROWD, type Ending, percentile, type Run } from './round.ts';

export interface Result {
  readonly name: string;
  readonly isOurs: boolean;
  readonly connections: number;
  /** Of a round of a hundred: over all rounds of all runs. */
  readonly roundMs: Figure;
  /** Over the runs. */
  readonly answersPerSecond: Figure;
  /** Only what took effect. */
  readonly donePerSecond: Figure;
  readonly latencyMs: { readonly p50: Figure; readonly p95: Figure; readonly p99: Figure };
  /** Of a round, on average. */
  readonly endings: Readonly<Record<Ending, number>>;
  readonly tries: number;
  readonly commits: number;
  /** Sets that had to be run again, in all rounds together. */
  readonly reruns: number;
}

export function resultOf(
  { name, isOurs, connections }: Pick<Result, 'name' | 'isOurs' | 'connections'>,
  runs: readonly Run<unknown>[],
): Result {
  const rounds = runs.flatMap((run) => run.roundsMs);
  const perRound = (of: (run: Run<unknown>) => number) =>
    runs.reduce((sum, run) => sum + of(run), 0) / rounds.length;
  const perSecond = (of: (run: Run<unknown>) => number) =>
    figureOf(runs.map((run) => (of(run) * 1000) / run.roundsMs.reduce((sum, ms) => sum + ms, 0)));
  const latency = (share: number) => figureOf(runs.map((run) => percentile(run.latenciesMs, share)));
  const ended = (ending: Ending) => (run: Run<unknown>) =>
    run.outcomes.slice(CROWD).filter((outcome) => outcome.ending === ending).length; // without the first round
  return {
    name,
    isOurs,
    connections,
    roundMs: figureOf(rounds),
    answersPerSecond: perSecond((run) => run.roundsMs.length * CROWD),
    donePerSecond: perSecond(ended('done')),
    latencyMs: { p50: latency(0.5), p95: latency(0.95), p99: latency(0.99) },
    endings: {
      done: perRound(ended('done')),
      refused: perRound(ended('refused')),
      'gave-up': perRound(ended('gave-up')),
    },
    tries: perRound((run) => run.tries),
    commits: perRound((run) => run.commits),
    reruns: runs.reduce((sum, run) => sum + run.reruns, 0),
  };
}

/** Each way with the number of connections at which it gets most done in the time that a round takes there. */
export function bestOf(results: readonly Result[]): Result[] {
  const pace = ({ endings, roundMs }: Result) => endings.done / roundMs.median;
  return [...Map.groupBy(results, (result) => result.name).values()].flatMap((sizes) =>
    sizes.toSorted((a, b) => pace(b) - pace(a)).slice(0, 1),
  );
}
