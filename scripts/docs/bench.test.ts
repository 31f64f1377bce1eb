import { describe, expect, test } from 'vitest';
import { figureOf } from '../../bench/lib/figures.ts';
import { atMost, type Finding, timesAtLeast, timesAtMost } from '../../bench/lib/part.ts';
import type { Results } from '../../bench/lib/results.ts';
import { benchImage, CHART } from './bench-chart.ts';
import { benchTable } from './bench.ts';

const quantity = (unit: string, ...runs: number[]) => ({ unit, figure: figureOf(runs) });
const pgbench = (name: string, ...runs: number[]) => ({ name, ...quantity('holds/s', ...runs) });

const WORK = 'durable seat holds, distinct seats';
const holds = quantity('holds/s', 21_000, 20_000, 22_000);
const HOLDS: readonly Finding[] = [
  {
    work: WORK,
    ours: holds,
    reference: pgbench('pgbench, usual transaction', 7_000, 5_000, 9_000),
    aim: timesAtLeast(2),
  },
  {
    work: WORK,
    ours: holds,
    reference: pgbench('pgbench, strongest single statement', 20_000, 10_000, 22_000),
    aim: timesAtLeast(1.5),
  },
];
const STREAMS: Finding = {
  work: '10,000 streams, an update a second to each',
  ours: quantity('% of the streams got each update', 99.97),
  aim: { at: 'least', value: 100, times: false },
};
const FLAT: Finding = {
  work: 'poll: 2,000,000 seats, 1,000,000 waiting',
  ours: quantity('µs of cores each', 110),
  reference: { name: 'houses of 50 seats, 50 waiting', ...quantity('µs of cores each', 100) },
  aim: timesAtMost(1.3),
};

function resultsOf(findings: readonly Finding[], failed: Results['failed'] = []): Results {
  return {
    machine: {
      cpu: '2 × Some CPU',
      memory: '24 GiB',
      node: 'v26.10.0',
      commit: 'abc1234 with uncommitted changes',
      date: '2026-12-05',
    },
    repeats: 3,
    whole: true,
    parts: [{ name: 'holds', findings }],
    failed,
  };
}

const rowsIn = (text: string) => text.split('\n').filter((line) => line.startsWith('| '));

describe('the table of figures', () => {
  test('says without a whole run that there is none, and shows no image', () => {
    for (const language of ['en', 'ko'] as const) {
      expect(benchTable(null, language)).toMatch(/^[^\n|!]+\[bench\/results\]\(bench\/results\)[^\n|!]*$/);
    }
  });

  test('has a row for each finding: measured, beside it, the aim, and whether it is met', () => {
    expect(rowsIn(benchTable(resultsOf(HOLDS), 'en'))).toEqual([
      '| work | measured | beside it, in the same run | aim | reached |',
      `| ${WORK} | 21,000 (20,000–22,000) holds/s | pgbench, usual transaction: 7,000 (5,000–9,000) holds/s | ≥ 2 × | 3 ×, met |`,
      '|  |  | pgbench, strongest single statement: 20,000 (10,000–22,000) holds/s | ≥ 1.5 × | **1.05 ×, not met** |',
    ]);
  });

  test('brings rows of one work together', () => {
    const [first, second] = HOLDS;
    const split = [first, FLAT, second].filter((finding) => finding !== undefined);
    const works = rowsIn(benchTable(resultsOf(split), 'en')).map((row) => row.split(' | ')[0]);
    expect(works).toEqual(['| work', `| ${WORK}`, '| ', `| ${FLAT.work}`]);
  });

  test('does not round what missed the aim until it looks as if it had not', () => {
    expect(benchTable(resultsOf([STREAMS]), 'en')).toContain('| – | ≥ 100 | **99.97, not met** |');
  });

  test('tells machine, commit, date and runs below, with a link to all pages', () => {
    const text = benchTable(resultsOf(HOLDS), 'en');
    expect(text).toMatch(
      /Measured on 2026-12-05 on 2 × Some CPU, 24 GiB, Node v26\.10\.0, at commit abc1234 with uncommitted changes; runs of each: 3\./,
    );
    expect(text).toContain('(bench/results)');
    expect(benchTable(resultsOf([...HOLDS, STREAMS]), 'en')).toContain('runs of each: 1–3.');
  });

  test('says which parts failed, and gives no figure for them', () => {
    const failed = [{ name: 'arena', error: 'it did not sell out' }];
    expect(rowsIn(benchTable(resultsOf(HOLDS, failed), 'en')).at(-1)).toBe(
      '| `arena`: failed in this run, so there is no figure | – | – | – | – |',
    );
    expect(rowsIn(benchTable(resultsOf([], failed), 'ko')).at(-1)).toMatch(
      /^\| `arena`: .* \| – \| – \| – \| – \|$/,
    );
  });

  test('is Korean in Korean: the same figures and links, other words', () => {
    const all = resultsOf([...HOLDS, STREAMS, FLAT]);
    const [english, inKorean] = [benchTable(all, 'en'), benchTable(all, 'ko')];
    const bones = (text: string) => text.match(/\]\([^)]+\)|\([\d.,]+–[\d.,]+\)|[≥≤] [\d.]+|–/g);
    expect(bones(inKorean)).toEqual(bones(english));
    expect(rowsIn(inKorean)[0]).toBe('| 작업 | 측정값 | 같은 실행의 비교 대상 | 목표 | 결과 |');
    expect(inKorean).not.toMatch(/seats|waiting|transaction|uncommitted|\bmet\b/);
  });

  test('is refused while something has no Korean name, and says all that has none', () => {
    const [first] = HOLDS;
    if (first === undefined) throw new Error('there is a finding');
    const odd = resultsOf([
      { ...first, work: 'juggling' },
      { work: 'singing', ours: quantity('songs/s', 1), aim: atMost(2) },
    ]);
    expect(() => benchTable(odd, 'ko')).toThrow(
      'scripts/docs/bench-korean.ts has no Korean for:\n  juggling\n  singing\n  songs/s',
    );
  });
});

describe('the chart of figures', () => {
  test('has a bar for each ratio with its aim, and none for a figure that stands alone', () => {
    const svg = benchImage(resultsOf([...HOLDS, STREAMS, FLAT])) ?? '';
    expect(svg).toContain(
      `<desc>${WORK}. ÷ pgbench, usual transaction: 3 × (≥ 2); ÷ pgbench, strongest single statement: 1.05 × (≥ 1.5: not met). ` +
        `${FLAT.work} (less is better). ÷ houses of 50 seats, 50 waiting: 1.1 × (≤ 1.3).</desc>`,
    );
    expect(svg.match(/class="ours"/g)).toHaveLength(3);
    expect(svg.match(/class="aim"/g)).toHaveLength(3);
    expect(svg.match(/class="range"/g)).toHaveLength(2);
  });

  test('is not there, and is not shown, where nothing was compared', () => {
    expect(benchImage(null)).toBeNull();
    expect(benchImage(resultsOf([STREAMS]))).toBeNull();
    expect(benchTable(resultsOf([STREAMS]), 'en')).not.toContain('![');
    expect(benchTable(resultsOf([FLAT]), 'en')).toContain(`](${CHART})`);
  });
});
