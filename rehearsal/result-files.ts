/** Where the report and the history go. Tried before the first fan comes: a verdict that cannot be kept is found out then. */
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { OnsaleOptions } from './options.ts';

/** The message says which file, and what to do. */
export class Unwritable extends Error {
  override name = 'Unwritable';
}

export interface ResultFiles {
  readonly report: string;
  /** Undefined: it is not kept. */
  readonly history: string | undefined;
}

/** Leaves nothing behind but folders. */
export async function tryResultFiles(
  options: Pick<OnsaleOptions, 'report' | 'history'>,
  { dataDir, name }: { readonly dataDir: string; readonly name: string },
): Promise<ResultFiles> {
  const report = resolve(options.report ?? join(dataDir, 'rehearsals', `${name}.html`));
  await tryFile('--report', report);
  const history = options.history === undefined ? undefined : resolve(options.history);
  if (history !== undefined) await tryFile('--history', history);
  return { report, history };
}

async function tryFile(option: string, path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const isNew = await tryToOpen(path);
    if (isNew) await rm(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Unwritable(`${path} cannot be written (${why}): name another file with ${option}`, { cause });
  }
}

/** Whether it was not there before. What is there is only opened: it may be a device. */
async function tryToOpen(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await (await open(path, 'r+')).close();
    return false;
  }
}
