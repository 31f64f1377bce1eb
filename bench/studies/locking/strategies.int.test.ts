/** The references have what we have: sessions with the same settings, and another try for who waited in vain. */
import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkServer, sessionSettings } from '../../../server/src/platform/postgres/requirements.ts';
import { statement } from '../../../server/src/platform/postgres/statement.ts';
import { createTestDatabase, type TestDatabase } from '../../../server/test/support/database.ts';
import { until } from '../../../server/test/support/until.ts';
import { type Change, optimistic, pessimistic, type Way } from './strategies.ts';

interface Row {
  readonly version: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly [column: string]: unknown;
}

const READ = `select version, (select json_object_agg(lower(name), current_setting(name)) from pg_settings) as settings
  from study_row where key = $1`;
const KEY = 1;
let seen: Row | undefined;

const CHANGE: Change<number, Row> = {
  read: statement(`/* test.read */ ${READ}`),
  lock: statement(`/* test.lock */ ${READ} for update`),
  keyOf: (key) => [key],
  write: (key, row) => {
    seen = row;
    const text = `/* test.write */ update study_row set version = version + 1 where key = $1 and version = $2`;
    return { statement: statement(text), values: [key, row.version] };
  },
};
const WAYS = [pessimistic('locks', CHANGE), optimistic('versions', CHANGE, 1)];

let db: TestDatabase;
let other: Client;
/** Looks on: what is looked at within a transaction does not change. */
let onlooker: Client;

beforeEach(async () => {
  seen = undefined;
  db = await createTestDatabase();
  [other, onlooker] = [new Client(db.connection), new Client(db.connection)];
  await Promise.all([other.connect(), onlooker.connect()]);
  await other.query('create table study_row (key int primary key, version int not null)');
  await other.query('insert into study_row values ($1, 0)', [KEY]);
});
afterEach(async () => {
  await Promise.all([other.end(), onlooker.end()]);
  await db[Symbol.asyncDispose]();
});

const open = ({ open: openIt }: Way<number>) =>
  openIt({ postgres: { connection: db.connection } }, String(db.connection.database), 1);

test.each(WAYS)('$name: a session has the settings of the service', async (way) => {
  await using contest = await open(way);
  expect(await contest.attempt(KEY)).toEqual({ ending: 'done', tries: 1 });
  const wanted = sessionSettings(await checkServer(db.connection));
  // The server writes some of them in another unit.
  const { rows } = await other.query<{ name: string; value: string }>(
    `select name, set_config(name, value, false) as value from json_each_text($1) as wanted (name, value)`,
    [JSON.stringify(wanted)],
  );
  expect(rows).toHaveLength(Object.keys(wanted).length);
  for (const { name, value } of rows) expect(seen?.settings[name], name).toBe(value);
});

test.each(WAYS)('$name: who waits for a row in vain asks again, and is served', async (way) => {
  await using contest = await open(way);
  await other.query('begin');
  await other.query('select from study_row where key = $1 for update', [KEY]);
  const attempt = contest.attempt(KEY);
  const waitingSince = async () => {
    // By the lock: what pg_stat_activity tells of one session is not of one moment.
    const { rows } = await onlooker.query<{ since: string }>(
      `select waitstart::text as since from pg_locks join pg_stat_activity using (pid)
       where not granted and waitstart is not null and datname = current_database()`,
    );
    return rows[0]?.since;
  };
  const first = await until('somebody waits', waitingSince);
  await until('it is another wait', async () => {
    const since = await waitingSince();
    return since !== undefined && since !== first;
  });
  await other.query('commit');
  expect(await attempt).toEqual({ ending: 'done', tries: 2 });
  expect(contest.commits).toBe(1);
});
