/** An audit of a large sale: how long it takes, check by check, and what memory the process takes. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AuditReport } from '#contract/http/operator.ts';
import { limits } from '../server/src/limits.ts';
import { figureOf } from './lib/figures.ts';
import { table } from './lib/page.ts';
import type { Stage } from './lib/stage.ts';

const AUDIT = fileURLToPath(new URL('../scripts/audit.ts', import.meta.url));
const SALE = new URL('sql/audit-sale.sql', import.meta.url);
const SEATS_PER_PERFORMANCE = 100_000;
const OUTPUT_BYTES_MAX = 1_000_000;

interface Measured {
  readonly report: AuditReport;
  readonly memoryMb: number;
}

/** Gives the rows of the page: what was counted, how long it took. */
export async function measureAudit(stage: Stage, performances: number, repeats: number): Promise<string[]> {
  const database = await stage.freshDatabase();
  await (await stage.startService(database))[Symbol.asyncDispose](); // it makes the tables
  const sale = await readFile(SALE, 'utf8');
  await stage.query(database, `set bench.performances = ${performances}; ${sale}`);
  await stage.query(database, 'vacuum analyze');
  await stage.query(database, 'checkpoint');
  const runs: Measured[] = [];
  for (let run = 0; run < repeats; run++) runs.push(await audit(stage.urlOf(database)));
  return rowsOf(runs, performances * SEATS_PER_PERFORMANCE);
}

/** As `npm run audit` does it. Its peak memory is told by the process itself, at its end. */
async function audit(databaseUrl: string): Promise<Measured> {
  const tellMemory = `process.on('exit', () => process.stderr.write(String(process.resourceUsage().maxRSS)))`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(tellMemory)}`, AUDIT, '--json'],
    { env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl }, maxBuffer: OUTPUT_BYTES_MAX },
  );
  const report = JSON.parse(stdout) as AuditReport;
  if (report.state !== 'CLEAN') throw new Error(`the rows do not agree: ${stdout}`);
  return { report, memoryMb: Number(stderr) / 1024 };
}

function rowsOf(runs: readonly Measured[], seats: number): string[] {
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
