/** Aim: nobody is given an answer of another life of the data before everybody has forgotten the last one. */
import { Client, type ClientConfig } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/folder.ts';
import { forward } from '../../../test/support/forward.ts';
import { type RestorableServer, startRestorableServer } from '../../../test/support/restorable-server.ts';
import { until } from '../../../test/support/until.ts';
import { type Database, openDatabase } from './database.ts';
import { statement } from './statement.ts';

const COUNT = statement(`/* test.count */ select count(*) from item`);
const INSERT = statement(`/* test.insert */ insert into item default values`);
const CREATE = statement(`/* test.create */ create table if not exists item ()`);
const PID = statement(`/* test.pid */ select pg_backend_pid() as pid`);
const TERMINATE = statement(`/* test.terminate */ select pg_terminate_backend($1)`);

let server: RestorableServer;
/** What came in which order: new lives, and the answers that were given. */
let came: (string | number)[] = [];
let database: Database;

beforeAll(async () => {
  server = await startRestorableServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(async () => {
  came = [];
  database = open(server.connection);
  await database.rows(CREATE, []);
  return () => database[Symbol.asyncDispose]();
});

function open(connection: ClientConfig): Database {
  return openDatabase({
    connection,
    connectionsMax: 4,
    settings: {},
    onIdleError: () => {},
    onNewLife: () => came.push('new life'),
  });
}

async function run(connection: ClientConfig, sql: string): Promise<void> {
  const client = new Client(connection);
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function count(): Promise<number> {
  const [row] = await database.rows<{ count: number }>(COUNT, []);
  came.push(row?.count ?? -1);
  return row?.count ?? -1;
}

/** Many at once, on all connections. */
async function untilAnswered(): Promise<void> {
  await until('the server answers again', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, count));
    return asked.every(({ status }) => status === 'fulfilled');
  });
}

test('an older copy behind the same address is told once, before the first answer of it', async () => {
  await server.keep();
  await untilAnswered();
  await database.rows(INSERT, []);
  await Promise.all(Array.from({ length: 20 }, count));
  expect(new Set(came.splice(0).filter((each) => each !== 'new life'))).toEqual(new Set([0, 1]));
  await server.restore();
  await untilAnswered();
  expect(came[0]).toBe('new life');
  expect(new Set(came.slice(1))).toEqual(new Set([0]));
});

test('a transaction learns it too, before its first rows', async () => {
  await server.restart();
  await until('the server answers again', () =>
    database
      .transaction(async (tx) => void came.push((await tx.rows(PID, [])).length))
      .then(
        () => true,
        () => false,
      ),
  );
  expect(came).toEqual(['new life', 1]);
});

test('a connection of the last life is used no more, even where its server still answers', async () => {
  await using old = await startRestorableServer();
  await run(old.connection, `alter role current_user password '${String(server.connection.password)}'`);
  let target = old.connection;
  await using folder = await temporaryFolder();
  await using _ = await forward(folder.path, () => target);
  await using moving = open({ ...server.connection, host: folder.path });
  const ended = moving.transaction(async (tx) => {
    await tx.rows(PID, []);
    target = server.connection;
    await moving.rows(PID, []);
    came.push('answered');
    await tx.rows(PID, []);
  });
  await expect(ended).rejects.toMatchObject({ kind: 'down' });
  expect(came).toEqual(['new life', 'answered']);
});

test('a connection that was lost is not another life', async () => {
  const [row] = await database.rows<{ pid: number }>(PID, []);
  await database.rows(TERMINATE, [row?.pid]).catch(() => {});
  await untilAnswered();
  expect(came).not.toContain('new life');
});
