/** Starts the PostgreSQL that comes with the service, on the data in a folder, and keeps it running. */
import { dirname, join } from 'node:path';
import { serverAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { hasCluster, initCluster, readPasswords, removeLeftovers } from './cluster.ts';
import { locateCluster, prepareFolder, refuseFullDisk, rememberCluster } from './data-folder.ts';
import { lockFolder } from './folder-lock.ts';
import { launch, type Ground } from './launch.ts';
import { stopPostmaster } from './postmaster.ts';
import { createServerLog } from './server-log.ts';
import { SERVICE_DATABASE, SERVICE_USER } from './service-database.ts';
import { removeSocketFolder } from './socket-folder.ts';
import { supervise } from './supervise.ts';

export interface EmbeddedPostgresOptions {
  /** DATA_DIR. The cluster lies in its folder `postgres`, the server's log in `postgres.log`. */
  readonly dataDir: string;
  readonly log: (line: string) => void;
  /** Server settings that differ from ours, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gives a start up that takes long, such as one that recovers after a crash. */
  readonly signal?: AbortSignal;
  /** The package with the binaries, when it is not the installed one. */
  readonly binariesPackageDir?: string;
}

export interface EmbeddedPostgres {
  readonly connection: {
    /** The folder of the Unix socket. */
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** A server that outlived its owner was found and taken over. */
  readonly adopted: boolean;
  /** Where the data really are. */
  readonly dataDir: string;
  /** Gives the claim up and stops the server; waits for its end. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Throws a `StartupRefusal` when it cannot be done, and leaves nothing half-made. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log } = options;
  await using undo = new AsyncDisposableStack();
  const folder = await prepareFolder(options.dataDir);
  undo.use(lockFolder(folder));
  const ground = await prepareGround(folder, options);
  const { dataDir } = ground;

  const first = await launch(ground, options.signal ?? new AbortController().signal);
  const { socketDir, port } = first;
  if (first.adopted) log(`PostgreSQL (process ${first.pid}) had outlived its owner and was taken over`);
  const supervisor = supervise({
    first,
    relaunch: (signal) => launch(ground, signal, socketDir),
    log,
    upkeep: () => ground.serverLog.trim(),
  });
  undo.defer(async () => {
    const server = await supervisor.stop();
    if (server === undefined) return;
    await server.claim.release();
    await stopPostmaster(server.pid, dataDir, log);
    await removeSocketFolder(socketDir);
  });

  const release = undo.move();
  return {
    connection: {
      host: socketDir,
      port,
      user: SERVICE_USER,
      password: ground.passwords.frontrow,
      database: SERVICE_DATABASE,
    },
    adopted: first.adopted,
    dataDir,
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
}

/** Everything that must be in place before a server can run: who, where, which programs, a cluster. */
async function prepareGround(folder: string, options: EmbeddedPostgresOptions): Promise<Ground> {
  const { log, settings = {}, binariesPackageDir: packageDir } = options;
  const account = await serverAccount(join(folder, 'postgres'));
  const dataDir = await locateCluster(folder, account, log);
  const binaries = await findBinaries({
    account,
    folder,
    log,
    ...(packageDir !== undefined && { packageDir }),
  });
  const existed = await hasCluster(dataDir, binaries.majorVersion);
  await refuseFullDisk(dirname(dataDir));
  if (existed) await removeLeftovers(dataDir);
  else await initCluster(dataDir, binaries, account);
  await rememberCluster(folder, dataDir);
  return {
    folder,
    dataDir,
    account,
    binaries,
    passwords: await readPasswords(dataDir),
    settings,
    serverLog: createServerLog(join(folder, 'postgres.log')),
    log,
  };
}
