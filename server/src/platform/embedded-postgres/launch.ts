/** From whatever is there (nothing, a live orphan, a dead server's files) to a running server with our claim on it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { StartupRefusal } from '../startup-refusal.ts';
import type { Account } from './account.ts';
import { waitForAnswer, type Address } from './answer.ts';
import type { Binaries } from './binaries.ts';
import { cannotSpawn, childOptions, LIBRARY_MISSING } from './child.ts';
import { takeClaim, type Claim } from './claim.ts';
import type { Passwords } from './cluster.ts';
import { findPostmaster, PORT, removeStaleLocks, stopPostmaster } from './postmaster.ts';
import { binariesCannotRun, didNotStart, diskFull, inUse } from './refusals.ts';
import type { ServerLog } from './server-log.ts';
import { prepareDatabase } from './service-database.ts';
import { settingArguments } from './settings.ts';
import { makeSocketFolder, removeSocketFolder } from './socket-folder.ts';

export interface Ground {
  readonly folder: string;
  readonly dataDir: string;
  readonly account: Account | undefined;
  readonly binaries: Binaries;
  readonly passwords: Passwords;
  readonly settings: Readonly<Record<string, string>>;
  readonly serverLog: ServerLog;
  readonly log: (line: string) => void;
}

export interface RunningServer extends Address {
  readonly pid: number;
  readonly claim: Claim;
  readonly adopted: boolean;
}

/** A live server of ours answers at once; one that is busy starting or stopping says so. */
const ORPHAN_SILENCE_MS = 4_000;
const START_SILENCE_MS = 30_000;

/** What PostgreSQL says when processes of a killed server still use the data. The service bounds its statements. */
const REMAINS = 'pre-existing shared memory block';
const REMAINS_PATIENCE_MS = 15_000;
const REMAINS_PAUSE_MS = 500;

/** `socketDir`: where the server was before, when it is to be found there again. */
export async function launch(
  ground: Ground,
  signal: AbortSignal,
  socketDir?: string,
): Promise<RunningServer> {
  const adopted = await adopt(ground, signal);
  if (adopted !== undefined) return adopted;
  if (socketDir !== undefined) return startWhenFree(ground, signal, socketDir);
  const made = await makeSocketFolder(ground.dataDir, ground.account);
  try {
    return await startWhenFree(ground, signal, made);
  } catch (error) {
    await removeSocketFolder(made);
    throw error;
  }
}

/** Waits for sessions of a killed server: each goes on until the end of its statement, and keeps the data closed. */
async function startWhenFree(ground: Ground, signal: AbortSignal, socketDir: string): Promise<RunningServer> {
  const endMs = performance.now() + REMAINS_PATIENCE_MS;
  for (;;) {
    try {
      await removeStaleLocks(ground.dataDir, socketDir);
      return await start(ground, signal, socketDir);
    } catch (error) {
      if (!(error instanceof StartupRefusal) || !error.message.includes(REMAINS)) throw error;
      if (performance.now() > endMs) throw error;
      ground.log('waiting for the last sessions of a PostgreSQL that was killed');
      await sleep(REMAINS_PAUSE_MS, undefined, { signal });
    }
  }
}

/** Takes over a server that outlived its owner. One that does not answer is stopped. */
async function adopt(ground: Ground, signal: AbortSignal): Promise<RunningServer | undefined> {
  const { dataDir, log } = ground;
  const orphan = await findPostmaster(dataDir);
  if (orphan === undefined) return undefined;
  const answer = await waitForAnswer({
    address: async () => {
      const now = await findPostmaster(dataDir);
      if (now?.pid !== orphan.pid) return 'ended';
      return now.socketDir === undefined ? undefined : { socketDir: now.socketDir, port: now.port };
    },
    password: ground.passwords.postgres,
    silenceMs: ORPHAN_SILENCE_MS,
    signal,
    log,
  });
  if (answer === 'ended') return undefined;
  if (answer === 'silent') {
    log(`PostgreSQL (process ${orphan.pid}) was left running and does not answer: it is stopped`);
    await stopPostmaster(orphan.pid, dataDir, log);
    return undefined;
  }
  const claim = await own(ground, answer);
  const { host, port } = answer;
  return { pid: orphan.pid, socketDir: host, port, claim, adopted: true };
}

async function start(ground: Ground, signal: AbortSignal, socketDir: string): Promise<RunningServer> {
  const { dataDir, log } = ground;
  const child = await spawnServer(ground, socketDir);
  try {
    const answer = await waitForAnswer({
      address: () => Promise.resolve(child.hasExited() ? 'ended' : { socketDir, port: PORT }),
      password: ground.passwords.postgres,
      silenceMs: START_SILENCE_MS,
      signal,
      log,
    });
    if (answer === 'ended') throw await child.whyItEnded();
    if (answer === 'silent') {
      throw didNotStart('PostgreSQL does not answer', await child.lastLines(), ground.serverLog.path);
    }
    const claim = await own(ground, answer);
    return { pid: child.pid, socketDir, port: PORT, claim, adopted: false };
  } catch (error) {
    await stopPostmaster(child.pid, dataDir, log);
    throw error;
  }
}

/** The claim first: whatever else there is to do, only the owner does it. */
async function own(ground: Ground, client: Client): Promise<Claim> {
  const claim = await takeClaim(client);
  if (claim === undefined) throw inUse(ground.folder);
  try {
    await prepareDatabase(client, ground.passwords.frontrow);
    return claim;
  } catch (error) {
    await claim.release();
    throw error;
  }
}

interface ServerChild {
  readonly pid: number;
  hasExited(): boolean;
  lastLines(): Promise<string>;
  whyItEnded(): Promise<Error>;
}

async function spawnServer(ground: Ground, socketDir: string): Promise<ServerChild> {
  const { binaries, dataDir, account, serverLog } = ground;
  await serverLog.trim();
  await using output = await serverLog.open();
  const from = await serverLog.sizeBytes();
  const args = ['-D', dataDir, '-k', socketDir, '-p', String(PORT), ...settingArguments(ground.settings)];
  const child = spawn(binaries.postgres, args, {
    ...childOptions(account),
    stdio: ['ignore', output.fd, output.fd],
    // In a session of its own: Ctrl-C in a terminal is for the service, which then stops the server in turn.
    detached: true,
  });
  await once(child, 'spawn').catch((error: unknown) => {
    throw cannotSpawn(binaries.postgres, account, error);
  });
  child.unref();
  const lastLines = () => serverLog.tail(from);
  return {
    pid: child.pid ?? 0,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    lastLines,
    async whyItEnded() {
      const lines = await lastLines();
      if (child.exitCode === LIBRARY_MISSING) return binariesCannotRun(binaries.postgres, lines.trim());
      if (lines.includes('No space left on device')) return diskFull(dataDir, lines.trim());
      const how = child.signalCode ?? `exit code ${child.exitCode}`;
      return didNotStart(`PostgreSQL ended while it started (${how})`, lines, serverLog.path);
    },
  };
}
