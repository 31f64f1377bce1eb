/** The HTTP edge alone, with routes of the test's own: no database, a real port if asked. */
import type { AddressInfo } from 'node:net';
import { createConnection } from 'node:net';
import {
  type Accounts,
  createAccounts,
  createDoor,
  createEventStreams,
  createHttp,
  type Http,
  type HttpDeps,
  type StreamLimits,
  type TurnKeeper,
} from '../../src/http/index.ts';
import type { App, Door, EventStreams } from '../../src/http/route.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts';
import { createTokenSigner, type TokenSigner } from '../../src/platform/signed-token.ts';
import { createLogRecorder, type LogRecorder } from './log-recorder.ts';

export const EDGE_OPERATOR_TOKEN = 'operator-token-of-the-edge-0123456789';

/** What tests look at in an answer: problems have some of it, accounts the rest. */
export interface AnswerBody {
  readonly code: string;
  readonly requestId: string;
  readonly errors: unknown;
  readonly userId: string;
  readonly accessToken: string;
}

export interface Edge extends AsyncDisposable {
  readonly http: Http;
  readonly app: App;
  readonly log: LogRecorder;
  readonly metrics: Metrics;
  readonly signer: TokenSigner;
  readonly streams: EventStreams;
  /** The port that it now listens on. */
  listen(): Promise<number>;
}

export interface EdgeOptions extends Partial<
  Pick<HttpDeps, 'bounds' | 'clock' | 'eventLoopDelayMs' | 'readyChecks' | 'shortcuts' | 'trustProxyHops'>
> {
  readonly routes?: (api: App, door: Door, streams: EventStreams) => void;
  readonly streamBounds?: Partial<StreamLimits>;
  readonly accounts?: Accounts;
  readonly waitingRoom?: (signer: TokenSigner) => TurnKeeper;
}

const nobodyWaits: TurnKeeper = {
  verifyToken: () => undefined,
  requireActive: () => Promise.resolve('waiting'),
};

export async function createEdge(options: EdgeOptions = {}): Promise<Edge> {
  const { routes, accounts: givenAccounts, waitingRoom, streamBounds = {}, ...given } = options;
  const log = createLogRecorder();
  const metrics = createMetrics();
  const signer = createTokenSigner([{ kid: 'k1', secret: Buffer.alloc(32, 7) }], systemClock);
  const accounts = givenAccounts ?? createAccounts({ kind: 'builtin' }, signer);
  const door = createDoor({
    accounts,
    waitingRoom: waitingRoom?.(signer) ?? nobodyWaits,
    operatorToken: EDGE_OPERATOR_TOKEN,
  });
  const clock = options.clock ?? systemClock;
  const streams = createEventStreams({ clock, logger: log.logger, metrics, bounds: streamBounds });
  const http = await createHttp({
    logger: log.logger,
    clock: systemClock,
    metrics,
    accounts,
    streams,
    trustProxyHops: 0,
    readyChecks: {},
    shortcuts: [],
    // The test's own work keeps a busy machine's event loop: who tests that it is shed says how late it is.
    eventLoopDelayMs: () => 0,
    modules: routes === undefined ? [] : [(api) => routes(api, door, streams)],
    ...given,
  });
  return {
    http,
    app: http.app,
    log,
    metrics,
    signer,
    streams,
    listen: async () => {
      await http.listen({ host: '127.0.0.1', port: 0 });
      return (http.app.server.address() as AddressInfo).port;
    },
    [Symbol.asyncDispose]: () => http.drain(0),
  };
}

/** Everything that the server says on one connection until it closes it, after the text was sent. */
export function overSocket(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = createConnection(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {}); // a reset is one way to close; 'close' follows
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}
