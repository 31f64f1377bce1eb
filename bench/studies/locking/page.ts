/** The page of the study. Every comparison in its sentences is computed; what the write-ups say is marked as theirs. */
import { inDigits, type machine, show } from '../../lib/figures.ts';
import { page, table } from '../../lib/page.ts';
import { image, type StudyPage } from '../../lib/study.ts';
import { chartsOf } from './charts.ts';
import { findingsInEnglish, summaryInKorean } from './findings.ts';
import { bestOf, type Result } from './result.ts';
import { PAUSE_MS_MAX } from './strategies.ts';

export interface Results {
  readonly seat: readonly Result[];
  readonly wallet: readonly Result[];
}

interface Conditions {
  readonly repeats: number;
  readonly rounds: number;
  readonly connections: readonly number[];
  readonly postgres: string;
  /** As it was when the study began. */
  readonly machine: ReturnType<typeof machine>;
  readonly load: string;
}

export function lockingPage(all: Results, conditions: Conditions): StudyPage {
  const best = { seat: bestOf(all.seat), wallet: bestOf(all.wallet) };
  const charts = chartsOf(best);
  const picture = (file: keyof typeof charts) => [image(file, charts[file]), ''];
  const body = [
    ...INTRODUCTION,
    ...table(
      ['what', 'optimistic, theirs', 'pessimistic, theirs', 'theirs, pessimistic to optimistic'],
      [
        ['charging and using points, 100 times', '280 ms', '558 ms', '1.99 ×'],
        ['one seat, 100 people', '119 ms', '272 ms', '2.29 ×'],
      ],
    ),
    '',
    ...THEIRS,
    '',
    '## The ways',
    '',
    ...WAYS,
    '',
    '## A hundred buyers, one seat',
    '',
    ...resultTable(best.seat),
    '',
    'One is served; the other 99 are told that the seat is taken, and that is right. "Gave up" is the same answer here: the version had',
    'changed, and nobody looked again.',
    '',
    '## A hundred movements, one wallet',
    '',
    ...resultTable(best.wallet),
    '',
    'Fifty charges and fifty payments; there is money for all. Every movement that is not done is one that somebody has to ask for again.',
    '',
    ...picture('locking-rates'),
    ...picture('locking-tries'),
    '## By the number of connections',
    '',
    'The time of a round, and what of it was done. The tables above have each way at its best: where it gets most done in that time.',
    '',
    ...sizeTable(all, conditions.connections),
    '',
    '## What follows',
    '',
    ...findingsInEnglish(best),
    '',
    '## 요약',
    '',
    ...summaryInKorean(best),
  ];
  return {
    text: page({
      title: 'A hundred people, one row: locks, versions, sets',
      machine: conditions.machine,
      conditions: conditionsOf(conditions),
      body,
    }),
    charts,
  };
}

function conditionsOf({ repeats, rounds, postgres, load }: Conditions): string[] {
  return [
    `PostgreSQL ${postgres}, the embedded one with its settings: fsync, synchronous_commit and full_page_writes on`,
    `a round is a hundred requests at the same moment; ${rounds} rounds are a run, after one to warm up, on fresh tables with all connections open`,
    `${repeats} runs of each way, ways by turns: median (lowest–highest); the time of a round is over all ${repeats * rounds} of them`,
    load,
    'the hundred, the ways and PostgreSQL share the cores; no HTTP on any side; times are those of the one Node process that asks',
    'all have the same session settings, which are those of the service (`sessionSettings`): generic plans by index, nothing compiled, bounded waits; who waits 500 ms for a row in vain asks again, and that is one more of the tries',
    'all write the same rows of the same migrated tables, and ours tells the log of those who were refused as well; after each run the tables are compared with what everybody was told, or there are no figures',
    'made by `npm run study:locking` (bench/studies/locking.ts)',
  ];
}

const INTRODUCTION = [
  'Frontrow comes from two original write-ups, by other hands, of a service like it. Both ask how to keep a hundred people apart who want',
  'the same row: with a lock that they wait for (`PESSIMISTIC_WRITE`), or with a version that the loser finds changed (`@Version`). This is',
  'the same study, with retries and failures counted, and beside both the third way, which is ours.',
  '',
  '## What the two original write-ups measured',
  '',
  'The second one has figures. They are averages of its own tests, with JPA on MySQL; it names neither machine nor pool, and does not say how',
  'many of the hundred had failed.',
  '',
];

const THEIRS = [
  'From these it chooses pessimistic locks for points, where every request has to succeed in turn, and optimistic ones for seats, where one',
  'has to win. The first write-up measured both as well, with the figures in pictures only, and chooses optimistic locks for seats and for',
  'payments: collisions are rare there, and only they are rolled back and tried again.',
];

const WAYS = [
  '- **pessimistic**: `BEGIN` and `SELECT … FOR UPDATE`, then the write and `COMMIT`. Whoever comes later waits for the commit before.',
  '- **optimistic**: `SELECT` with the version, then the write `WHERE version = …`. Whose version has changed writes nothing, and gives up, or',
  `  reads again after a pause of up to ${PAUSE_MS_MAX} ms at random. "Three tries" is what Spring's \`@Retryable\` does unless told otherwise.`,
  '- **ours**: no transaction for each request at all. Requests that wait at the same moment become one: it locks the rows in the order of',
  '  their keys, decides the whole set in the order of arrival, and writes it as a set. It is what the service runs, with its batches and its',
  '  usual pool ([0001](../decisions/0001-every-write-is-a-set.md)).',
  '',
  'Locks and versions are in their strongest form here: prepared statements in pipeline mode, two round trips, what goes together sent in',
  'one write, all that is written in one statement with the event built as the `json` that its column holds, the session settings of the',
  'service, and a connection kept for all tries of a request, so that no more of them collide than there are connections. Seats have a',
  'version anyway; wallets get one for this study.',
];

function resultTable(results: readonly Result[]): string[] {
  const average = (value: number) => inDigits(value, Number.isInteger(value) ? 0 : 1);
  return table(
    [
      'way',
      'connections',
      'a round, ms',
      'answers/s',
      'done/s',
      'p50 ms',
      'p95 ms',
      'p99 ms',
      'done',
      'refused',
      'gave up',
      'tries',
      'commits',
    ],
    results.map(
      ({
        name,
        connections,
        roundMs,
        answersPerSecond,
        donePerSecond,
        latencyMs,
        endings,
        tries,
        commits,
      }) => [
        name,
        String(connections),
        show(roundMs, 1),
        show(answersPerSecond, 0),
        show(donePerSecond, 0),
        inDigits(latencyMs.p50.median, 1),
        inDigits(latencyMs.p95.median, 1),
        inDigits(latencyMs.p99.median, 1),
        average(endings.done),
        average(endings.refused),
        average(endings['gave-up']),
        average(tries),
        average(commits),
      ],
    ),
  );
}

function sizeTable({ seat, wallet }: Results, connections: readonly number[]): string[] {
  const rows = ([title, results]: readonly [string, readonly Result[]]) =>
    [...Map.groupBy(results, ({ name }) => name)]
      .filter(([, [first]]) => first?.isOurs === false)
      .map(([name, sizes]) => [
        `${title}, ${name}`,
        ...sizes.map(({ roundMs, endings }) => `${show(roundMs, 1)}: ${inDigits(endings.done, 0)} done`),
      ]);
  return table(
    ['way', ...connections.map((count) => `${count} connections, ms`)],
    (
      [
        ['seat', seat],
        ['wallet', wallet],
      ] as const
    ).flatMap(rows),
  );
}
