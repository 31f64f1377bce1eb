/** The folder of the server's Unix socket: the data directory itself, which only the server's user may enter. */
import { chown, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { canReach, type Account } from './account.ts';
import { PORT } from './postmaster.ts';
import { notWritable } from './refusals.ts';

/** The kernel takes no longer path for a socket: 107 bytes on Linux, 103 on macOS. */
const PATH_BYTES_MAX = 103;
const PREFIX = 'frontrow-';

/** The data directory, or a new folder of mode 0700 with a short name where its path is too long. */
export async function makeSocketFolder(dataDir: string, account: Account | undefined): Promise<string> {
  if (fits(dataDir)) return dataDir;
  for (const parent of [tmpdir(), '/tmp']) {
    if (
      !fits(join(parent, `${PREFIX}123456`)) ||
      (account !== undefined && !(await canReach(account, parent)))
    )
      continue;
    const folder = await mkdtemp(join(parent, PREFIX));
    if (account !== undefined) await chown(folder, account.uid, account.gid);
    return folder;
  }
  throw notWritable(tmpdir(), new Error('no folder with a short enough path for the socket'));
}

/** Removes the folder when it was made for the socket only. */
export async function removeSocketFolder(folder: string): Promise<void> {
  if (!basename(folder).startsWith(PREFIX)) return;
  // A server that was killed leaves these two. Anything else in there is not ours, and keeps the folder.
  for (const left of ['', '.lock']) await rm(join(folder, `.s.PGSQL.${PORT}${left}`), { force: true });
  await rmdir(folder).catch(() => {});
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${PORT}`)) <= PATH_BYTES_MAX;
}
