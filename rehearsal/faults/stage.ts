/**
 * What a fault is played on: one PostgreSQL of its own and three instances of the service as processes. All of it lies in
 * a folder that goes with it, and whatever a fault has left behind is undone first.
 */
import { chmod, chown, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostmaster, stopPostmaster } from '../../server/src/platform/embedded-postgres/postmaster.ts';
import type { Chance } from '../../scripts/support/random.ts';
import { type FalseClock, makeFalseClock } from './false-clock.ts';
import { type Image, makeImage } from './image.ts';
import { type Instance, startInstance } from './instance.ts';
import { openProxy, type Proxy } from './proxy.ts';
import { findServer, type OwnServer, type Server, startServer } from './server.ts';
import { signalFamily } from './server-processes.ts';

/** What a fault needs of its stage, besides instances and a server. */
export interface Wishes {
  /** The server's data on a file system of their own. */
  readonly imageMib?: number;
  /** The first instance comes to the server through a proxy of its own; or each of them. */
  readonly proxies?: 'first' | 'all';
  /** The last instance has a clock of its own. The path of libfaketime. */
  readonly clockLibrary?: string;
  /** Of the server, in place of ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** One instance, with the server that it starts itself. */
  readonly embedded?: boolean;
}

export interface Stage extends AsyncDisposable {
  readonly instances: readonly Instance[];
  readonly server: Server;
  /** The same, when it is not an instance's own. */
  readonly ownServer: OwnServer | undefined;
  readonly image: Image | undefined;
  readonly proxies: readonly Proxy[];
  /** Of the last instance. */
  readonly clock: FalseClock | undefined;
  /** What everybody prints is in its files, `….log`; the server's in `data`. */
  readonly folder: string;
}

const INSTANCES = 3;
export const OPERATOR_TOKEN = 'operator-token-of-the-fault-runs-0123456789';
const SIGNING_KEYS = 'faults:signing-key-of-the-fault-runs-0123456789abcdef';
/** Short, so that a fault can outlast it. */
export const HOLD_TTL_MS = 15_000;

const SETTINGS: Readonly<Record<string, string>> = {
  OPERATOR_TOKEN,
  SIGNING_KEYS,
  DEMO_CATALOGUE: 'off',
  LOG_LEVEL: 'warn',
  DATABASE_POOL_MAX: '16',
  HOLD_TTL_MS: String(HOLD_TTL_MS),
  ACTIVE_TTL_MS: '45000',
  CLAIM_WINDOW_MS: '20000',
  SHUTDOWN_GRACE_MS: '5000',
};
const NOBODY = 65_534;
const PREFIX = 'frontrow-fault-';

export async function makeStage(wishes: Wishes, chance: Chance): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  await chmod(folder, 0o711);
  const parts = await (wishes.embedded === true
    ? startEmbedded(stack, folder)
    : startAll(stack, folder, wishes, chance));
  const owned = stack.move();
  return { ...parts, folder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Parts = Omit<Stage, 'folder' | typeof Symbol.asyncDispose>;

async function startEmbedded(stack: AsyncDisposableStack, folder: string): Promise<Parts> {
  const dataDir = join(folder, 'data');
  stack.defer(() => stopOrphan(dataDir));
  const env = { ...SETTINGS, DATA_DIR: dataDir };
  const only = stack.use(await startInstance({ name: 'A', env, logFile: join(folder, 'A.log') }));
  const server = await findServer(dataDir);
  return { instances: [only], server, ownServer: undefined, image: undefined, proxies: [], clock: undefined };
}

async function startAll(
  stack: AsyncDisposableStack,
  folder: string,
  wishes: Wishes,
  chance: Chance,
): Promise<Parts> {
  const { imageMib, clockLibrary, settings } = wishes;
  const dataDir = join(folder, 'data');
  const image = imageMib === undefined ? undefined : stack.use(await makeImage(folder, imageMib));
  await mkdir(dataDir, { mode: 0o711 });
  if (image !== undefined) await placeCluster(dataDir, image);
  const server = stack.use(await startServer(dataDir, settings));
  const proxies: Proxy[] = [];
  for (let n = 0; n < { none: 0, first: 1, all: INSTANCES }[wishes.proxies ?? 'none']; n++) {
    proxies.push(stack.use(await openProxy({ target: server.socket, chance })));
  }
  const clock = clockLibrary === undefined ? undefined : makeFalseClock(join(folder, 'clock'), clockLibrary);
  const instances = await startInstances(stack, folder, (n) => ({
    DATABASE_URL: server.urlFor(proxies[n]?.port),
    ...(n === INSTANCES - 1 && clock?.env),
  }));
  // First of all: instances go quietly only while their server answers.
  stack.defer(async () => {
    const pid = await server.pid();
    if (pid !== undefined) signalFamily(pid, 'SIGCONT');
  });
  return { instances, server, ownServer: server, image, proxies, clock };
}

/** The first one migrates; the others need not wait for each other. */
async function startInstances(
  stack: AsyncDisposableStack,
  folder: string,
  ownEnv: (n: number) => Readonly<Record<string, string>>,
): Promise<Instance[]> {
  const start = (n: number) => {
    const name = 'ABC'.charAt(n);
    const env = { ...SETTINGS, DATA_DIR: join(folder, name), ...ownEnv(n) };
    return startInstance({ name, env, logFile: join(folder, `${name}.log`) });
  };
  const instances = [stack.use(await start(0))];
  const others = Array.from({ length: INSTANCES - 1 }, (_, n) => start(n + 1));
  for (const other of await Promise.allSettled(others)) {
    if (other.status === 'fulfilled') instances.push(stack.use(other.value));
  }
  await Promise.all(others);
  return instances;
}

/** The data on the image, the server's log and lock beside it: only the server itself keeps files on it open. */
async function placeCluster(dataDir: string, image: Image): Promise<void> {
  const cluster = join(image.folder, 'postgres');
  await mkdir(cluster, { mode: 0o700 });
  await chown(cluster, NOBODY, NOBODY);
  await symlink(cluster, join(dataDir, 'postgres'));
}

/** An instance that was killed and not started again leaves its server behind. */
async function stopOrphan(dataDir: string): Promise<void> {
  const cluster = await realpath(join(dataDir, 'postgres')).catch(() => undefined);
  const orphan = cluster === undefined ? undefined : await findPostmaster(cluster);
  if (cluster !== undefined && orphan !== undefined) await stopPostmaster(orphan.pid, cluster, () => {});
}
