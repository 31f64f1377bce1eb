/** Finding what is there without touching it, for somebody who only wants to look. */
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readPasswords } from './cluster.ts';
import { isEmpty, lookAt } from './data-folder.ts';
import { findPostmaster } from './postmaster.ts';
import { SERVICE_DATABASE, SERVICE_USER } from './service-database.ts';
import type { EmbeddedPostgres } from './start.ts';

/** Whether anything was ever started on the folder. */
export async function hasEmbeddedData(dataDir: string): Promise<boolean> {
  const place = join(resolve(dataDir), 'postgres');
  const found = await lookAt(place);
  return found !== undefined && (found.isSymbolicLink() || !(await isEmpty(place)));
}

/** The way to the server that runs on the folder now, whoever owns it; undefined when none does. */
export async function findEmbeddedPostgres(
  dataDir: string,
): Promise<EmbeddedPostgres['connection'] | undefined> {
  if (!(await hasEmbeddedData(dataDir))) return undefined;
  // The server was started on the real path.
  const clusterDir = await realpath(join(resolve(dataDir), 'postgres'));
  const running = await findPostmaster(clusterDir);
  if (running?.socketDir === undefined) return undefined;
  const { frontrow: password } = await readPasswords(clusterDir);
  const { socketDir: host, port } = running;
  return { host, port, user: SERVICE_USER, password, database: SERVICE_DATABASE };
}
