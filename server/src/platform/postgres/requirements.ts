/** What a PostgreSQL must be for the promises to hold. Looked at once, at the start. */
import { Client, type ClientConfig } from 'pg';
import { endClient } from './end-client.ts';
import { exitCodes, StartupRefusal } from '../startup-refusal.ts';

const VERSION_MIN = 15;

/** A commit that was answered must survive a crash: every one of these has a part in that. */
const DURABLE: Readonly<Record<string, readonly string[]>> = {
  fsync: ['on'],
  full_page_writes: ['on'],
  // local and remote_write survive a crash of this server, but not a failover to its standby
  synchronous_commit: ['on', 'remote_apply'],
  // on would retry a failed fsync, whose data the kernel may have thrown away
  data_sync_retry: ['off'],
};

export interface ServerFacts {
  readonly majorVersion: number;
  readonly connectionsMax: number;
  /** Pages are verified when read. Worth a warning, not a refusal, on a server that is not ours. */
  readonly checksums: boolean;
  /** Can see, while it works, that whoever asked is gone. Not every system's sockets tell. */
  readonly noticesGoneClients: boolean;
}

/** Connects and looks. Refuses a server that is too old or that may lose what it has answered. */
export async function checkServer(connection: ClientConfig): Promise<ServerFacts> {
  const client = new Client({
    ...connection,
    application_name: 'frontrow start',
    connectionTimeoutMillis: 5_000,
  });
  // A lost connection fails the statement under way; without a listener it would also end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw new StartupRefusal('PostgreSQL cannot be reached', {
      exitCode: exitCodes.unavailable,
      advice: `Check DATABASE_URL and that the server runs (${error instanceof Error ? error.message : 'no answer'}).`,
      cause: error,
    });
  }
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      '/* platform.settings */ select name, setting from pg_settings where name = any($1)',
      [[...Object.keys(DURABLE), 'server_version_num', 'max_connections', 'data_checksums']],
    );
    const settings = new Map(rows.map((row) => [row.name, row.setting]));
    const majorVersion = Math.floor(Number(settings.get('server_version_num')) / 10_000);
    refuseOldServer(majorVersion);
    refuseForgetfulServer(settings);
    const noticesGoneClients = await client.query(`set client_connection_check_interval = '1s'`).then(
      () => true,
      () => false,
    );
    return {
      majorVersion,
      connectionsMax: Number(settings.get('max_connections')),
      checksums: settings.get('data_checksums') === 'on',
      noticesGoneClients,
    };
  } finally {
    await endClient(client);
  }
}

function refuseOldServer(majorVersion: number): void {
  if (majorVersion >= VERSION_MIN) return;
  throw new StartupRefusal(`PostgreSQL ${majorVersion} is too old`, {
    exitCode: exitCodes.configuration,
    advice: `Use PostgreSQL ${VERSION_MIN} or newer, or unset DATABASE_URL to run the embedded one.`,
  });
}

function refuseForgetfulServer(settings: ReadonlyMap<string, string>): void {
  const wrong = Object.entries(DURABLE).filter(([name, good]) => !good.includes(settings.get(name) ?? ''));
  if (wrong.length === 0) return;
  const list = wrong.map(([name, good]) => `${name} is ${settings.get(name)}, must be ${good.join(' or ')}`);
  throw new StartupRefusal(`PostgreSQL may lose what it has answered: ${list.join('; ')}`, {
    exitCode: exitCodes.configuration,
    advice: 'Set them in postgresql.conf, for this database or for this user, and start again.',
  });
}

/** Settings of every session of the service: bounded waits, and plans that stay what they were designed to be. */
export function sessionSettings(
  facts: Pick<ServerFacts, 'majorVersion' | 'noticesGoneClients'>,
): Record<string, string> {
  return {
    statement_timeout: '5s',
    lock_timeout: '500ms',
    idle_in_transaction_session_timeout: '5s',
    // What nobody waits for any more must not keep its locks until its statement is done.
    ...(facts.noticesGoneClients && { client_connection_check_interval: '1s' }),
    // since version 17
    ...(facts.majorVersion >= 17 && { transaction_timeout: '90s' }),
    // Compiling a statement of a millisecond costs more than running it.
    jit: 'off',
    // Hot statements walk a primary key. On tables whose statistics are still those of an empty table the
    // planner would read them whole.
    enable_seqscan: 'off',
    plan_cache_mode: 'force_generic_plan',
    timezone: 'UTC',
    // What is read after a lock must be what is true now, whatever the database's default is.
    default_transaction_isolation: 'read committed',
  };
}
