/**
 * Who connects is taken in here.
 *
 * Node takes one new connection of a listening socket in each turn of the event loop (libuv since 1.45 does not accept in a
 * loop). With a crowd inside a turn lasts 30 ms: thirty people a second would come in, and the others wait for seconds
 * before they can as much as ask. So many sockets listen on the same port, and the kernel spreads who comes over them.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { HttpLimits } from './app.ts';
import type { App } from './route.ts';

export interface Listeners {
  /** Opens the port; gives where that is, such as `http://127.0.0.1:3000`. Fails where somebody has the port. */
  readonly listen: (at: ListenAt) => Promise<string>;
  /** Takes nobody in any more; ends when the last connection is closed. Those of the app itself are its own to close. */
  readonly close: () => Promise<void>;
}

export interface ListenAt {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

type Bounds = Pick<HttpLimits, 'listeners' | 'backlogMax' | 'connectionsMax'>;

export function createListeners(app: App, bounds: Bounds): Listeners {
  boundConnections(app, bounds.connectionsMax);
  const { backlogMax: backlog } = bounds;
  let others: readonly Server[] = [];

  async function listen({ host, port }: ListenAt): Promise<string> {
    // Elsewhere a port that is shared is unknown, or one of its sockets gets all.
    if (process.platform !== 'linux') return app.listen({ host, port, backlog });
    await failWhereTaken({ host, port });
    const shared = { backlog, reusePort: true };
    const url = await app.listen({ host, port, ...shared });
    // A name such as localhost may be several addresses.
    const addresses = app.addresses() as AddressInfo[];
    const more = addresses.flatMap(({ address, port: opened }) =>
      Array.from({ length: bounds.listeners - 1 }, () => ({ host: address, port: opened, ...shared })),
    );
    others = await Promise.all(more.map((options) => open(createOther(app), options)));
    return url;
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

/** A port that is shared would be shared with another instance, too, without a word. */
async function failWhereTaken(at: ListenAt): Promise<void> {
  if (at.port !== 0) await close(await open(createServer(), at));
}

async function open(server: Server, options: ListenOptions): Promise<Server> {
  server.listen(options);
  await once(server, 'listening'); // or an error, which is thrown
  return server;
}

const close = (server: Server) => new Promise((resolve) => server.close(resolve));
