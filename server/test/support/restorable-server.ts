/** A PostgreSQL of its own that can be brought back to an earlier state, behind an address that stays the same. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ClientConfig } from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { temporaryFolder } from './folder.ts';
import { forward } from './forward.ts';

export interface RestorableServer extends AsyncDisposable {
  readonly connection: ClientConfig;
  /** What a service takes as DATABASE_URL. */
  readonly url: string;
  restart(): Promise<void>;
  /** Keeps a copy of the data as they are; the server restarts for it. */
  keep(): Promise<void>;
  /** The copy takes over: what was committed since is lost. */
  restore(): Promise<void>;
}

export async function startRestorableServer(): Promise<RestorableServer> {
  await using stack = new AsyncDisposableStack();
  const [data, copy, address] = [
    stack.use(await temporaryFolder()),
    stack.use(await temporaryFolder()),
    stack.use(await temporaryFolder()),
  ];
  const start = () => startEmbeddedPostgres({ dataDir: data.path, log: () => {} });
  let server: EmbeddedPostgres | undefined = await start();
  const stop = async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  };
  stack.defer(stop);
  stack.use(await forward(address.path, () => server?.connection));

  const whileStopped = async (work: () => Promise<void>) => {
    await stop();
    await work();
    server = await start();
  };
  const { user, password, database } = server.connection;
  const owned = stack.move();
  return {
    connection: { host: address.path, port: 5432, user, password, database },
    url: `postgres://${user}:${encodeURIComponent(password)}@localhost/${database}?host=${encodeURIComponent(address.path)}`,
    restart: () => whileStopped(() => Promise.resolve()),
    keep: () => whileStopped(() => copyAll(data.path, copy.path)),
    restore: () => whileStopped(() => copyAll(copy.path, data.path)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Owners and all; what is only at the destination goes. */
async function copyAll(from: string, to: string): Promise<void> {
  await promisify(execFile)('sh', ['-c', 'rm -rf "$2"/* && cp -Rp "$1"/. "$2"', 'sh', from, to]);
}
