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
 * fails the transaction. What the work only sends is awaited here, and its hooks are those of work that took effect.
 */
export async function attempt(
  tx: Tx,
  isCulprit: IsCulprit,
  work: (within: Tx) => Promise<void>,
): Promise<Failure | undefined> {
  const sent: Promise<unknown>[] = [];
  const hooks: (() => void)[] = [];
  const within: Tx = {
    ...tx,
    send: (sending, values, told) => {
      const outcome = tx.rows(sending, values).then((rows) => told?.(rows));
      outcome.catch(() => {}); // looked at when the work is done
      sent.push(outcome);
    },
    onCommit: (then) => {
      hooks.push(then);
    },
  };
  tx.send(SAVE, []);
  try {
    await work(within);
    await Promise.all(sent);
    // Awaited, because it fails when the work has hidden a failure of its own.
    await tx.rows(RELEASE, []);
  } catch (error) {
    if (!isCulprit(error)) throw error;
    await Promise.all([tx.rows(UNDO, []), tx.rows(RELEASE, [])]);
    return { error };
  }
  for (const hook of hooks) tx.onCommit(hook);
  return undefined;
}
