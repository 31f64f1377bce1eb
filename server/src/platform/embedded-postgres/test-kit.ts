/** What the tests of the launcher share: folders, servers in processes of their own, and a look at what is left. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig, type QueryResultRow } from 'pg';
import type { Account } from './account.ts';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from './index.ts';

export const isRoot = process.getuid?.() === 0;

export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

/** A folder that the server's user can reach, or the user's own when one is named. */
export async function makeFolder(options: { owner?: Account; mode?: number } = {}): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fr-test-'));
  await chmod(path, options.mode ?? 0o711);
  if (options.owner !== undefined) await chown(path, options.owner.uid, options.owner.gid);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 20 }) };
}

/** A copy of a data directory, owners and all. */
export async function copyFolder(folder: TestFolder): Promise<TestFolder> {
  const copy = await makeFolder();
  execFileSync('cp', ['-Rp', `${folder.path}/.`, copy.path]);
  return copy;
}

/** A user of this system who is not root. */
export function account(name: string): Account {
  const found = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8'));
  if (found === null) throw new Error(`no user ${name}`);
  return { name, uid: Number(found[1]), gid: Number(found[2]) };
}

type Options = Omit<EmbeddedPostgresOptions, 'log' | 'signal'>;

/** What a process of its own says: that the server is up, or the refusal. */
export interface Report extends Partial<Pick<EmbeddedPostgres, 'adopted' | 'connection' | 'dataDir'>> {
  readonly exitCode?: number;
  readonly message?: string;
}

export interface Owner extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly report: Promise<Report>;
  /** Ends the process at once; the server stays behind. */
  kill(): Promise<void>;
}

/** Starts the server in a process of its own, which stops it in the end, unless it is killed. */
export function startInProcess(options: Options, as?: Account): Owner {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)});
    try {
      const server = await startEmbeddedPostgres({ ...${JSON.stringify(options)}, log() {} });
      console.log(JSON.stringify(server));
      process.stdin.resume().on('end', () => server[Symbol.asyncDispose]());
    } catch (error) {
      console.log(JSON.stringify({ exitCode: error.exitCode, message: error.message }));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(as && { uid: as.uid, gid: as.gid }),
  });
  const exit = once(child, 'exit');
  const report = (async () => {
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Report;
    return { message: 'the process ended without a word' };
  })();
  return {
    process: child,
    report,
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exit;
    },
  };
}

/** Rows of one statement on a connection of its own. */
export async function query<Row extends QueryResultRow>(
  connection: ClientConfig,
  text: string,
): Promise<Row[]> {
  const client = new Client(connection);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The connection of the launcher's superuser. */
export async function superuser(
  server: Pick<EmbeddedPostgres, 'connection' | 'dataDir'>,
): Promise<ClientConfig> {
  const file = await readFile(join(server.dataDir, 'frontrow-passwords.json'), 'utf8');
  const { postgres } = JSON.parse(file) as { postgres: string };
  return { ...server.connection, user: 'postgres', database: 'postgres', password: postgres };
}

export async function pidOf(dataDir: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'), 10);
}

/** A process that has ended but was not asked how by its parent (a zombie) has no command line, and is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

/** Looks until the condition holds; a failing look counts as no. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 20_000;
  for (;;) {
    const holds = await Promise.try(condition).catch(() => false);
    if (holds) return;
    if (performance.now() > endMs) throw new Error('waited for 20 s in vain');
    await sleep(10);
  }
}
