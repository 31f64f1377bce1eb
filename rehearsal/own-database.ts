/** On which database a service of the rehearsal's own may start: it shortens holds and turns for all who are on it. */
import { Client } from 'pg';
import { exitCodes, StartupRefusal } from '../server/src/platform/startup-refusal.ts';

/** `others` counts what is connected to it as instances of the service are. */
export function refuseForeignDatabase(database: {
  readonly isOwn: boolean;
  readonly others: number;
}): StartupRefusal | undefined {
  if (!database.isOwn) {
    return new StartupRefusal(
      'nothing runs at HOST and PORT, and DATABASE_URL is set: a service started for the rehearsal would shorten holds and turns on that database',
      {
        exitCode: exitCodes.configuration,
        advice:
          'Rehearse the service that runs on it with --url, or say --own-database when the database is the rehearsal’s own.',
      },
    );
  }
  if (database.others === 0) return undefined;
  return new StartupRefusal(
    `the database of DATABASE_URL is served already (${database.others} connections of other instances)`,
    {
      exitCode: exitCodes.inUse,
      advice: 'Rehearse these instances with --url, or stop them first.',
    },
  );
}

const CONNECT_MS = 5_000;

/** How many connections instances of the service have to it. */
export async function countInstanceSessions(databaseUrl: string): Promise<number> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'rehearsal',
    connectionTimeoutMillis: CONNECT_MS,
  });
  // A lost connection fails the statement under way; without a listener it would also end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ count: number }>(`/* rehearsal.instance-sessions */
select count(*)::int as count from pg_stat_activity
where datname = current_database() and application_name in ('frontrow', 'frontrow listener', 'frontrow start')`);
    return rows[0]?.count ?? 0;
  } catch (error) {
    throw new StartupRefusal('PostgreSQL cannot be reached', {
      exitCode: exitCodes.unavailable,
      advice: `Check DATABASE_URL and that the server runs (${error instanceof Error ? error.message : 'no answer'}).`,
      cause: error,
    });
  } finally {
    await client.end().catch(() => {});
  }
}
