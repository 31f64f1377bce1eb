/**
 * Streams of server-sent events: who may have one, how it is kept alive, and when it ends.
 *
 * A stream has a connection of its own, which ends with it: its frames need no chunks around them, and what
 * speaks HTTP/1.0 can pass it on. Writing never waits; what a client has not read yet is bounded. Clients come
 * back by themselves (EventSource does), so ending a stream is always allowed.
 */
import assert from 'node:assert/strict';
import type { OutgoingHttpHeaders } from 'node:http';
import { type Refusal, refused } from '#contract/problems.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { EventSink } from '../platform/event-frame.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { createRepeat } from '../platform/repeat.ts';
import { scatterOf } from './route.ts';

export interface EventStream extends EventSink {
  /**
   * Fires once, when the stream has ended, whoever ended it; not before `open` has returned. What is sent later
   * goes nowhere.
   */
  readonly signal: AbortSignal;
}

export interface EventStreams {
  /**
   * Answers the request with a stream, or says why there is none. The reply then belongs to the stream: the
   * handler returns it and sends nothing more.
   */
  open(request: FastifyRequest, reply: FastifyReply, account: string): EventStream | Refusal;
  /** Ends all of them, and opens no more. */
  closeAll(): void;
  readonly count: number;
}

export type StreamLimits = { readonly [Name in keyof typeof limits.streams]: number };

export interface EventStreamsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Shorter ones for tests. */
  readonly bounds?: Partial<StreamLimits>;
}

/** `over`: nothing more to tell; `left`: the client went away; `slow`: it did not read; `old`: its time was up. */
type Ending = 'over' | 'left' | 'slow' | 'old' | 'draining';

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Not to be transformed: a proxy that compresses it would hold it back.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  connection: 'close',
};

/** A comment: clients skip it, proxies see that the connection is in use. */
const HEARTBEAT = Buffer.from(':\n\n');

export function createEventStreams(deps: EventStreamsDeps): EventStreams {
  const { clock, logger, metrics } = deps;
  const bounds: StreamLimits = { ...limits.streams, ...deps.bounds };
  const streams = new Set<Stream>();
  const perAccount = createTally();
  let closed = false;

  const sweeps = createRepeat({
    everyMs: bounds.sweepMs,
    clock,
    work: sweep,
    failed: (error) => logger.error({ err: error }, 'the streams were not looked after'),
  });

  metrics.watch('streams_open', 'Open streams of server-sent events', () => streams.size);

  function refusalFor(account: string, reply: FastifyReply): Refusal | undefined {
    if (reply.sent) return refused('service.timeout'); // given up meanwhile: nothing is left to open it on
    if (closed) return refused('service.shutting-down');
    if (streams.size >= bounds.countMax) return refused('service.overloaded');
    if (perAccount.of(account) >= bounds.perAccountMax) return refused('stream.too-many');
    return undefined;
  }

  function sweep(): boolean {
    const nowMs = clock.monotonicMs();
    for (const stream of streams) {
      if (nowMs >= stream.endsAtMs) stream.finish('old');
      // Those that the next sweep would find too late.
      else if (nowMs - stream.sentAtMs > bounds.silenceMsMax - bounds.sweepMs) stream.send(HEARTBEAT);
    }
    return streams.size > 0;
  }

  function open(request: FastifyRequest, reply: FastifyReply, account: string): EventStream | Refusal {
    const refusal = refusalFor(account, reply);
    if (refusal !== undefined) return refusal;
    // Of a stream this is the answer: how long somebody listens is no time of ours.
    const { url = 'unknown' } = request.routeOptions;
    metrics.observeHttp(request.method, url, 200, clock.monotonicMs() - request.startedMs);
    perAccount.add(account, 1);
    const scatter = scatterOf(request.id);
    const stream = new Stream(reply, {
      clock,
      unsentBytesMax: bounds.unsentBytesMax,
      lifetimeMs: bounds.lifetimeMs * (0.8 + 0.4 * scatter),
      ended: (ending) => {
        streams.delete(stream);
        perAccount.add(account, -1);
        metrics.countStreamEnd(ending);
      },
    });
    streams.add(stream);
    const retryMs = bounds.retryMsMin + (bounds.retryMsMax - bounds.retryMsMin) * scatter;
    stream.begin(`retry: ${Math.round(retryMs)}\n\n`);
    sweeps.start();
    return stream;
  }

  return {
    open,
    closeAll: () => {
      closed = true;
      for (const stream of streams) stream.finish('draining');
    },
    get count() {
      return streams.size;
    },
  };
}

/** How many each has; whoever has none takes no memory. */
function createTally() {
  const counts = new Map<string, number>();
  const of = (key: string) => counts.get(key) ?? 0;
  return {
    of,
    add(key: string, change: 1 | -1): void {
      const count = of(key) + change;
      assert(count >= 0, 'nothing is given back that was not taken');
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
  };
}

interface StreamTerms {
  readonly clock: Clock;
  readonly unsentBytesMax: number;
  readonly lifetimeMs: number;
  readonly ended: (ending: Ending) => void;
}

class Stream implements EventStream {
  readonly endsAtMs: number;
  sentAtMs: number;
  readonly #reply: FastifyReply;
  readonly #terms: StreamTerms;
  readonly #over = new AbortController();

  constructor(reply: FastifyReply, terms: StreamTerms) {
    this.#reply = reply;
    this.#terms = terms;
    this.sentAtMs = terms.clock.monotonicMs();
    this.endsAtMs = this.sentAtMs + terms.lifetimeMs;
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  begin(text: string): void {
    const { raw, request } = this.#reply;
    const headers = { ...this.#reply.getHeaders(), ...HEAD } as OutgoingHttpHeaders;
    void this.#reply.hijack();
    raw.useChunkedEncodingByDefault = false;
    raw.writeHead(200, headers);
    raw.write(text);
    raw.once('close', () => this.#leave('left'));
    // What ends at once must end after the caller could listen for it.
    if (request.raw.socket.destroyed) queueMicrotask(() => this.#leave('left'));
    else if (request.method === 'HEAD') queueMicrotask(() => this.end());
  }

  send(frame: Buffer): void {
    const { raw } = this.#reply;
    if (this.signal.aborted) return;
    raw.write(frame);
    this.sentAtMs = this.#terms.clock.monotonicMs();
    if (raw.writableLength > this.#terms.unsentBytesMax) {
      this.#leave('slow');
      this.#reply.request.raw.socket.destroy();
    }
  }

  end(): void {
    this.finish('over');
  }

  finish(ending: Ending): void {
    if (this.#leave(ending)) this.#reply.raw.end();
  }

  /** False: it has ended before. */
  #leave(ending: Ending): boolean {
    if (this.signal.aborted) return false;
    this.#terms.ended(ending);
    this.#over.abort();
    return true;
  }
}
