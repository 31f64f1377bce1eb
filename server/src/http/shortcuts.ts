/**
 * The short way for the answers that are asked for more often than all others together: one's place in line, and
 * a map. A poll is three steps, a signature, a subtraction and a few bytes, and costs less than the framework
 * around it.
 *
 * A shortcut may only give the answer that its route would give, to the byte; whatever is not the plain case (a
 * token that is not ours, a turn to look up, an instance that is draining) goes the long way, where everything is
 * decided that is not decided here. Leaving all of them out changes no answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Metrics } from '../platform/metrics.ts';
import { bearerIn } from './bearer.ts';
import { COMMON_HEADERS } from './common-headers.ts';
import type { App } from './route.ts';

/** What a shortcut may look at. A header that was sent twice is no plain case. */
export interface PlainGet {
  readonly url: string;
  /** The token of the Authorization header. */
  readonly bearer?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly accept?: string | undefined;
  readonly acceptEncoding?: string | undefined;
}

export interface PlainAnswer {
  readonly status: 200 | 304;
  /** Besides the common ones, which these overrule; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As text it is ASCII: it is written together with the headers, without being encoded. */
  readonly body?: Buffer | string;
}

export interface Shortcut {
  /** As the route is declared, for the metrics. */
  readonly route: string;
  /** Whether it is a request of that route. */
  readonly matches: (url: string) => boolean;
  /** Undefined: the long way. Asks nobody and waits for nothing. */
  readonly answer: (request: PlainGet) => PlainAnswer | undefined;
}

export interface ShortcutsDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
  readonly eventLoopDelayMs: () => number;
}

/** To be called when every route is there, and before the app listens. */
export function takeShortcuts(app: App, shortcuts: readonly Shortcut[], deps: ShortcutsDeps): void {
  const { clock, metrics } = deps;
  const longWays = app.server.listeners('request');

  function takeShort(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '' } = request;
    if (method !== 'GET' || deps.isDraining()) return false;
    const shortcut = shortcuts.find(({ matches }) => matches(url));
    if (shortcut === undefined || deps.eventLoopDelayMs() > limits.http.eventLoopDelayMsMax) return false;
    const plain = plainGet(url, request.rawHeaders);
    const startedMs = clock.monotonicMs();
    const answer = plain && attempt(shortcut, plain);
    if (answer === undefined) return false;
    send(response, answer);
    metrics.observeHttp('GET', shortcut.route, answer.status, clock.monotonicMs() - startedMs);
    return true;
  }

  app.server.removeAllListeners('request');
  app.server.on('request', (request, response) => {
    if (takeShort(request, response)) return;
    for (const longWay of longWays) longWay.call(app.server, request, response);
  });
}

/** Whatever goes wrong on the short way is for the long one to say. */
function attempt(shortcut: Shortcut, plain: PlainGet): PlainAnswer | undefined {
  try {
    return shortcut.answer(plain);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, { status, headers, body }: PlainAnswer): void {
  const length = body === undefined ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...COMMON_HEADERS, ...headers, ...length });
  if (typeof body === 'string') response.end(body, 'latin1');
  else response.end(body);
}

const READ = {
  authorization: 'bearer',
  'if-none-match': 'ifNoneMatch',
  accept: 'accept',
  'accept-encoding': 'acceptEncoding',
} as const;
/** A body, or what else wants more than an answer. */
const NOT_PLAIN = new Set(['content-length', 'transfer-encoding', 'expect', 'upgrade', 'range']);
const NAME_LENGTH_MAX = Math.max(...[...Object.keys(READ), ...NOT_PLAIN].map((name) => name.length));

/** Undefined for what is no plain case. */
function plainGet(url: string, rawHeaders: readonly string[]): PlainGet | undefined {
  const found: { -readonly [Name in keyof PlainGet]: PlainGet[Name] } = { url };
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const given = rawHeaders[at] ?? '';
    if (given.length > NAME_LENGTH_MAX) continue;
    const name = given.toLowerCase();
    if (NOT_PLAIN.has(name)) return undefined;
    if (!isRead(name)) continue;
    const field = READ[name];
    if (found[field] !== undefined) return undefined;
    found[field] = rawHeaders[at + 1];
  }
  return { ...found, bearer: bearerIn(found.bearer) };
}

function isRead(name: string): name is keyof typeof READ {
  return Object.hasOwn(READ, name);
}
