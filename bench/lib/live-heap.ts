/** What of a service's heap is alive: what is left when V8 has collected all that nothing refers to any more. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';

export interface LiveHeap {
  /** To be given to the service that is to be asked, as one of its own settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** Collects, which takes the service a few tenths of a second; gives MB. */
  readonly measure: () => Promise<number>;
}

/** Through the inspector of Node, at a port of its own. */
export async function watchLiveHeap(): Promise<LiveHeap> {
  const port = await freePort();
  const flags = [`--inspect=127.0.0.1:${port}`, '--inspect-publish-uid=http'];
  return {
    settings: { NODE_OPTIONS: [process.env['BENCH_NODE_OPTIONS'] ?? '', ...flags].join(' ').trim() },
    measure: () => measure(port),
  };
}

async function measure(port: number): Promise<number> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as [
    { webSocketDebuggerUrl: string },
  ];
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  try {
    await once(socket, 'open');
    await call(socket, 'HeapProfiler.collectGarbage');
    const { usedSize } = await call(socket, 'Runtime.getHeapUsage');
    return Number(usedSize) / 1e6;
  } finally {
    socket.close();
  }
}

/** One call at a time. */
async function call(socket: WebSocket, method: string): Promise<Readonly<Record<string, unknown>>> {
  const answered = once(socket, 'message');
  socket.send(JSON.stringify({ id: 1, method }));
  const [{ data }] = (await answered) as [{ readonly data: string }];
  const { result } = JSON.parse(data) as { result?: Readonly<Record<string, unknown>> };
  assert(result !== undefined, `${method} failed: ${data}`);
  return result;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address !== null, 'a port has an address');
  server.close();
  await once(server, 'close');
  return address.port;
}
