/**
 * Who connects is taken in here.
 *
 * Node takes one new connection of a listening socket in each turn of the event loop (libuv since 1.45 does not accept in a
 * loop). With a crowd inside a turn lasts 30 ms: thirty people a second would come in, and the others wait for seconds
 * before they can as much as ask. So many sockets listen on the same port, and the kernel spreads who comes over them.
 */
import assert from 'node:assert/strict';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { HttpLimits } from './app.ts';
import type { App } from './route.ts';

export interface Listeners {
  /**
   * Opens the port; gives where that is, such as `http://127.0.0.1:3000`. Fails where somebody has the port. When it
   * failed nobody is taken in but by the app itself, which is closed as after a success.
   */
  readonly listen: (at: ListenAt) => Promise<string>;
  /** Takes nobody in any more; ends when the last connection is closed. Those of the app itself are its own to close. */
  readonly close: () => Promise<void>;
}

export interface ListenAt {
  /** An address, or a name, which may be several: localhost often is 127.0.0.1 and ::1. */
  readonly host: string;
  /** 0: any that is free at the first address. */
  readonly port: number;
}

type Bounds = Pick<HttpLimits, 'listeners' | 'backlogMax' | 'connectionsMax'>;

export function createListeners(app: App, bounds: Bounds): Listeners {
  boundConnections(app, bounds.connectionsMax);
  // Elsewhere a port that is shared is unknown, or one of its sockets gets all.
  const canShare = process.platform === 'linux';
  const perAddress = canShare ? bounds.listeners : 1;
  const shared = { backlog: bounds.backlogMax, reusePort: canShare };
  const others: Server[] = [];

  async function listen({ host, port }: ListenAt): Promise<string> {
    const addresses = await findFreeAddresses({ host, port });
    const [own, ...more] = addresses.flatMap((address) => Array.from({ length: perAddress }, () => address));
    assert(own !== undefined, 'a host is at least one address');
    // Never the name: for a further address of localhost Fastify makes a server of its own, which answers in another
    // way, and is neither bounded nor closed by us.
    const url = await app.listen({ host: own, port, ...shared });
    const opened = app.server.address() as AddressInfo;
    if (port !== opened.port) await assertFree(addresses.slice(1), opened.port);
    await openOthers(more.map((address) => ({ host: address, port: opened.port, ...shared })));
    return url;
  }

  /** All of them, or none. */
  async function openOthers(options: readonly ListenOptions[]): Promise<void> {
    const opening = options.map((option) => {
      const other = createOther(app);
      others.push(other);
      return open(other, option);
    });
    // Not before each has opened or failed: one that is still about to open would open after it was closed.
    const outcomes = await Promise.allSettled(opening);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    for (const other of others) other.close();
    throw failed.reason;
  }

  return {
    listen,
    close: async () => {
      await Promise.all(others.map(close));
    },
  };
}

/** A server of HTTP keeps no bound over several listeners, so it is counted here. */
function boundConnections({ server }: App, connectionsMax: number): void {
  let count = 0;
  server.on('connection', (socket: Socket) => {
    count++;
    socket.once('close', () => count--);
    if (count > connectionsMax) socket.destroy();
  });
}

/** Hands what connects over to the app's server, whose own options these are, too. */
function createOther({ server }: App): Server {
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true };
  return createServer(options, (socket) => server.emit('connection', socket));
}

/**
 * What a host is on this machine. A port that is shared would be shared with another instance, too, without a word: so
 * each address is opened alone first, and it fails where somebody has the port.
 */
async function findFreeAddresses({ host, port }: ListenAt): Promise<readonly string[]> {
  const found = await dns.lookup(host, { all: true });
  const free: string[] = [];
  const failures: Error[] = [];
  for (const address of new Set(found.map((one) => one.address))) {
    const failure = await tryToOpen({ host: address, port });
    if (failure === undefined) free.push(address);
    else if (isNotHere(failure)) failures.push(failure);
    else throw failure;
  }
  if (free.length === 0 && failures[0] !== undefined) throw failures[0];
  return free;
}

/** At further addresses, once it is known which port is free at the first. */
async function assertFree(addresses: readonly string[], port: number): Promise<void> {
  for (const host of addresses) {
    const failure = await tryToOpen({ host, port });
    if (failure !== undefined) throw failure;
  }
}

async function tryToOpen(at: ListenAt): Promise<Error | undefined> {
  try {
    await close(await open(createServer(), at));
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Of another machine; ::1 without IPv6; one of a link without the link's name. */
function isNotHere({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT' || code === 'EINVAL';
}

async function open(server: Server, options: ListenOptions): Promise<Server> {
  server.listen(options);
  await once(server, 'listening'); // or an error, which is thrown
  return server;
}

const close = (server: Server) => new Promise((resolve) => server.close(resolve));
