import type { TestDatabase } from './database.ts';
import { until } from './until.ts';

/**
 * Runs something while somebody else has locked the rows of a select. They are let go when so many
 * transactions wait for them; with 0, only when all is done, so that whoever waits for them fails.
 */
export async function whileLocked<T>(
  db: TestDatabase,
  select: string,
  waiting: number,
  run: () => Promise<T>,
): Promise<T> {
  const other = await db.open();
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const blocker = other.transaction(async (tx) => {
    await tx.rows({ name: 'test.lock', text: select }, []);
    locked.resolve();
    await release.promise;
  });
  await Promise.race([locked.promise, blocker]);
  try {
    const running = run();
    if (waiting === 0) return await running;
    await until(`${waiting} transactions wait`, async () => {
      const rows = await other.rows({ name: 'test.waiting', text: WAITING }, []);
      return rows.length >= waiting;
    });
    release.resolve();
    return await running;
  } finally {
    release.resolve();
    await blocker;
  }
}

const WAITING = `select from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;
