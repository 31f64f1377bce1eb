/**
 * Which database is audited: that of DATABASE_URL, that of the service which runs on DATA_DIR, or, when none does, the
 * data of DATA_DIR, for which PostgreSQL is started for the time.
 */
import type { ClientConfig } from 'pg';
import { loadConfig } from '../../server/src/config/config.ts';
import { processEnvironment } from '../../server/src/config/env.ts';
import {
  findEmbeddedPostgres,
  hasEmbeddedData,
  startEmbeddedPostgres,
} from '../../server/src/platform/embedded-postgres/index.ts';
import { type Database, openDatabase } from '../../server/src/platform/postgres/database.ts';
import { checkServer, sessionSettings } from '../../server/src/platform/postgres/requirements.ts';
import { exitCodes, StartupRefusal } from '../../server/src/platform/startup-refusal.ts';

const NO_INPUT = 66; // EX_NOINPUT of sysexits.h

/** One that holds the locks of the audit, and one that looks. */
const CONNECTIONS = 2;

export interface FoundDatabase extends AsyncDisposable {
  readonly database: Database;
  /** Whether somebody may be at work on it: where nobody is, what waits for the service will wait. */
  readonly isServed: boolean;
}

export async function findDatabase(say: (line: string) => void): Promise<FoundDatabase> {
  await using stack = new AsyncDisposableStack();
  const { config, secrets } = loadConfig(processEnvironment());
  const { connection, isServed } =
    secrets.databaseUrl === null
      ? await findData(stack, config.dataDir, say)
      : { connection: { connectionString: secrets.databaseUrl }, isServed: true };
  const settings = sessionSettings(await checkServer(connection));
  const database = stack.use(
    openDatabase({ connection, connectionsMax: CONNECTIONS, settings, onIdleError: () => {} }),
  );
  const owned = stack.move();
  return { database, isServed, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Found {
  readonly connection: ClientConfig;
  readonly isServed: boolean;
}

async function findData(
  stack: AsyncDisposableStack,
  dataDir: string,
  say: (line: string) => void,
): Promise<Found> {
  if (!(await hasEmbeddedData(dataDir))) {
    throw new StartupRefusal(`there are no data in ${dataDir}`, {
      exitCode: NO_INPUT,
      advice: 'Set DATA_DIR to the folder of a service that has run, or DATABASE_URL to its PostgreSQL.',
    });
  }
  try {
    // Its lock is the service's: whoever gets it is alone, and a server that is there has outlived its owner.
    const embedded = stack.use(await startEmbeddedPostgres({ dataDir, log: say }));
    return { connection: embedded.connection, isServed: false };
  } catch (error) {
    if (!(error instanceof StartupRefusal) || error.exitCode !== exitCodes.inUse) throw error;
    const connection = await findEmbeddedPostgres(dataDir);
    if (connection === undefined) throw error;
    return { connection, isServed: true };
  }
}
