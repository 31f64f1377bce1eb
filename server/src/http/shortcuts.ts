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
import { COMMON_HEADERS } from './common-headers.ts';

/** What a shortcut may look at. A header that was sent twice is no plain case. */
export interface PlainGet {
  readonly url: string;
  /** What follows `Bearer ` in the Authorization header; whoever writes that in another way goes the long way. */
  readonly bearer: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly accept: string | undefined;
  readonly acceptEncoding: string | undefined;
}

export interface PlainAnswer {
  readonly status: 200 | 304;
  /** All but the length, as `plainHeaders` makes them. */
  readonly headers: readonly string[];
  /** As text it is ASCII: it is written together with the headers, without being encoded. */
  readonly body?: Buffer | string;
}

/** Names, in lower case, and values in turn: these, and of the common ones those that they do not overrule. */
export function plainHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries({ ...COMMON_HEADERS, ...headers }).flat();
}

export interface Shortcut {
  /** As the route is declared, for the metrics. */
  readonly route: string;
  /** Whether it is a request of that route. */
  readonly matches: (url: string) => boolean;
  /** Undefined: the long way. Asks nobody and waits for nothing. */
  readonly answer: (request: PlainGet) => PlainAnswer | undefined;
}

/** An answer, and by which shortcut. */
export interface ShortAnswer extends PlainAnswer {
  readonly shortcut: Shortcut;
}

export interface ShortWay {
  /** Undefined: the long way. Sends nothing. */
  answer(request: IncomingMessage): ShortAnswer | undefined;
  send(response: ServerResponse, answer: ShortAnswer, durationMs: number): void;
}

export interface ShortWayDeps {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
  readonly eventLoopDelayMs: () => number;
}

export function createShortWay(shortcuts: readonly Shortcut[], deps: ShortWayDeps): ShortWay {
  return {
    answer: ({ method, url = '', rawHeaders }) => {
      if (method !== 'GET' || deps.isDraining()) return undefined;
      const shortcut = shortcuts.find(({ matches }) => matches(url));
      if (shortcut === undefined || deps.eventLoopDelayMs() > limits.http.eventLoopDelayMsMax)
        return undefined;
      const plain = plainGet(url, rawHeaders);
      const answer = plain && attempt(shortcut, plain);
      return answer && { ...answer, shortcut };
    },
    send: (response, { status, headers, body, shortcut }, durationMs) => {
      if (body === undefined) response.writeHead(status, [...headers]);
      else response.writeHead(status, [...headers, 'content-length', String(body.length)]);
      if (typeof body === 'string') response.end(body, 'latin1');
      else response.end(body);
      deps.metrics.observeHttp('GET', shortcut.route, status, durationMs);
    },
  };
}

/** Whatever goes wrong on the short way is for the long one to say. */
function attempt(shortcut: Shortcut, plain: PlainGet): PlainAnswer | undefined {
  try {
    return shortcut.answer(plain);
  } catch {
    return undefined;
  }
}

const READ = {
  authorization: 'authorization',
  'if-none-match': 'ifNoneMatch',
  accept: 'accept',
  'accept-encoding': 'acceptEncoding',
} as const;
/** A body, or what else wants more than an answer. */
const NOT_PLAIN = new Set(['content-length', 'transfer-encoding', 'expect', 'upgrade', 'range']);
const NAME_LENGTH_MAX = Math.max(...[...Object.keys(READ), ...NOT_PLAIN].map((name) => name.length));
const BEARER = 'Bearer ';

/** Undefined for what is no plain case. */
function plainGet(url: string, rawHeaders: readonly string[]): PlainGet | undefined {
  const found: { [Field in (typeof READ)[keyof typeof READ]]: string | undefined } = {
    authorization: undefined,
    ifNoneMatch: undefined,
    accept: undefined,
    acceptEncoding: undefined,
  };
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
  const { authorization, ifNoneMatch, accept, acceptEncoding } = found;
  const bearer = authorization?.startsWith(BEARER) === true ? authorization.slice(BEARER.length) : undefined;
  return { url, bearer, ifNoneMatch, accept, acceptEncoding };
}

function isRead(name: string): name is keyof typeof READ {
  return Object.hasOwn(READ, name);
}
