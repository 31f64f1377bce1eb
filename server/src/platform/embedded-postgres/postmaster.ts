/** The server process of a data directory: found through its postmaster.pid, told from others, and stopped. */
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errnoOf } from './refusals.ts';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Undefined while the server has not opened its socket yet. */
  readonly socketDir: string | undefined;
}

/** The name of the socket is made of it; there is no network port. */
export const PORT = 5432;

const PID_FILE = 'postmaster.pid';
const LOOK_EVERY_MS = 20;
/** A fast shutdown writes a checkpoint; without one the next start recovers, so nothing is lost by being harsh. */
const STOPS = [
  { signal: 'SIGINT', patienceMs: 10_000 },
  { signal: 'SIGQUIT', patienceMs: 6_000 },
  { signal: 'SIGKILL', patienceMs: 2_000 },
] as const;

/** The live server of the data directory, if any. */
export async function findPostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const written = await readLockFile(join(dataDir, PID_FILE));
  return written !== undefined && (await isRunning(written.pid, dataDir)) ? written : undefined;
}

/**
 * Removes the lock files of a dead server whose process id still exists: as another program's by now, or because
 * its parent has not noticed its end. PostgreSQL would take either for a live server and refuse to start.
 * Only for the holder of the folder's lock, when no server is found.
 */
export async function removeStaleLocks(dataDir: string, socketDir: string): Promise<void> {
  for (const path of [join(dataDir, PID_FILE), join(socketDir, `.s.PGSQL.${PORT}.lock`)]) {
    const written = await readLockFile(path);
    if (written?.dataDir === dataDir && exists(written.pid)) await rm(path, { force: true });
  }
}

/** Whether the process is the server of the data directory, and not another program that got its process id. */
async function isRunning(pid: number, dataDir: string): Promise<boolean> {
  return `${await commandOf(pid)} `.includes(`/postgres -D ${dataDir} `);
}

/** Stops the server: gently, and when that takes too long, less so. */
export async function stopPostmaster(
  pid: number,
  dataDir: string,
  log: (line: string) => void,
): Promise<void> {
  for (const { signal, patienceMs } of STOPS) {
    if (!(await isRunning(pid, dataDir))) return;
    sendSignal(pid, signal);
    sendSignal(pid, 'SIGCONT'); // a process that was suspended would never see the first one
    if (await hasEnded(pid, dataDir, patienceMs)) return;
    log(`PostgreSQL (process ${pid}) is still there ${patienceMs} ms after ${signal}`);
  }
  throw new Error(`PostgreSQL (process ${pid}, data in ${dataDir}) cannot be stopped`);
}

async function hasEnded(pid: number, dataDir: string, patienceMs: number): Promise<boolean> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    if (!(await isRunning(pid, dataDir))) return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

// https://www.postgresql.org/docs/18/storage-file-layout.html: process id, data directory, start time, port, socket's
// folder, … The lock file of a socket looks the same.
async function readLockFile(path: string): Promise<(Postmaster & { readonly dataDir: string }) | undefined> {
  try {
    const [pidText, dataDir = '', , port, socketDir] = (await readFile(path, 'utf8')).split('\n');
    const pid = Number(pidText);
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
    return { pid, dataDir, port: Number(port), socketDir: socketDir || undefined };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The process's command line; empty when there is no such process, or it has ended and nobody has asked how. */
async function commandOf(pid: number): Promise<string> {
  try {
    if (process.platform === 'linux')
      return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    const { stdout } = await promisify(execFile)('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return stdout.trim();
  } catch {
    return '';
  }
}
