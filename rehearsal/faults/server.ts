/** The PostgreSQL of a run: asked as its superuser, found as processes, stopped and started on the same data. */
import { readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, type QueryResultRow } from 'pg';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../server/src/platform/embedded-postgres/index.ts';
import { findPostmaster } from '../../server/src/platform/embedded-postgres/postmaster.ts';
import {
  SERVICE_DATABASE,
  SERVICE_USER,
} from '../../server/src/platform/embedded-postgres/service-database.ts';

interface Passwords {
  readonly postgres: string;
  readonly frontrow: string;
}

export interface Server {
  /** The path of its socket. */
  readonly socket: string;
  /** For an instance: by the socket, or by a port of this machine. */
  urlFor(port?: number): string;
  /** Of the first of its processes, when it runs. */
  pid(): Promise<number | undefined>;
  /** A new session of the superuser's, in the service's database; its owner ends it. */
  connect(): Promise<Client>;
  query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
}

export interface OwnServer extends Server, AsyncDisposable {
  /** Nobody starts it again until `start`. */
  stop(): Promise<void>;
  /** With these settings in place of ours, as in postgresql.conf. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>;
}

const CONNECT_MAX_MS = 5_000;

/** Started and watched over by ourselves, as the service does with its own. */
export async function startServer(
  dataDir: string,
  usual: Readonly<Record<string, string>> = {},
): Promise<OwnServer> {
  let running: EmbeddedPostgres | undefined;
  const start = async (settings: Readonly<Record<string, string>> = {}) => {
    running = await startEmbeddedPostgres({ dataDir, settings: { ...usual, ...settings }, log: () => {} });
  };
  const stop = async () => {
    const stopping = running;
    running = undefined;
    await stopping?.[Symbol.asyncDispose]();
  };
  await start();
  return { ...(await findServer(dataDir)), start, stop, [Symbol.asyncDispose]: stop };
}

/** The one whose data lie in the folder, whoever started it. */
export async function findServer(dataDir: string): Promise<Server> {
  const cluster = await realpath(join(dataDir, 'postgres'));
  const passwords = JSON.parse(readFileSync(join(cluster, 'frontrow-passwords.json'), 'utf8')) as Passwords;
  const found = await findPostmaster(cluster);
  const socketDir = found?.socketDir ?? cluster;
  const port = found?.port ?? 5432;

  async function connect(): Promise<Client> {
    const client = new Client({
      host: socketDir,
      port,
      user: 'postgres',
      password: passwords.postgres,
      database: SERVICE_DATABASE,
      application_name: 'frontrow faults',
      connectionTimeoutMillis: CONNECT_MAX_MS,
    });
    client.on('error', () => {}); // whoever waits for it is told as well
    await client.connect();
    return client;
  }

  return {
    socket: join(socketDir, `.s.PGSQL.${port}`),
    urlFor: (proxyPort) => {
      const who = `${SERVICE_USER}:${encodeURIComponent(passwords.frontrow)}`;
      return proxyPort === undefined
        ? `postgres://${who}@localhost:${port}/${SERVICE_DATABASE}?host=${encodeURIComponent(socketDir)}`
        : `postgres://${who}@127.0.0.1:${proxyPort}/${SERVICE_DATABASE}`;
    },
    pid: async () => (await findPostmaster(cluster))?.pid,
    connect,
    query: async <Row extends QueryResultRow>(sql: string, values: unknown[] = []) => {
      const client = await connect();
      try {
        return (await client.query<Row>(sql, values)).rows;
      } finally {
        await client.end();
      }
    },
  };
}
