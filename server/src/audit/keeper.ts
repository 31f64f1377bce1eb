/**
 * What a pass holds from before its first snapshot to its end: advisory locks, in a transaction that does nothing else.
 *
 * Between its statements such a transaction has no snapshot, so it keeps no version of a row from being cleaned up. Its locks
 * fall with the instance, and whoever looks at them knows whether the pass is alive.
 */
import { limits } from '../limits.ts';
import { READ_WHOLE_LOG } from '../messaging/index.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { READ_FOR_LONG } from '../platform/postgres/migrate.ts';
import { statement } from '../platform/postgres/statement.ts';

/** An instance that is frozen loses its locks after the longest check and this. */
const KEPT_IDLE_MS = limits.audit.checkMsMax + 30_000;

const SET_UP = statement(`/* audit.set-up-keeper */
select set_config('application_name', 'frontrow audit', true), set_config('lock_timeout', '5s', true),
  set_config('idle_in_transaction_session_timeout', '${KEPT_IDLE_MS}', true),
  (select set_config(name, '0', true) from pg_settings where name = 'transaction_timeout')`);

const STILL_KEPT = statement(`/* audit.still-kept */ select true`);

/** Nothing that it holds is in the way of the sale. */
export function whileKept<T>(
  database: Pick<Database, 'transaction'>,
  work: (keeper: Tx) => Promise<T>,
): Promise<T> {
  return database.transaction((keeper) => {
    keeper.send(SET_UP, []);
    return work(keeper);
  });
}

/**
 * Before the first look: from here on no partition of the log is dropped and no migration begins. Throws while one is made.
 * Not before it is this pass's turn, for migrations wait no longer than for one pass.
 */
export async function keepTables(keeper: Tx): Promise<void> {
  const [lock] = await keeper.rows<{ granted: boolean }>(READ_FOR_LONG, []);
  if (lock?.granted !== true) {
    throw new Error('the tables are being changed by a migration: audit again when it has ended');
  }
  await keeper.rows(READ_WHOLE_LOG, []);
}

/** Throws when what was held is lost. */
export async function expectStillKept(keeper: Tx): Promise<void> {
  await keeper.rows(STILL_KEPT, []);
}
