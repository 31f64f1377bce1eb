/** The service's operator API as a tool uses it: one request after the other, each tried until it is answered. */
import assert from 'node:assert/strict';
import type { Clock } from '../../server/src/platform/clock.ts';

/** A try that is not answered within this is one that was lost. The service itself gives up sooner. */
const TRY_MAX_MS = 30_000;
/** Longer than a restart of the service takes, and of a database that recovers. */
const PATIENCE_MS = 60_000;
const PAUSE_MS_MAX = 3_000;

/** The service cannot be had: nothing was answered for as long as we were ready to wait. */
export class ServiceAway extends Error {
  override name = 'ServiceAway';
}

/** It answers, but not to us. */
export class OperatorUnknown extends Error {
  override name = 'OperatorUnknown';
}

export type Answer =
  | { readonly kind: 'ok'; readonly body: Readonly<Record<string, unknown>>; readonly isReplay: boolean }
  /** For good: the same request would be refused again. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly why: string };

export interface OperatorApi {
  readonly url: string;
  get(path: string): Promise<Answer>;
  /** The key is that of every try; what it did once it does not do again. */
  post(path: string, body: object, key: string): Promise<Answer>;
}

export interface OperatorApiDeps {
  /** Such as `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly token: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told when a request has to be tried again, and why. */
  readonly onRetry?: (why: string) => void;
  readonly patienceMs?: number;
}

export function createOperatorApi(deps: OperatorApiDeps): OperatorApi {
  const { url, token, clock, signal, patienceMs = PATIENCE_MS } = deps;

  async function send(method: string, path: string, body?: object, key?: string): Promise<Answer> {
    const startedMs = clock.monotonicMs();
    for (let pauseMs = 200; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      const tried = await attempt(method, path, body, key);
      if ('answer' in tried) return tried.answer;
      if (clock.monotonicMs() - startedMs > patienceMs) {
        throw new ServiceAway(`${url} did not take ${method} ${path}: ${tried.why}`);
      }
      deps.onRetry?.(tried.why);
      await pause(clock, Math.max(pauseMs, tried.afterMs), signal);
    }
  }

  async function attempt(
    method: string,
    path: string,
    body?: object,
    key?: string,
  ): Promise<{ answer: Answer } | { why: string; afterMs: number }> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MAX_MS)]),
      });
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      return { why: reasonOf(error), afterMs: 0 };
    }
    if (response.status === 429 || response.status >= 500) {
      const afterMs = 1000 * Number(response.headers.get('retry-after') ?? 0);
      const why = `it answered ${response.status} ${titleOf(text)}`.trim();
      return { why, afterMs: Number.isFinite(afterMs) ? Math.min(afterMs, 10_000) : 0 };
    }
    return { answer: answerOf(response, text) };
  }

  return {
    url,
    get: (path) => send('GET', path),
    post: (path, body, key) => send('POST', path, body, key),
  };
}

function answerOf(response: Response, text: string): Answer {
  const body = asObject(text);
  if (response.status === 401 || response.status === 403) {
    throw new OperatorUnknown('the service does not know this operator token');
  }
  if (response.ok) {
    assert(body !== undefined, `${response.url} answered something that is not JSON; is it Frontrow?`);
    return { kind: 'ok', body, isReplay: response.headers.get('idempotent-replayed') === 'true' };
  }
  const { code = `http ${response.status}`, type: _type, requestId: _id, next, title, ...extra } = body ?? {};
  const { status: _status, ...details } = extra;
  const more = Object.keys(details).length > 0 ? ` ${JSON.stringify(details)}` : '';
  const why = [title, next].filter((part) => typeof part === 'string').join('. ') + more;
  return { kind: 'refused', status: response.status, code: String(code), why };
}

function asObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function titleOf(text: string): string {
  const { title } = asObject(text) ?? {};
  return typeof title === 'string' ? `(${title})` : '';
}

/** fetch says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const { code, message } = (cause ?? error) as { code?: string; message?: string };
  return code ?? message ?? String(error);
}

/** Keeps the process alive, unlike the service's own pauses; throws when the signal fires. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => {}, 1 << 30);
  try {
    await clock.sleep(ms, signal);
  } finally {
    clearInterval(alive);
  }
  signal.throwIfAborted();
}
