import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { violationsOf } from '../../test/support/promises.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../platform/clock.ts';
import { migrate, READ_FOR_LONG } from '../platform/postgres/migrate.ts';
import { CHECKS, failuresOf, runAudit } from './index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const run = (text: string) => db.database.rows({ name: `test.${randomUUID()}`, text }, []);
const options = () => ({ database: db.database, clock: systemClock, patienceMs: 60_000 });

it('names what it did not come to in its time, and keeps what it saw before', async () => {
  const other = await db.open();
  await other.transaction(async (tx) => {
    tx.send({ name: 'test.lock', text: 'lock table payments.wallet in access exclusive mode' }, []);
    const { checks } = await runAudit({ ...options(), passMsMax: 400 });
    const names = checks.map(({ name }) => name);
    expect(names).toEqual(CHECKS.map(({ name }) => name));
    const failures = failuresOf({ checks });
    expect(failures[0]).toEqual({ name: 'balances', failure: expect.stringContaining('timeout') as string });
    expect(failures.length).toBe(names.length - names.indexOf('balances'));
    expect(new Set(failures.slice(1).map(({ failure }) => failure))).toEqual(
      new Set(['the time of the pass was over before it']),
    );
  });
});

it('looks a second time at what has waited for too long, and reports what still waits', async () => {
  await run(`insert into messaging.log (names, events, event_count, at)
    values ('{SeatReserved}', '[{"name": "SeatReserved"}]', 1, clock_timestamp() - interval '1 hour')`);
  const looks = { ...options(), secondLookMs: 1 };
  const stays = await runAudit({ ...looks, clock: { ...systemClock, sleep: () => Promise.resolve() } });
  expect(Object.keys(violationsOf(stays))).toEqual(['readers']);
  const passed = async () => {
    await run('update messaging.cursor set epoch = 1000000');
  };
  const heals = await runAudit({ ...looks, clock: { ...systemClock, sleep: passed } });
  expect(violationsOf(heals)).toEqual({});
});

it('is not in the way of a migration for long: that waits for it, and none begins meanwhile', async () => {
  const migration = {
    revision: 1_000_000,
    file: '1000000-test.sql',
    sql: 'create table late ()',
    sha256: 'x',
  };
  const applied = await db.database.rows<{ revision: number; file: string; sha256: string }>(
    { name: 'test.applied', text: 'select revision, file, sha256 from public.migration' },
    [],
  );
  const all = [...applied.map((row) => ({ ...row, sql: '' })), migration];
  const patience = { lockMaxMs: 1_000, triesMax: 1, pauseMs: 1 };
  let migrating: Promise<number[]> | undefined;
  await db.database.transaction(async (tx) => {
    await tx.rows(
      { name: 'test.name', text: `select set_config('application_name', 'frontrow audit', true)` },
      [],
    );
    expect(await tx.rows(READ_FOR_LONG, [])).toEqual([{ granted: true }]);
    await expect(migrate(db.connection, all, { ...patience, longReadsMaxMs: 100 })).rejects.toMatchObject({
      name: 'StartupRefusal',
      advice: expect.stringMatching(/frontrow audit \(pid \d+\)/) as string,
    });
    migrating = migrate(db.connection, all, { ...patience, longReadsMaxMs: 20_000 });
    await until('the migration waits', async () => {
      return (await run(`select from pg_locks where locktype = 'advisory' and not granted`)).length === 1;
    });
    await expect(runAudit(options())).rejects.toThrow('by a migration');
  });
  expect(await migrating).toEqual([1_000_000]);
});
