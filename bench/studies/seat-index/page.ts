/** The page of the study. Every comparison in its sentences is computed; what the write-ups say is marked as theirs. */
import { inDigits, type machine, show } from '../../lib/figures.ts';
import { page, table } from '../../lib/page.ts';
import { image, type StudyPage } from '../../lib/study.ts';
import { chartsOf } from './charts.ts';
import { findingsInEnglish, summaryInKorean } from './findings.ts';
import { type Moment, MOMENT_NAMES, type Size, sumOf } from './measure.ts';
import { MIB, readings, type Result } from './result.ts';
import { COVERING, FIRST, NO_INDEX, OURS, PERFORMANCES, SECOND } from './variants.ts';

interface Conditions {
  readonly size: Size;
  readonly repeats: number;
  readonly postgres: string;
  /** As it was when the study began. */
  readonly machine: ReturnType<typeof machine>;
  readonly load: string;
}

export function seatIndexPage(results: readonly Result[], conditions: Conditions): StudyPage {
  const charts = chartsOf(results);
  const picture = (file: keyof typeof charts) => ['', image(file, charts[file])];
  const body = [
    ...INTRODUCTION,
    ...theirs(),
    '',
    '## The question, as each of them asks it',
    '',
    ...[FIRST, SECOND, COVERING, OURS].flatMap(({ name, query }) => [
      `${name}:`,
      '',
      '```sql',
      query,
      '```',
      '',
    ]),
    'All of them ask for number and price only; both write-ups take `SELECT *`. The third one asks what the first one asks. Its index is',
    'the one that we would make if this query were all that mattered: it has only the free seats, and all that is asked for.',
    '',
    '## Reading',
    '',
    ...MOMENT_NAMES.flatMap((moment) => [`Where ${moment}:`, '', ...readingTable(results, moment), '']),
    '"In PostgreSQL" is what `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF)` says; "at the client" has the rows, in Node, over a Unix',
    'socket. A page is 8 KiB.',
    ...picture('seat-index-reading'),
    '',
    '## Size',
    '',
    ...sizeTable(results),
    ...picture('seat-index-size'),
    '',
    '## Writing',
    '',
    ...writingTable(results, conditions.size),
    '',
    'A change that is *HOT* stays on its page and touches no index. It is possible where no index has what changes, and where the page',
    'has room. Ours writes more in each change than the others: whose reservation it is, and a new version.',
    ...picture('seat-index-writing'),
    '',
    '## What follows',
    '',
    ...findingsInEnglish(results),
    '',
    ...BOARD,
    '',
    '## The plans',
    '',
    ...results.flatMap(plans),
    '## 요약',
    '',
    ...summaryInKorean(results),
  ];
  const title = 'Which index for the available seats of one performance?';
  const text = page({ title, machine: conditions.machine, conditions: conditionsOf(conditions), body });
  return { text, charts };
}

function conditionsOf({ size, repeats, postgres, load }: Conditions): string[] {
  const all = (size.seatsOfEach * PERFORMANCES).toLocaleString('en');
  const each = size.seatsOfEach.toLocaleString('en');
  return [
    `PostgreSQL ${postgres}, the embedded one with its settings: fsync and full_page_writes on, shared_buffers 256 MB, jit off`,
    `${all} seats: ${PERFORMANCES} performances of ${each}, the same seats in the same order and states in every table; in every second performance half are taken, spread over the house`,
    `each table is filled once, vacuumed and analysed; everything is measured on a fresh copy of it, ${repeats} times, tables by turns`,
    `reading: warm; the first answer of each copy is not counted, the next ${size.readsOfEach} are; median of ${repeats * size.readsOfEach} (lowest–highest)`,
    `writing: median of ${repeats} (lowest–highest), one session, after a checkpoint; autovacuum is off meanwhile`,
    load,
    'every table is asked and changed by the same plain session, ours as well: the planner is free, and none has the session settings of the service, which would forbid it to read a table whole',
    'made by `npm run study:index` (bench/studies/seat-index.ts)',
  ];
}

