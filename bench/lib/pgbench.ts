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

export interface PgbenchRun {
  readonly script: string;
  readonly clients: number;
  readonly transactionsPerClient: number;
  readonly variables: Readonly<Record<string, number>>;
}

const CLIENT_COUNTS = [8, 16, 32, 64];
/** Never far from the best one. */
const QUICK_COUNTS = [32];

/** A run for pgbench with the number of clients that suits it best: the first run tries all of them, and keeps the best. */
export function withBestClients(
  quick: boolean,
  run: (stage: Stage, clients: number) => Promise<number>,
): (stage: Stage) => Promise<Measured> {
  const counts = quick ? QUICK_COUNTS : CLIENT_COUNTS;
  let best: number | undefined;
  const noteOf = (clients: number) =>
    quick ? `${clients} clients` : `${clients} clients, its best of ${counts.join(', ')}`;
  return async (stage) => {
    if (best !== undefined) return { perSecond: await run(stage, best), note: noteOf(best) };
    let perSecond = 0;
    for (const clients of counts) {
      const now = await run(stage, clients);
      if (now > perSecond) [best, perSecond] = [clients, now];
    }
    return { perSecond, note: noteOf(best ?? 0) };
  };
}

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
      { env: { ...process.env, PGPASSWORD: password }, maxBuffer: 1 << 24 },
    );
    const tps = Number(/tps = ([\d.]+) \(without initial connection time\)/.exec(stdout)?.[1]);
    const failed = Number(/number of failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0);
    if (!(tps > 0) || failed > 0) throw new Error(`pgbench failed:\n${stdout}`);
    return (run.clients * run.transactionsPerClient) / tps;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
