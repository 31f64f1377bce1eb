/** Runs the tests that are to notice a bug, in a copy of the project, and leaves nothing running. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findPostmaster, stopPostmaster } from '../../server/src/platform/embedded-postgres/postmaster.ts';
import type { Copy } from './copy-of-the-project.ts';
import { projectOf } from '../support/test-projects.ts';
import type { Killer } from './planted-bug.ts';
import type { KillersReport, KillersRun } from './verdict.ts';

export interface RunKillersOptions {
  readonly copy: Copy;
  readonly killers: readonly Killer[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Shorter for tests. */
  readonly endingMaxMs?: number;
}

/** After being asked to end; what does not end by then is killed. */
const ENDING_MAX_MS = 10_000;

export async function runKillers({
  copy,
  killers,
  timeoutMs,
  signal,
  endingMaxMs = ENDING_MAX_MS,
}: RunKillersOptions): Promise<KillersRun> {
  const reportFile = join(copy.temporary, 'report.json');
  await rm(reportFile, { force: true });
  const child = spawn('vitest', argumentsFor(killers, reportFile), {
    cwd: copy.root,
    env: {
      ...process.env,
      TMPDIR: copy.temporary,
      PATH: `${join(copy.root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: it is ended as a whole, and a Ctrl-C is for us to pass on.
    detached: true,
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));

  const ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : 1));
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const stopped = once(limit, 'abort').then(() => 'stopped' as const);
  const end = await Promise.race([ended, limit.aborted ? ('stopped' as const) : stopped]);
  if (end === 'stopped') await stop(child, ended, endingMaxMs);
  await stopServersIn(copy.temporary);
  signal.throwIfAborted();
  return {
    exitCode: end === 'stopped' ? 1 : end,
    isTimedOut: end === 'stopped',
    report: end === 'stopped' ? undefined : await readReport(reportFile),
    output: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Only the tests that are named, in files that are named; of contract suites the file that calls them. */
function argumentsFor(killers: readonly Killer[], reportFile: string): string[] {
  const files = [...new Set(killers.map(({ file }) => file))];
  const names = killers.map(({ test }) => test.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return [
    'run',
    ...new Set(files.map((file) => `--project=${projectOf(file)}`)),
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    `--testNamePattern=${[...new Set(names)].join('|')}`,
    ...files,
  ];
}

/** Asks the whole group to end, and kills it when it does not. */
async function stop(child: ChildProcess, ended: Promise<unknown>, maxMs: number): Promise<void> {
  signalGroup(child, 'SIGTERM');
  await Promise.race([ended, sleep(maxMs, undefined, { ref: false })]);
  signalGroup(child, 'SIGKILL');
  // Whoever left the group may still hold its output open.
  await Promise.race([ended, sleep(maxMs, undefined, { ref: false })]);
  for (const stream of [child.stdout, child.stderr]) stream?.destroy();
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}

/** PostgreSQL is in a session of its own, and outlives a run that was killed. */
async function stopServersIn(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => basename(name) === 'postmaster.pid')) {
    const dataDir = join(folder, dirname(file));
    const server = await findPostmaster(dataDir);
    if (server !== undefined) await stopPostmaster(server.pid, dataDir, () => {});
  }
}

async function readReport(file: string): Promise<KillersReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as KillersReport;
  } catch {
    return undefined;
  }
}