const INTRODUCTION = [
  'Frontrow comes from two original write-ups, by other hands, of a service like it. Both looked at one query, the available seats of',
  'one performance, and at what an index does for it. This is the same study on PostgreSQL, with what they did not look at: what each',
  'index weighs, and what it costs those who write, which in a sale is everybody.',
  '',
  '## What the two original write-ups measured',
  '',
  'These figures are theirs, on MySQL by the commands that they show; neither names its machine.',
  '',
];

function theirs(): string[] {
  return table(
    ['write-up', 'data', 'no index', 'their index'],
    [
      [
        'first',
        '2,000,000 seats, of which one schedule has 100,000; shown by `SHOW PROFILES`',
        '0.36 s',
        '`(concert_schedule_id)`: 0.09 s',
      ],
      [
        'second',
        '100,000 seats, joined with 100,000 options; 18,810 rows expected by `EXPLAIN`; an average',
        '294.6 ms',
        '`(seat_concert_option_id, status)`: 295.3 ms; with `(concert_id)` on the joined table as well: 237.2 ms',
      ],
    ],
  );
}

function readingTable(results: readonly Result[], moment: Moment): string[] {
  const all = readings(results);
  const base = all.find(({ name }) => name === NO_INDEX.name)?.reads[moment].executionMs.median ?? 0;
  return table(
    ['table and index', 'pages', 'in PostgreSQL, ms', 'to no index', 'at the client, ms'],
    all.map(({ name, reads }) => {
      const { plan, executionMs, clientMs } = reads[moment];
      const part = `${inDigits(executionMs.median / base, 2)} ×`;
      return [name, plan.pages.toLocaleString('en'), show(executionMs, 1), part, show(clientMs)];
    }),
  );
}

function sizeTable(results: readonly Result[]): string[] {
  const mib = (bytes: number) => inDigits(bytes / MIB, 0);
  return table(
    ['table and index', 'what there is', 'table, MiB', 'primary key, MiB', 'other indexes, MiB', 'all, MiB'],
    results.map(({ variant, bytes }) => [
      variant.name,
      variant.indexes,
      mib(bytes.table),
      mib(bytes.primaryKey),
      mib(bytes.otherIndexes),
      mib(sumOf(bytes)),
    ]),
  );
}

function writingTable(results: readonly Result[], { sold, seatsOfEach }: Size): string[] {
  const lines = table(
    [
      'table and index',
      'a change, µs',
      'WAL for a change, bytes',
      'HOT, %',
      'grown by, KiB',
      'laying out, ms',
      'its WAL, MiB',
    ],
    results.map(({ variant, change, grownBytes, layOut }) => [
      variant.name,
      show(change.us, 1),
      show(change.walBytes, 0),
      inDigits(change.hotPercent.median, 0),
      inDigits(grownBytes.median / 1024, 0),
      show(layOut.ms),
      inDigits(layOut.walBytes.median / MIB, 1),
    ]),
  );
  return [
    `A change is a seat that is held or sold: ${sold.toLocaleString('en')} seats of one performance at random, each held and then sold, in sets of 500. Laying`,
    `out is one more performance of ${seatsOfEach.toLocaleString('en')} seats.`,
    '',
    ...lines,
  ];
}

/** In words; bench/results has the figures of the service as a whole. */
const BOARD = [
  '**Asked once, not once for each view.** Whichever index there is, a query that gives 100,000 rows is not for everybody who looks.',
  'Each instance asks for the seats of a performance once, when somebody looks first, and keeps the state and the version of each in',
  'memory. The log of events keeps that current, so a view costs no query, and a read like the ones above is paid once for an instance',
  'and a performance. [Why, and what that memory may say](../decisions/0009-seat-boards.md);',
  '[its rates, with no query per view](../../bench/results/README.md). Nothing is decided on it: only the row grants a seat.',
];

function plans({ variant, reads }: Result): string[] {
  const { plan } = reads['all seats are free'];
  return [
    `<details><summary>${variant.name}</summary>`,
    '',
    '```',
    ...plan.lines,
    '```',
    '',
    '</details>',
    '',
  ];
}
