import { Client } from 'pg';
import { expect, it } from 'vitest';
import { createEmptyDatabase } from '../server/test/support/empty-database.ts';
import { startOnsale } from '../server/test/support/onsale-process.ts';
import { temporaryFolder } from '../server/test/support/folder.ts';
import { exitCodes } from '../server/src/platform/startup-refusal.ts';

const PATIENCE_MS = 120_000;

it(
  'no service is started on the database of DATABASE_URL unless it is said to be the rehearsal’s own and nobody serves it',
  async () => {
    await using db = await createEmptyDatabase();
    await using folder = await temporaryFolder();
    const { host = '', port = 0, user = '', password = '', database = '' } = db.connection;
    const url = `postgresql://${user}:${String(password)}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
    // Nothing runs at port 1.
    const env = { DATA_DIR: folder.path, DATABASE_URL: url, PORT: '1' };

    const unasked = await startOnsale(['--fans', '1'], env).ended;
    expect(unasked).toEqual({
      exitCode: exitCodes.configuration,
      said: expect.stringMatching(/DATABASE_URL is set.*\n.*--url, or say --own-database/),
    });

    const instance = new Client({ ...db.connection, application_name: 'frontrow' });
    await instance.connect();
    try {
      const served = await startOnsale(['--fans', '1', '--own-database'], env).ended;
      expect(served).toEqual({
        exitCode: exitCodes.inUse,
        said: expect.stringContaining('served already (1 connections of other instances)'),
      });
    } finally {
      await instance.end();
    }
    const tables = await db.query<{ count: number }>(
      `select count(*)::int as count from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    expect(tables).toEqual([{ count: 0 }]);
  },
  PATIENCE_MS,
);
