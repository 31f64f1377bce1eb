/**
 * Keeps two Frontrows out of one folder, from before there is a server to ask until after it has stopped.
 *
 * A lock of the kernel: it ends with the process, however that ends, and holds between containers that share
 * the folder, where process ids mean nothing. Node has no flock; an exclusive SQLite transaction takes one.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errnoOf, inUse, notWritable } from './refusals.ts';

const SQLITE_BUSY = 5;

export function lockFolder(folder: string): Disposable {
  const path = join(folder, 'postgres.lock');
  let file: DatabaseSync | undefined;
  try {
    makePrivate(path);
    file = new DatabaseSync(path);
    file.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    file?.close();
    const busy = error instanceof Error && Reflect.get(error, 'errcode') === SQLITE_BUSY;
    throw busy ? inUse(folder) : notWritable(path, error);
  }
  const held = file;
  return { [Symbol.dispose]: () => held.close() };
}

/**
 * Makes the file, for nobody else to open and lock. One that exists is not opened here: when a process closes any
 * descriptor of a file, it loses its locks on it.
 */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}
