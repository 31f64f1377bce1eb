/** The cluster on disk: made whole or not at all, and recognised as one that this PostgreSQL can run. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { cannotSpawn, childOptions, LIBRARY_MISSING } from './child.ts';
import { isEmpty, lookAt } from './data-folder.ts';
import {
  binariesCannotRun,
  didNotStart,
  diskFull,
  errnoOf,
  foreignFolder,
  messageOf,
  otherVersion,
  refusing,
} from './refusals.ts';

/** The superuser is the launcher's alone; the service is a user with no more rights than it needs. */
export interface Passwords {
  readonly postgres: string;
  readonly frontrow: string;
}

const PASSWORDS_FILE = 'frontrow-passwords.json';
const STAGING = '.initialising-';

/** Whether there is a cluster that these binaries can run. Refuses one of another version, and what is none. */
export async function hasCluster(clusterDir: string, majorVersion: number): Promise<boolean> {
  if ((await lookAt(clusterDir)) === undefined || (await isEmpty(clusterDir))) return false;
  if ((await lookAt(join(clusterDir, 'PG_VERSION'))) === undefined) throw foreignFolder(clusterDir);
  const version = await refusing(clusterDir, () => readFile(join(clusterDir, 'PG_VERSION'), 'utf8'));
  if (version.trim() !== String(majorVersion)) throw otherVersion(clusterDir, version.trim(), majorVersion);
  return true;
}

/** Makes the cluster beside its place and moves it there when it is complete and on disk. */
export async function initCluster(
  clusterDir: string,
  binaries: Binaries,
  account: Account | undefined,
): Promise<void> {
  const parent = dirname(clusterDir);
  await removeLeftovers(clusterDir);
  await refusing(parent, async () => {
    const staging = await mkdtemp(clusterDir + STAGING);
    try {
      await giveTo(account, staging);
      const made = await runInitdb(staging, binaries, account);
      await rename(made, clusterDir);
      await syncFolder(parent);
    } finally {
      await rm(staging, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

/** Takes away what an initdb left that was killed half-way. */
export async function removeLeftovers(clusterDir: string): Promise<void> {
  const parent = dirname(clusterDir);
  await refusing(parent, async () => {
    const names = await readdir(parent);
    for (const name of names.filter((entry) => entry.startsWith(basename(clusterDir) + STAGING))) {
      await rm(join(parent, name), { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

export async function readPasswords(clusterDir: string): Promise<Passwords> {
  return refusing(clusterDir, async () => {
    try {
      return JSON.parse(await readFile(join(clusterDir, PASSWORDS_FILE), 'utf8')) as Passwords;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') throw foreignFolder(clusterDir);
      throw error;
    }
  });
}

async function runInitdb(staging: string, binaries: Binaries, account: Account | undefined): Promise<string> {
  const passwords: Passwords = { postgres: newPassword(), frontrow: newPassword() };
  const dataDir = join(staging, 'data');
  const passwordFile = join(staging, 'password');
  await writeSecret(passwordFile, passwords.postgres, account);
  const flags = [
    `--pgdata=${dataDir}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--data-checksums',
    '--encoding=UTF8',
    // The builtin locale does not change with the system's libraries, and so never corrupts an index.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ];
  try {
    await promisify(execFile)(binaries.initdb, flags, childOptions(account));
  } catch (error) {
    throw initdbFailure(error, dirname(staging), binaries, account);
  }
  await writeSecret(join(dataDir, PASSWORDS_FILE), JSON.stringify(passwords), account);
  await syncFolder(dataDir);
  return dataDir;
}

function initdbFailure(
  error: unknown,
  folder: string,
  binaries: Binaries,
  account: Account | undefined,
): Error {
  const stderr: unknown = error instanceof Error ? Reflect.get(error, 'stderr') : undefined;
  const lines = typeof stderr === 'string' ? stderr : '';
  if (lines.includes('No space left on device')) return diskFull(folder, lines.trim(), error);
  const exitCode: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (exitCode === LIBRARY_MISSING) return binariesCannotRun(binaries.initdb, lines.trim(), error);
  if (typeof exitCode === 'string') return cannotSpawn(binaries.initdb, account, error);
  return didNotStart(`initdb could not make a database in ${folder}`, lines || messageOf(error));
}

async function writeSecret(path: string, text: string, account: Account | undefined): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx', flush: true });
  await giveTo(account, path);
}

async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Puts the folder's entries on disk: without it a rename may be undone by a power cut. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
