/** A fresh migrated database for one test file or one test: cloned, so it costs milliseconds. */
import { randomUUID } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/platform/postgres/database.ts';
import { checkServer, sessionSettings } from '../../src/platform/postgres/requirements.ts';
import { until } from './until.ts';

export const TEMPLATE = 'frontrow_template';

export interface TestServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export interface TestDatabase extends AsyncDisposable {
  readonly database: Database;
  readonly connection: ClientConfig;
  /** Another pool on the same database, as another instance would have. */
  open(): Promise<Database>;
}

/** On the server of the run, unless a suite has one of its own. */
export async function createTestDatabase(server: TestServer = inject('postgres')): Promise<TestDatabase> {
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(server, `create database ${name} template ${TEMPLATE}`);
  const { host, port, user, password } = server;
  const connection = { host, port, user, password, database: name };
  const pools: Database[] = [];
  const open = async () => {
    const settings = sessionSettings(await checkServer(connection));
    const pool = openDatabase({ connection, connectionsMax: 12, settings, onIdleError: () => {} });
    pools.push(pool);
    return pool;
  };
  return {
    database: await open(),
    connection,
    open,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()));
      await dropDatabase(server, name);
    },
  };
}

/** For a module alone: no reader runs, and none is behind, whatever is appended. */
export async function readNothing({ database }: TestDatabase): Promise<void> {
  await database.rows({ name: 'test.read-nothing', text: 'update messaging.cursor set epoch = 1000000' }, []);
}

/** Autovacuum in a database makes dropping it fail for a moment, because its worker is not ours to end. */
export async function dropDatabase(server: TestServer, name: string): Promise<void> {
  await until(`${name} is dropped`, () =>
    asAdmin(server, `drop database if exists ${name} with (force)`).then(
      () => true,
      () => false,
    ),
  );
}

export async function asAdmin(server: TestServer, sql: string): Promise<void> {
  const client = new Client({ ...server, database: 'postgres' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
