/** The reference: PostgreSQL's own load tool on the same server and the same tables, without any HTTP. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Measured } from './sides.ts';
import type { Stage } from './stage.ts';
import type { EmbeddedPostgres } from '../../server/src/platform/embedded-postgres/index.ts';
import { sessionSettings } from '../../server/src/platform/postgres/requirements.ts';

export interface PgbenchRun extends PgbenchWork {
  readonly script: string;
  readonly variables: Readonly<Record<string, number>>;
}

const CLIENT_COUNTS = [4, 8, 16, 32, 64];
/** Never far from the best one. */
const QUICK_COUNTS = [32];
/** Of the transactions of a run: what each count of clients is tried with. */
const TRY_SHARE = 0.25;

/** What pgbench is to do, split evenly over its clients. */
export interface PgbenchWork {
  readonly clients: number;
  readonly transactionsPerClient: number;
}

export interface PgbenchAmount {
  /** Transactions of a run. */
  readonly count: number;
  readonly quick: boolean;
  /** To find the best among them. */
  readonly clientCounts?: readonly number[];
}

/**
 * Runs of so many transactions with the number of clients that suits them best: all are tried before the first run, each with
 * fewer transactions, which do not count. `run` gives how many were committed a second.
 */
export function withBestClients(
  { count, quick, clientCounts = CLIENT_COUNTS }: PgbenchAmount,
  run: (stage: Stage, work: PgbenchWork) => Promise<number>,
): (stage: Stage) => Promise<Measured> {
  const counts = quick ? QUICK_COUNTS : clientCounts;
  const workOf = (transactions: number, clients: number): PgbenchWork => ({
    clients,
    transactionsPerClient: Math.floor(transactions / clients),
  });
  let best: number | undefined;

  async function findBest(stage: Stage): Promise<number> {
    if (counts.length === 1) return counts[0] ?? 0;
    const rates: number[] = [];
    for (const clients of counts) rates.push(await run(stage, workOf(count * TRY_SHARE, clients)));
    return counts[rates.indexOf(Math.max(...rates))] ?? 0;
  }

  return async (stage) => {
    best ??= await findBest(stage);
    const note = quick ? `${best} clients` : `${best} clients, its best of ${counts.join(', ')}`;
    return { perSecond: await run(stage, workOf(count, best)), note };
  };
}

/** As the service has them: plans of the primary key's from the first time on, whatever the statistics say. */
const { jit, enable_seqscan, plan_cache_mode } = sessionSettings({
  majorVersion: 0,
  noticesGoneClients: false,
});
const SESSION = Object.entries({ jit, enable_seqscan, plan_cache_mode })
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** Where pgbench is, or an error that says how to get it. */
function findPgbench(): string {
  const versions = existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql').toSorted().toReversed()
    : [];
  const places = [
    ...versions.map((v) => `/usr/lib/postgresql/${v}/bin/pgbench`),
    '/usr/bin/pgbench',
    '/usr/local/bin/pgbench',
  ];
  const found = places.find((place) => existsSync(place));
  if (found === undefined)
    throw new Error('pgbench is not installed; on Debian: apt-get install postgresql-15');
  return found;
}

/** Runs the script a fixed number of times per client. Gives the seconds it took. */
export async function runPgbench(
  postgres: EmbeddedPostgres,
  database: string,
  run: PgbenchRun,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-pgbench-'));
  try {
    const file = join(folder, 'script.sql');
    await writeFile(file, run.script);
    const { host, port, user, password } = postgres.connection;
    const variables = Object.entries(run.variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]);
    const args = [
      '-h',
      host,
      '-p',
      String(port),
      '-U',
      user,
      '-n',
      '-M',
      'prepared',
      '-c',
      String(run.clients),
      '-j',
      '1',
    ];
    const { stdout } = await promisify(execFile)(
      findPgbench(),
      [...args, '-t', String(run.transactionsPerClient), ...variables, '-f', file, database],
      { env: { ...process.env, PGPASSWORD: password, PGOPTIONS: SESSION }, maxBuffer: 1 << 24 },
    );
    const tps = Number(/tps = ([\d.]+) \(without initial connection time\)/.exec(stdout)?.[1]);
    const failed = Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0);
    if (!(tps > 0) || failed > 0) throw new Error(`pgbench failed:\n${stdout}`);
    return (run.clients * run.transactionsPerClient) / tps;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
