/** What Node's inspector says of a service: what of its heap is alive, and where its time goes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { CpuProfile } from './profile.ts';

/** Of a second, between two samples; more of them cost the service more than they tell. */
const SAMPLE_US = 500;

export interface Inspector extends AsyncDisposable {
  /** To be given to the service that is to be asked, as one of its own settings. */
  readonly settings: Readonly<Record<string, string>>;
  /** What is left when V8 has collected all that nothing refers to any more, which takes a few tenths of a second. MB. */
  readonly liveHeapMb: () => Promise<number>;
  /** Begins to sample what the service does; gives what ends that. */
  readonly profile: () => Promise<() => Promise<CpuProfile>>;
}

/** At a port of its own. To be closed before the service is told to end, which would wait for whoever inspects it. */
export async function createInspector(): Promise<Inspector> {
  const port = await freePort();
  const sessions = new Set<Session>();
  const open = async () => {
    const session = await connect(port);
    sessions.add(session);
    return session;
  };
  const flags = [`--inspect=127.0.0.1:${port}`, '--inspect-publish-uid=http'];
  return {
    settings: { NODE_OPTIONS: flags.join(' ') },
    liveHeapMb: async () => {
      await using session = await open();
      await session.call('HeapProfiler.collectGarbage');
      const { usedSize } = await session.call('Runtime.getHeapUsage');
      return Number(usedSize) / 1e6;
    },
    profile: async () => {
      const session = await open();
      await session.call('Profiler.enable');
      await session.call('Profiler.setSamplingInterval', { interval: SAMPLE_US });
      await session.call('Profiler.start');
      return async () => {
        await using ended = session;
        const { profile } = await ended.call('Profiler.stop');
        return profile as CpuProfile;
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) await session[Symbol.asyncDispose]();
    },
  };
}

interface Session extends AsyncDisposable {
  /** One at a time. */
  call(method: string, params?: object): Promise<Readonly<Record<string, unknown>>>;
}

async function connect(port: number): Promise<Session> {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as [
    { webSocketDebuggerUrl: string },
  ];
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  const ended = closed.then(() => {
    throw new Error('the service has ended, or its inspector');
  });
  ended.catch(() => {}); // told to whoever asks
  return {
    async call(method, params = {}) {
      const answered = once(socket, 'message');
      socket.send(JSON.stringify({ id: 1, method, params }));
      const [{ data }] = (await Promise.race([answered, ended])) as [{ readonly data: string }];
      const { result } = JSON.parse(data) as { result?: Readonly<Record<string, unknown>> };
      assert(result !== undefined, `${method} failed: ${data}`);
      return result;
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
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
