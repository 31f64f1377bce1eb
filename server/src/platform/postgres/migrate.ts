/**
 * Forward-only migrations, safe when several instances boot at once: one takes the advisory lock and
 * migrates, the others wait for it and find nothing to do.
 *
 * A table may be in use: a dump reads it for hours, and whoever waits for a lock on it stands in front of all who come
 * later. So a migration waits for its locks for a moment only, lets everybody pass and tries again, a few times.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig, DatabaseError } from 'pg';
import { endClient } from './end-client.ts';
import { statement } from './statement.ts';
import { exitCodes, StartupRefusal } from '../startup-refusal.ts';

const SQL_DIR = new URL('../../../sql/', import.meta.url);
/** What all migrations together make; for readers, see scripts/write-schema.ts. */
const SCHEMA_FILE = 'schema.sql';
const LOCK = 7_311_042; // any number, the same in every instance
const LONG_READS = `hashtext('frontrow.long-reads')`;

/**
 * For whoever reads the tables for long: false while a migration is made or waits for its turn. It goes with the transaction,
 * and until then no migration begins, so that none is refused its locks for the sake of a pass that comes again anyway.
 */
export const READ_FOR_LONG = statement(`/* platform.read-for-long */
select pg_try_advisory_xact_lock_shared(${LONG_READS}) as granted`);

/** How a migration waits for its locks. */
export interface LockPatience {
  /** Meanwhile the service waits as well. */
  readonly lockMaxMs: number;
  readonly triesMax: number;
  readonly pauseMs: number;
  /** Those who read for long say so; for them it waits in front of the tables, where it is in nobody's way. */
  readonly longReadsMaxMs: number;
}
export const LOCK_PATIENCE: LockPatience = {
  lockMaxMs: 2_000,
  triesMax: 5,
  pauseMs: 5_000,
  longReadsMaxMs: 90_000,
};
/** What lock_timeout says when it has run out. */
const LOCK_NOT_AVAILABLE = '55P03';

export interface Migration {
  readonly revision: number;
  readonly file: string;
  readonly sql: string;
  readonly sha256: string;
}

export function readMigrations(directory: URL = SQL_DIR): Migration[] {
  const migrations = readdirSync(directory)
    .filter((file) => file.endsWith('.sql') && file !== SCHEMA_FILE)
    .toSorted()
    .map((file) => {
      // A file that is passed over in silence is a table that is missing in production.
      assert(/^\d{6}-[a-z-]+\.sql$/.test(file), `${file} is not named like a migration: 000012-module.sql`);
      const sql = readFileSync(new URL(file, directory), 'utf8');
      const sha256 = createHash('sha256').update(sql).digest('hex');
      return { revision: Number(file.slice(0, 6)), file, sql, sha256 };
    });
  const revisions = new Set(migrations.map((migration) => migration.revision));
  assert.equal(revisions.size, migrations.length, 'two migrations have the same revision');
  return migrations;
}

/** Brings the database to the newest revision. Returns the revisions that this call applied. */
export async function migrate(
  connection: ClientConfig,
  migrations: readonly Migration[] = readMigrations(),
  patience: LockPatience = LOCK_PATIENCE,
): Promise<number[]> {
  const client = new Client({
    ...connection,
    application_name: 'frontrow migrations',
    connectionTimeoutMillis: 5_000,
  });
  // A lost connection fails the statement under way; without a listener it would also end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(`select set_config('lock_timeout', $1, false)`, [`${patience.lockMaxMs}ms`]);
    await client.query(`
      create table if not exists public.migration (
        revision int primary key,
        file text not null,
        sha256 text not null,
        applied_at timestamptz not null default clock_timestamp()
      )`);
    const { rows } = await client.query<{ revision: number; sha256: string }>(
      'select revision, sha256 from public.migration order by revision',
    );
    const applied = new Map(rows.map((row) => [row.revision, row.sha256]));
    refuseForeignHistory(applied, migrations);
    const missing = migrations.filter((migration) => !applied.has(migration.revision));
    const [first] = missing;
    if (first !== undefined) await waitForLongReads(client, first, patience);
    for (const migration of missing) await applyPatiently(client, migration, patience);
    return missing.map((migration) => migration.revision);
  } finally {
    await endClient(client); // and with the session its advisory lock
  }
}

/** Whoever comes to read for long from here on is told to come again. */
async function waitForLongReads(client: Client, first: Migration, patience: LockPatience): Promise<void> {
  const { lockMaxMs, longReadsMaxMs } = patience;
  const setLockMaxMs = (ms: number) =>
    client.query(`select set_config('lock_timeout', $1, false)`, [`${ms}ms`]);
  await setLockMaxMs(longReadsMaxMs);
  try {
    await client.query(`select pg_advisory_lock(${LONG_READS})`);
  } catch (error) {
    if (!isLockNotAvailable(error)) throw error;
    throw await lockedOut(client, first, longReadsMaxMs, error);
  }
  await setLockMaxMs(lockMaxMs);
}

async function applyPatiently(client: Client, migration: Migration, patience: LockPatience): Promise<void> {
  const { lockMaxMs, triesMax, pauseMs } = patience;
  for (let tries = 1; ; tries++) {
    try {
      return await apply(client, migration);
    } catch (error) {
      if (!(error instanceof Error && wasLockedOut(error))) throw error;
      if (tries === triesMax) throw await lockedOut(client, migration, lockMaxMs, error);
      await sleep(pauseMs);
    }
  }
}

const wasLockedOut = ({ cause }: Error) => isLockNotAvailable(cause);

function isLockNotAvailable(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE;
}

/** Whoever held the lock began before we waited for it. */
async function lockedOut(client: Client, migration: Migration, lockMaxMs: number, cause: unknown) {
  const { rows } = await client.query<{ who: string }>(
    `select format('%s (pid %s) for %s s', coalesce(nullif(application_name, ''), usename), pid,
       extract(epoch from clock_timestamp() - xact_start)::int) as who
     from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
       and xact_start < clock_timestamp() - $1::interval
     order by xact_start
     limit 5`,
    [`${lockMaxMs} ms`],
  );
  const open = rows.map(({ who }) => who).join(', ');
  return new StartupRefusal(
    `${migration.file} needs tables that somebody else holds; nothing of it was applied`,
    {
      exitCode: exitCodes.inUse,
      advice: `Wait for what is open in this database, or end it, and start again: ${open || 'nothing at this moment'}.`,
      cause,
    },
  );
}

async function apply(client: Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await client.query('insert into public.migration (revision, file, sha256) values ($1, $2, $3)', [
      migration.revision,
      migration.file,
      migration.sha256,
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {}); // a lost connection has rolled back by itself
    throw new Error(`migration ${migration.file} failed; nothing of it was applied`, { cause: error });
  }
}

/** A database that a newer Frontrow migrated, or whose migrations were edited afterwards, is not ours to run on. */
function refuseForeignHistory(applied: ReadonlyMap<number, string>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.revision, migration]));
  for (const [revision, sha256] of applied) {
    const migration = known.get(revision);
    if (migration === undefined) {
      throw new StartupRefusal(`the database is at revision ${revision}, which this version does not know`, {
        exitCode: exitCodes.otherVersion,
        advice: 'A newer Frontrow migrated it. Start that version or newer.',
      });
    }
    if (migration.sha256 !== sha256) {
      throw new StartupRefusal(`${migration.file} differs from what was applied to this database`, {
        exitCode: exitCodes.otherVersion,
        advice: 'Applied migrations are never edited: restore the file and write a new one.',
      });
    }
  }
}
