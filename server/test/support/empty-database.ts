/** A database of its own with nothing in it, for tests of what comes before the migrations. */
import { randomUUID } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';
import { inject } from 'vitest';
import { asAdmin, dropDatabase } from './database.ts';

export interface EmptyDatabase extends AsyncDisposable {
  readonly connection: ClientConfig;
  /** Runs one statement on a connection of its own. */
  query<Row extends Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
}

export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const server = inject('postgres');
  const database = `e_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(server, `create database ${database} template template0`);
  const connection = { ...server, database };
  return {
    connection,
    query: (sql, values) => query(connection, sql, values),
    [Symbol.asyncDispose]: () => dropDatabase(server, database),
  };
}

async function query<Row extends Record<string, unknown>>(
  connection: ClientConfig,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
