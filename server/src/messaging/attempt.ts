/** Work that may fail without its transaction failing with it. */
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

const SAVE = statement('/* messaging.savepoint */ savepoint attempt');
const UNDO = statement('/* messaging.undo */ rollback to savepoint attempt');
const RELEASE = statement('/* messaging.release */ release savepoint attempt');

/** Whether an error is to be undone and given back, instead of failing the transaction. */
export type IsCulprit = (error: unknown) => boolean;

export interface Failure {
  readonly error: unknown;
}

/**
 * Runs work in a savepoint. A failure that is the work's own undoes the work and is given back; any other
 * fails the transaction. The work must await all that it sends.
 */
export async function attempt(
  tx: Tx,
  isCulprit: IsCulprit,
  work: () => Promise<void>,
): Promise<Failure | undefined> {
  tx.send(SAVE, []);
  try {
    await work();
    // Awaited, because it fails when the work has hidden a failure of its own.
    await tx.rows(RELEASE, []);
    return undefined;
  } catch (error) {
    if (!isCulprit(error)) throw error;
    await Promise.all([tx.rows(UNDO, []), tx.rows(RELEASE, [])]);
    return { error };
  }
}
