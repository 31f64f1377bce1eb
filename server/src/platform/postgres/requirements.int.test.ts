import { expect, test } from 'vitest';
import { createEmptyDatabase } from '../../../test/support/empty-database.ts';
import { openDatabase } from './database.ts';
import { checkServer, sessionSettings } from './requirements.ts';
import { statement } from './statement.ts';

test('the server of the tests is good enough, and its facts are told', async () => {
  await using db = await createEmptyDatabase();
  const facts = await checkServer(db.connection);
  expect(facts.majorVersion).toBeGreaterThanOrEqual(15);
  expect(facts.connectionsMax).toBeGreaterThan(10);
});

test.each(['off', 'local', 'remote_write'])(
  'synchronous_commit = %s for the database is refused',
  async (value) => {
    await using db = await createEmptyDatabase();
    const { database: name } = db.connection;
    await db.query(`alter database ${name} set synchronous_commit = ${value}`);
    await expect(checkServer(db.connection)).rejects.toMatchObject({
      name: 'StartupRefusal',
      exitCode: 78,
      message: `PostgreSQL may lose what it has answered: synchronous_commit is ${value}, must be on or remote_apply`,
    });
  },
);

test('synchronous_commit = off for the user is refused too', async () => {
  await using db = await createEmptyDatabase();
  const { database: name, user } = db.connection;
  await db.query(`alter role ${user} in database ${name} set synchronous_commit = off`);
  await expect(checkServer(db.connection)).rejects.toMatchObject({ name: 'StartupRefusal', exitCode: 78 });
});

test('a server that is not there is a refusal that says what to check', async () => {
  await using db = await createEmptyDatabase();
  await expect(checkServer({ ...db.connection, port: 1 })).rejects.toMatchObject({
    name: 'StartupRefusal',
    exitCode: 69,
    message: 'PostgreSQL cannot be reached',
    advice: expect.stringContaining('DATABASE_URL'),
  });
});

test('sessions are set as designed whatever the database’s defaults are', async () => {
  await using db = await createEmptyDatabase();
  const { database: name } = db.connection;
  await db.query(`alter database ${name} set default_transaction_isolation = 'serializable'`);
  await db.query(`alter database ${name} set lock_timeout = '1h'`);
  const settings = sessionSettings(await checkServer(db.connection));
  await using database = openDatabase({
    connection: db.connection,
    connectionsMax: 1,
    settings,
    onIdleError: () => {},
  });
  const show = statement(`/* test.settings */ select name, setting from pg_settings where name = any($1)`);
  const rows = await database.rows<{ name: string; setting: string }>(show, [
    [
      'default_transaction_isolation',
      'lock_timeout',
      'statement_timeout',
      'TimeZone',
      'client_connection_check_interval',
    ],
  ]);
  expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
    default_transaction_isolation: 'read committed',
    client_connection_check_interval: '1000',
    lock_timeout: '500',
    statement_timeout: '5000',
    TimeZone: 'UTC',
  });
});
