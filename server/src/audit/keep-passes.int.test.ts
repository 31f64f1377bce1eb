import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { until } from '../../test/support/until.ts';
import type { Database } from '../platform/postgres/database.ts';
import { openDuePass, takeTurn } from './keep-passes.ts';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db[Symbol.asyncDispose]());

const S = 1_000;
const MIN = 60 * S;

interface Before {
  readonly state: 'CLEAN' | 'RUNNING' | 'FAILED';
  readonly tookMs: number | null;
  readonly startedMsAgo: number;
}

async function plantPass({ state, tookMs, startedMsAgo }: Before): Promise<void> {
  await db.database.rows(
    {
      name: 'test.plant-pass',
      text: `insert into audit.pass (audit_id, state, took_ms, started_at)
        values (gen_random_uuid(), $1, $2, clock_timestamp() - $3 * interval '1 millisecond')`,
    },
    [state, tookMs, startedMsAgo],
  );
}

/** Of a pass that took a minute, the pause after it ends 21 minutes after it began. */
const aMinute = { state: 'CLEAN', tookMs: MIN } as const;

it.each<[string, Before, number, boolean]>([
  [
    'none is due after a pause 19 times as long as the last one took',
    { ...aMinute, startedMsAgo: 20 * MIN },
    S,
    false,
  ],
  [
    'one is due after a pause 21 times as long as the last one took',
    { ...aMinute, startedMsAgo: 22 * MIN },
    S,
    true,
  ],
  [
    'none is due after less than the interval',
    { ...aMinute, tookMs: S, startedMsAgo: 59 * MIN },
    60 * MIN,
    false,
  ],
  [
    'one is due after more than the interval',
    { ...aMinute, tookMs: S, startedMsAgo: 61 * MIN },
    60 * MIN,
    true,
  ],
  ['one is due after one that failed', { ...aMinute, state: 'FAILED', startedMsAgo: 22 * MIN }, S, true],
  [
    'none is due within the interval after one that was left behind',
    { state: 'RUNNING', tookMs: null, startedMsAgo: 59 * S },
    MIN,
    false,
  ],
  [
    'one is due after the interval, whatever was left behind',
    { state: 'RUNNING', tookMs: null, startedMsAgo: 61 * S },
    MIN,
    true,
  ],
])('%s', async (_, before, intervalMs, isDue) => {
  await plantPass(before);
  expect((await openDuePass(db.database, intervalMs)) !== undefined).toBe(isDue);
});

it('of three instances that look at the same moment one has the turn, until its transaction ends', async () => {
  const { promise: looked, resolve: end } = Promise.withResolvers<void>();
  const turns: boolean[] = [];
  const look = (database: Database) =>
    database.transaction(async (tx) => {
      turns.push(await takeTurn(tx));
      await looked;
    });
  const looking = [db.database, await db.open(), await db.open()].map(look);
  await until('all have looked', () => turns.length === 3);
  end();
  await Promise.all(looking);
  expect(turns.filter(Boolean)).toHaveLength(1);
  expect(await db.database.transaction(takeTurn)).toBe(true);
});
