/** What a benchmark runs on: one real PostgreSQL, fresh databases, the service as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, type QueryResultRow } from 'pg';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../server/src/platform/embedded-postgres/index.ts';
import { commandCodes } from '../../scripts/support/command.ts';
import { createInspector, type Inspector } from './inspector.ts';
import type { Chapter } from './profile.ts';
import { startFlags } from '../../scripts/support/start-flags.ts';

const START = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
export const OPERATOR_TOKEN = 'operator-token-of-the-benchmarks-0123456789';
export const SIGNING_KEYS = 'bench:signing-key-of-the-benchmarks-0123456789abcdefg';

/** A service that has not ended by then never will. */
const END_MS_MAX = 60_000;

export interface Stage extends AsyncDisposable {
  /** Makes an empty database and gives its name; it goes when the next one is made, unless it is in use or to be kept. */
  freshDatabase(options?: { readonly kept?: boolean }): Promise<string>;
  /** Those that were kept, too. */
  dropDatabases(): Promise<void>;
  query<Row extends QueryResultRow>(database: string, sql: string, values?: unknown[]): Promise<Row[]>;
  /** For who asks again and again: to open a connection costs the server more than a question. */
  connect(database: string): Promise<Session>;
  urlOf(database: string): string;
  /** With these settings in place of those that suit most parts. */
  startService(
    database: string,
    settings?: Readonly<Record<string, string>>,
    options?: { readonly isInspected?: boolean },
  ): Promise<RunningService>;
  /** Begins to sample what a service does, where that is asked for; gives what ends it, and puts it among `profiles`. */
  profile(pid: number, what: string): Promise<() => Promise<void>>;
  /** Of what was measured since somebody took them away. */
  readonly profiles: Chapter[];
  /** For files of the run; removed with the stage. */
  readonly folder: string;
  readonly postgres: EmbeddedPostgres;
}

/** One connection. */
export interface Session extends AsyncDisposable {
  query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
}

export interface RunningService extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Where it was asked for. */
  readonly inspector?: Inspector | undefined;
}

export interface StageOptions {
  /** For a look that gives no figures to keep: what one run wrote may cost the next one a little. */
  readonly quick?: boolean;
  /** Sample what services do while they are measured, which makes them a little slower. */
  readonly profile?: boolean;
}

export async function createStage({ quick = false, profile = false }: StageOptions = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const postgres = stack.use(await startEmbeddedPostgres({ dataDir: folder, log: () => {} }));
  const services = new Set<AsyncDisposable>();
  stack.defer(async () => {
    await Promise.all(Array.from(services, (service) => service[Symbol.asyncDispose]()));
  });
  const databases = createDatabases(query, quick);
  const profiling = createProfiling();

  async function connect(database: string): Promise<Session> {
    const client = new Client({ ...postgres.connection, database });
    await client.connect();
    return {
      query: async <Row extends QueryResultRow>(sql: string, values: unknown[] = []) =>
        (await client.query<Row>(sql, values)).rows,
      [Symbol.asyncDispose]: () => client.end(),
    };
  }

  async function query<Row extends QueryResultRow>(database: string, sql: string, values: unknown[] = []) {
    await using session = await connect(database);
    return await session.query<Row>(sql, values);
  }

  const owned = stack.move();
  endWith(owned);
  return {
    postgres,
    folder,
    query,
    connect,
    freshDatabase: databases.fresh,
    dropDatabases: databases.dropAll,
    urlOf: (database) => urlOf(postgres, database),
    profile: profiling.begin,
    profiles: profiling.profiles,
    startService: async (database, own = {}, { isInspected = profile } = {}) => {
      const inspector = isInspected ? await createInspector() : undefined;
      const settings = { ...inspector?.settings, ...own };
      const child = spawnService(urlOf(postgres, database), folder, settings);
      const ending = {
        [Symbol.asyncDispose]: async () => {
          await inspector?.[Symbol.asyncDispose]();
          await endService(child);
        },
      };
      services.add(ending);
      const { pid = 0 } = child;
      if (profile && inspector !== undefined) profiling.inspectors.set(pid, inspector);
      return { host: '127.0.0.1', port: await portOf(child), pid, inspector, ...ending };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function createProfiling() {
  const inspectors = new Map<number, Inspector>();
  const profiles: Chapter[] = [];
  return {
    inspectors,
    profiles,
    begin: async (pid: number, title: string): Promise<() => Promise<void>> => {
      const end = await inspectors.get(pid)?.profile();
      return async () => {
        if (end !== undefined) profiles.push({ title, profile: await end() });
      };
    },
  };
}

/** PostgreSQL looks after each of its databases every few seconds, so those that nobody needs any more go. */
function createDatabases(query: Stage['query'], quick: boolean) {
  let count = 0;
  const there = new Map<string, { readonly kept: boolean }>();

  async function drop(which: (database: { readonly kept: boolean }) => boolean): Promise<void> {
    for (const [name, database] of there) {
      if (!which(database)) continue;
      // Refused while somebody is in it.
      await query('postgres', `drop database ${name}`).then(
        () => there.delete(name),
        () => {},
      );
    }
  }

  return {
    fresh: async ({ kept = false }: { readonly kept?: boolean } = {}): Promise<string> => {
      await drop((database) => !database.kept);
      const name = `bench_${++count}`;
      await query('postgres', `create database ${name}`);
      there.set(name, { kept });
      if (!quick) await query('postgres', 'checkpoint'); // nobody pays for what the run before wrote
      return name;
    },
    dropAll: () => drop(() => true),
  };
}

/** Whoever ends this process, or does not read on what it says, ends what it started. */
function endWith(owned: AsyncDisposableStack): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void owned.disposeAsync().finally(() => process.exit(commandCodes.interrupted));
    });
  }
  for (const stream of [process.stdout, process.stderr])
    stream.once('error', () => process.kill(process.pid, 'SIGINT'));
}

function urlOf({ connection }: EmbeddedPostgres, database: string): string {
  const { user, password, port, host } = connection;
  return `postgres://${user}:${encodeURIComponent(password)}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}

function spawnService(
  databaseUrl: string,
  folder: string,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(process.execPath, [...startFlags(), START], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATA_DIR: join(folder, 'service'),
      DATABASE_URL: databaseUrl,
      OPERATOR_TOKEN,
      SIGNING_KEYS,
      DEMO_CATALOGUE: 'off',
      LOG_LEVEL: 'error',
      // A run of seconds would have all of an audit in it, or nothing. It is audited when it is over.
      AUDIT_INTERVAL_MS: '0',
      QUEUE_RATE_COUNT: '1000000',
      QUEUE_CAPACITY: '1000000',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Once it is open. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      const found = /^Frontrow is open: http:\S+:(\d+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    child.once('exit', (code) => reject(new Error(`the service ended with ${code}`)));
  });
}

async function endService(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const stuck = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX);
  await ended;
  clearTimeout(stuck);
}
