/** One real PostgreSQL for the whole run, in a folder of its own, with a migrated template to clone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { migrate } from '../../src/platform/postgres/migrate.ts';
import { TEMPLATE, type TestServer } from './database.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer;
  }
}

/** Called once for each project of the run; they share the server. */
export async function setup(project: TestProject): Promise<void> {
  project.provide('postgres', await (running.frontrowTestServer ??= start()));
}

export async function teardown(): Promise<void> {
  const stop = running.frontrowTestStop;
  delete running.frontrowTestStop;
  await stop?.();
}

/** Vitest loads this file anew for each project, so what they share is kept on the global object. */
const running = globalThis as {
  frontrowTestServer?: Promise<TestServer>;
  frontrowTestStop?: () => Promise<void>;
};

async function start(): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'frontrow-test-'));
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
  const { host, port, user, password } = postgres.connection;
  const client = new Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  await client.query(`create database ${TEMPLATE}`);
  await client.end();
  await migrate({ host, port, user, password, database: TEMPLATE });
  running.frontrowTestStop = async () => {
    await postgres[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { host, port, user, password };
}
