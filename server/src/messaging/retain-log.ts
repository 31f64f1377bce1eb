/** Makes the log's next partitions in time, and drops those that every reader has passed. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { forgetSettled } from './park-events.ts';

const PASS_MS = 60_000;

// One instance at a time; the lock goes with the transaction.
const ALONE = statement(`/* messaging.retain-alone */
select pg_try_advisory_xact_lock(hashtext('frontrow.retain-log')) as alone`);

// Partition log_N holds the ids from N million up to the next million. Two are always ready ahead.
const MAKE_NEXT = statement(`/* messaging.make-partitions */
select messaging.make_partitions()`);

const DROP_PASSED = statement(`/* messaging.drop-partitions */
select dropped from messaging.drop_passed_partitions($1::bigint) as dropped`);

// Dropping a partition needs the log for itself: it would wait for whoever reads the whole of it, and everybody who appends
// would wait behind it. The next pass is soon enough.
const UNREAD_BY_OTHERS = statement(`/* messaging.drop-unless-read */
select pg_try_advisory_xact_lock(hashtext('frontrow.read-whole-log')) as alone`);

/** For a transaction that reads all of the log: nothing is dropped under it until its end. */
export const READ_WHOLE_LOG = statement(`/* messaging.read-whole-log */
select pg_advisory_xact_lock_shared(hashtext('frontrow.read-whole-log'))`);

export async function retainLog(
  deps: { database: Database; clock: Clock; logger: Logger; retentionMs: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await retainOnce(deps.database, deps.retentionMs).then(
      (dropped) => {
        if (dropped.length > 0)
          deps.logger.info({ dropped }, 'parts of the log that everybody has read were dropped');
      },
      (error: unknown) =>
        deps.logger.warn({ err: error }, 'the log could not be tidied; next pass in a minute'),
    );
    await deps.clock.sleep(PASS_MS, signal);
  }
}

/** One pass. Gives the names of the dropped partitions. */
export async function retainOnce(database: Database, retentionMs: number): Promise<string[]> {
  // On its own: without the next partition nothing can be appended, so no trouble with dropping may undo it.
  await alone(database, (tx) => tx.rows(MAKE_NEXT, []));
  const dropped = await alone(database, async (tx) => {
    await forgetSettled(tx, retentionMs);
    const [lock] = await tx.rows<{ alone: boolean }>(UNREAD_BY_OTHERS, []);
    if (lock?.alone !== true) return [];
    return tx.rows<{ dropped: string }>(DROP_PASSED, [retentionMs]);
  });
  return (dropped ?? []).map((row) => row.dropped);
}

/** Undefined when another instance is at it. */
function alone<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T | undefined> {
  return database.transaction(async (tx) => {
    const [lock] = await tx.rows<{ alone: boolean }>(ALONE, []);
    return lock?.alone === true ? work(tx) : undefined;
  });
}
