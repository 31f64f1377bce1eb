import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { createEmptyDatabase, type EmptyDatabase } from '../../../test/support/empty-database.ts';
import { until } from '../../../test/support/until.ts';
import { migrate, type Migration, readMigrations } from './migrate.ts';

function migration(revision: number, sql: string): Migration {
  const file = `${String(revision).padStart(6, '0')}-test.sql`;
  return { revision, file, sql, sha256: createHash('sha256').update(sql).digest('hex') };
}
const FIRST = migration(1, 'create schema one; create table one.item (item_id int primary key);');
const SECOND = migration(2, 'insert into one.item values (1); insert into one.item values (2);');

async function revisions(db: EmptyDatabase): Promise<number[]> {
  const rows = await db.query<{ revision: number }>(
    'select revision from public.migration order by revision',
  );
  return rows.map((row) => row.revision);
}

async function tables(db: EmptyDatabase): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from pg_tables where schemaname not in ('pg_catalog', 'information_schema', 'public')`,
  );
  return row?.count ?? 0;
}

test('five instances at once migrate one empty database once', async () => {
  await using db = await createEmptyDatabase();
  const all = readMigrations();
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(db.connection)));
  const expected = all.map((each) => each.revision);
  expect(applied.filter((each) => each.length > 0)).toEqual([expected]);
  expect(await revisions(db)).toEqual(expected);
  expect(await tables(db)).toBeGreaterThan(5);
});

test('only what is missing is applied', async () => {
  await using db = await createEmptyDatabase();
  expect(await migrate(db.connection, [FIRST])).toEqual([1]);
  expect(await migrate(db.connection, [FIRST, SECOND])).toEqual([2]);
  expect(await migrate(db.connection, [FIRST, SECOND])).toEqual([]);
  expect(await db.query('select item_id from one.item order by item_id')).toEqual([
    { item_id: 1 },
    { item_id: 2 },
  ]);
});

test('an edited migration is refused: what it changed would never reach this database', async () => {
  await using db = await createEmptyDatabase();
  await migrate(db.connection, [FIRST]);
  const edited = migration(1, `${FIRST.sql} -- edited`);
  await expect(migrate(db.connection, [edited, SECOND])).rejects.toMatchObject({
    name: 'StartupRefusal',
    exitCode: 76,
    message: '000001-test.sql differs from what was applied to this database',
  });
  expect(await revisions(db)).toEqual([1]);
});

test('a database of a newer version is refused', async () => {
  await using db = await createEmptyDatabase();
  await migrate(db.connection, [FIRST, SECOND]);
  await expect(migrate(db.connection, [FIRST])).rejects.toMatchObject({
    name: 'StartupRefusal',
    exitCode: 76,
    message: 'the database is at revision 2, which this version does not know',
  });
});

test('a migration that fails leaves nothing behind, and those before it stay', async () => {
  await using db = await createEmptyDatabase();
  const broken = migration(
    2,
    'create table one.half (id int); insert into one.item values (1); select 1 / 0;',
  );
  await expect(migrate(db.connection, [FIRST, broken])).rejects.toMatchObject({
    message: 'migration 000002-test.sql failed; nothing of it was applied',
    cause: { code: '22012' },
  });
  expect(await revisions(db)).toEqual([1]);
  expect(await tables(db)).toBe(1);
  expect(await db.query('select from one.item')).toEqual([]);
  expect(await migrate(db.connection, [FIRST, SECOND])).toEqual([2]);
});

test('an instance that dies while it migrates leaves nothing behind, and the one that waited goes on', async () => {
  await using db = await createEmptyDatabase();
  const endless = migration(1, 'create schema one; select pg_sleep(20);');
  const dying = migrate(db.connection, [endless]).catch((error: unknown) => error);
  const pid = await until('the first is migrating', async () => {
    const [row] = await db.query<{ pid: number }>(
      `select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
    );
    return row?.pid;
  });
  const waiting = migrate(db.connection, [FIRST]);
  await until('the second waits', async () => {
    const rows = await db.query(
      `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`,
    );
    return rows.length === 1;
  });
  await db.query('select pg_terminate_backend($1)', [pid]);
  expect(await dying).toMatchObject({
    message: 'migration 000001-test.sql failed; nothing of it was applied',
  });
  expect(await waiting).toEqual([1]);
  expect(await revisions(db)).toEqual([1]);
});

describe('a migration of a table that somebody reads', () => {
  const THIRD = migration(2, 'alter table one.item add column name text;');
  const WAITING = `select from pg_locks where relation = 'one.item'::regclass and not granted
    and database = (select oid from pg_database where datname = current_database())`;

  /** Somebody who reads the table until they are let go, as a dump does. */
  async function dump(db: EmptyDatabase) {
    const client = new Client({ ...db.connection, application_name: 'a dump' });
    await client.connect();
    await client.query('begin');
    await client.query('select from one.item');
    return { [Symbol.asyncDispose]: () => client.end() };
  }

  test('lets everybody pass after a moment, and is applied when the table is free', async () => {
    await using db = await createEmptyDatabase();
    await migrate(db.connection, [FIRST]);
    const patience = { lockMaxMs: 100, triesMax: 1_000, pauseMs: 100, longReadsMaxMs: 10_000 };
    let migrating: Promise<number[]>;
    {
      await using _ = await dump(db);
      migrating = migrate(db.connection, [FIRST, THIRD], patience);
      await until('it waits', async () => (await db.query(WAITING)).length === 1);
      await until('it lets others pass', async () => (await db.query(WAITING)).length === 0);
      expect(await revisions(db)).toEqual([1]);
    }
    expect(await migrating).toEqual([2]);
    expect(await db.query('select name from one.item')).toEqual([]);
  });

  test('is given up after some tries, and says who is in the way', async () => {
    await using db = await createEmptyDatabase();
    await migrate(db.connection, [FIRST]);
    await using _ = await dump(db);
    const patience = { lockMaxMs: 20, triesMax: 3, pauseMs: 1, longReadsMaxMs: 10_000 };
    await expect(migrate(db.connection, [FIRST, THIRD], patience)).rejects.toMatchObject({
      name: 'StartupRefusal',
      exitCode: 75,
      message: '000002-test.sql needs tables that somebody else holds; nothing of it was applied',
      advice: expect.stringMatching(/a dump \(pid \d+\) for \d+ s\.$/) as string,
    });
    expect(await revisions(db)).toEqual([1]);
  });
});

test('the migrations of the service are numbered without a gap', () => {
  const all = readMigrations();
  expect(all.map((each) => each.revision)).toEqual(Array.from(all, (_, index) => index + 1));
  expect(all.length).toBeGreaterThanOrEqual(6);
});

test.each([
  [
    'a name that is not a migration’s',
    ['000001-one.sql', '2-two.sql'],
    '2-two.sql is not named like a migration',
  ],
  ['the same revision twice', ['000001-one.sql', '000001-two.sql'], 'two migrations have the same revision'],
])('a folder with %s is refused', async (_, files, message) => {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-migrations-'));
  try {
    for (const file of [...files, 'schema.sql', 'README.md'])
      await writeFile(join(folder, file), 'select 1;');
    expect(() => readMigrations(pathToFileURL(`${folder}/`))).toThrow(message);
  } finally {
    await rm(folder, { recursive: true });
  }
});
