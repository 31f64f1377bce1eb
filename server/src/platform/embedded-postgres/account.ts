/** The user that the server runs as. PostgreSQL refuses root, so as root it runs as somebody with fewer rights. */
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { noUserToRunAs } from './refusals.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The account to drop to; undefined when the current user is not root and so runs the server itself. */
export async function serverAccount(clusterDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  // Data that belong to a user stay that user's: `sudo npm start` must not take them away.
  const owner = await stat(clusterDir).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) {
    return { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  }
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(users);
  if (nobody === null) throw noUserToRunAs('/etc/passwd has no user nobody to run it as');
  return { name: 'nobody', uid: Number(nobody[1]), gid: Number(nobody[2]) };
}

/** Whether the account may pass through the folder and all of its parents. Missing ones count as reachable. */
export async function canReach(account: Account, folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  if (found !== undefined && !permits(account, found, 0o1)) return false;
  const parent = dirname(folder);
  return parent === folder || (await canReach(account, parent));
}

/** Whether the file's mode gives the account all of these bits (4 read, 2 write, 1 execute). */
export function permits(account: Account, file: Stats, bits: number): boolean {
  const shift = file.uid === account.uid ? 6 : file.gid === account.gid ? 3 : 0;
  return ((file.mode >> shift) & bits) === bits;
}
