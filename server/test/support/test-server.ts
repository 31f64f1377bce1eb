/** A real PostgreSQL in a folder of its own, with a migrated template to clone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { TEMPLATE, type TestServer } from './database.ts';

/** The settings are those of the service, but for what is given. */
export async function startTestServer(
  settings: Readonly<Record<string, string>> = {},
): Promise<TestServer & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'frontrow-test-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = stack.use(await startEmbeddedPostgres({ dataDir, log: () => {}, settings }));
  const { host, port, user, password } = postgres.connection;
  const client = new Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  await migrate({ host, port, user, password, database: TEMPLATE });
  const owned = stack.move();
  return { host, port, user, password, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
