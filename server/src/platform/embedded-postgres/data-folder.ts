/** Where the data lie: in DATA_DIR/postgres, or, when the server's user cannot get there, behind a link of that name. */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  access,
  chmod,
  lstat,
  mkdir,
  readdir,
  readlink,
  realpath,
  rmdir,
  stat,
  statfs,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { canReach, type Account } from './account.ts';
import { dataGone, diskFull, errnoOf, foreignFolder, notWritable, outOfReach, refusing } from './refusals.ts';

const MIB = 1024 * 1024;
/** An empty cluster takes 40 MiB; below this the next hour of an on-sale would fill the disk. */
const FREE_BYTES_MIN = 200 * MIB;

/** Makes DATA_DIR when there is none. Gives its real path. */
export async function prepareFolder(dataDir: string): Promise<string> {
  const folder = resolve(dataDir);
  return refusing(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
    if (process.getuid?.() === 0) await letPass(folder);
    return realpath(folder);
  });
}

/**
 * As root: the server's user must get through to the cluster. Only while the folder is empty: one with something in
 * it, such as a home directory, may be closed to others for a reason.
 */
async function letPass(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  if (uid === 0 && (mode & 0o001) === 0 && (await isEmpty(folder)))
    await chmod(folder, (mode & 0o777) | 0o011);
}

/** The cluster's folder: the one that is there, or the place where it is to be made. */
export async function locateCluster(
  folder: string,
  account: Account | undefined,
  log: (line: string) => void,
): Promise<string> {
  const place = join(folder, 'postgres');
  const found = await lookAt(place);
  if (found?.isSymbolicLink()) return followLink(place);
  if (found !== undefined && !found.isDirectory()) throw foreignFolder(place);
  if (account === undefined || (await canReach(account, folder))) return place;
  if (found !== undefined && !(await isEmpty(place))) throw outOfReach(place, account.name);

  const elsewhere = join(await ownFolderElsewhere(hashOf(folder)), 'postgres');
  log(`as root the server runs as ${account.name}, who cannot reach ${folder}: the data are in ${elsewhere}`);
  return elsewhere;
}

/** Leaves a link in DATA_DIR to data that are elsewhere, so that the next start and a person find them. */
export async function rememberCluster(folder: string, clusterDir: string): Promise<void> {
  const place = join(folder, 'postgres');
  if (clusterDir === place || (await lookAt(place))?.isSymbolicLink()) return;
  await refusing(place, async () => {
    if ((await lookAt(place)) !== undefined) await rmdir(place);
    await symlink(clusterDir, place);
  });
}

/** A folder under a parent that everybody can reach, which only root can change. */
export async function ownFolderElsewhere(name: string): Promise<string> {
  const parents = ['/var/lib/frontrow', join(tmpdir(), 'frontrow')];
  for (const parent of parents) {
    if ((await isOwn(parent)) && (await isOwn(join(parent, name)))) return join(parent, name);
  }
  throw notWritable(parents.join(' and '), new Error('root can make no folder there that is only root’s'));
}

export async function refuseFullDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= FREE_BYTES_MIN) return;
  throw diskFull(
    folder,
    `${Math.floor(freeBytes / MIB)} MiB are free, ${FREE_BYTES_MIN / MIB} MiB are needed`,
  );
}

/** What lies at the path itself, without following a link. */
export async function lookAt(path: string): Promise<Stats | undefined> {
  return refusing(path, async () => {
    try {
      return await lstat(path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

export async function isEmpty(folder: string): Promise<boolean> {
  return (await refusing(folder, () => readdir(folder))).length === 0;
}

async function followLink(link: string): Promise<string> {
  return refusing(link, async () => {
    try {
      return await realpath(link);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') throw dataGone(link, await readlink(link));
      throw error;
    }
  });
}

/** Makes the folder when it is missing. One that somebody else may change is not to be trusted (think of /tmp). */
async function isOwn(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o711 });
    await chmod(folder, 0o711); // whatever the umask is
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') return false;
  }
  const found = await lstat(folder);
  return found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0;
}

/** Readable and unique: `.data-1f0c9b2a4d5e6f70` tells more than the hash alone. */
function hashOf(folder: string): string {
  return `${basename(folder)}-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`;
}
