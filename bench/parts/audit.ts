/** An audit of a large sale: how long it takes, check by check, and what memory the process takes. */
import { limits } from '../../server/src/limits.ts';
import { type Audited, audited } from '../lib/audited.ts';
import { figureOf } from '../lib/figures.ts';
import { table } from '../lib/page.ts';
import type { Part } from '../lib/part.ts';
import { openSales, SALE_SEATS } from '../lib/sale.ts';
import type { Stage } from '../lib/stage.ts';

export const audit: Part = {
  title: 'An audit of a large sale',
  conditions: ({ repeats }) => [
    `median of ${repeats} runs on the same rows, which stand for a sale that goes on (bench/sql/audit-sale.sql)`,
    'PostgreSQL and the auditor share the cores; nothing else is asked of them',
    'every check is clean',
  ],
  measure: async (stage, { quick, repeats }) => ({
    page: await measureAudit(stage, quick ? 1 : 20, repeats),
    findings: [],
  }),
};

/** Gives the rows of the page: what was counted, how long it took. */
async function measureAudit(stage: Stage, performances: number, repeats: number): Promise<string[]> {
  const database = await stage.freshDatabase();
  await openSales(stage, database, performances);
  const runs: Audited[] = [];
  for (let run = 0; run < repeats; run++) runs.push(await audited(stage, database));
  return rowsOf(runs, performances * SALE_SEATS);
}

function rowsOf(runs: readonly Audited[], seats: number): string[] {
  const [first] = runs;
  if (first === undefined) throw new Error('nothing was measured');
  const seconds = (ms: readonly (number | null)[]) =>
    `${(figureOf(ms.map(Number)).median / 1000).toFixed(1)} s`;
  const rows = first.report.checks.map(({ name, counted }, index) => {
    const times = runs.map(({ report }) => report.checks[index]?.tookMs ?? 0);
    return [name, counted.toLocaleString('en'), seconds(times)];
  });
  const whole = seconds(runs.map(({ report }) => report.tookMs));
  const memory = Math.max(...runs.map(({ memoryMb }) => memoryMb)).toFixed(0);
  return [
    ...table(['check', 'counted', 'time'], rows),
    '',
    ...table(
      ['what', 'figure', 'aim'],
      [
        [
          `a whole audit of ${seats.toLocaleString('en')} seats`,
          whole,
          `< ${limits.audit.passMsMax / 1000} s, what a pass of the service has`,
        ],
        ['memory of the Node process, peak', `${memory} MB`, 'the same for any sale'],
      ],
    ),
  ];
}
