/**
 * The service as one fan uses it: every try of every request is taken down. Whoever does not know what became of a
 * request asks again with the same key, after the time that the service says and a moment of their own.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../server/src/platform/clock.ts';
import type { Chance } from '../../scripts/support/random.ts';
import type { Outcome, ToldOf, What } from '../history/operation.ts';
import { isTold } from '../history/schemas.ts';
import type { Recorder } from '../history/recorder.ts';
import type { Call } from './calls.ts';
import type { Pause } from './pause.ts';
import type { Exchange, Message, Response } from './exchange.ts';

type Body = Readonly<Record<string, unknown>>;

export type Reply<W extends What> = Outcome<ToldOf<W>> & {
  /** 0: there was no answer. */
  readonly status: number;
  /** As it came; empty when nothing did. */
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
};

/** Who asks, and where from. */
export interface Caller {
  userId: string;
  device: number;
  /** The instance that is asked, as long as it answers. */
  instance: number;
}

/** One try, for figures. */
export interface Sample {
  readonly what: What;
  readonly path: string;
  readonly outcome: 'ok' | 'refused' | 'unknown';
  /** Empty when it was ok. */
  readonly problem: string;
  readonly answeredMs: number;
  readonly tookMs: number;
  readonly isFinal: boolean;
}

export interface ApiDeps {
  readonly exchange: Exchange;
  readonly recorder: Recorder;
  readonly note: (sample: Sample) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Ends early when the signal fires. */
  readonly pause: Pause;
  /** For how long somebody asks again about one request. */
  readonly insistMs: number;
  /** Nobody insists after it. */
  readonly signal: AbortSignal;
}

interface Options {
  readonly isFinal?: boolean;
}

export interface Api {
  /** One try. */
  ask<W extends What>(call: Call<W>, options?: Options): Promise<Reply<W>>;
  /** Until it is known what became of it, or patience is at its end. */
  insist<W extends What>(call: Call<W>, options?: Options): Promise<Reply<W>>;
}

const PAUSE_MS_MIN = 200;
const PAUSE_MS_MAX = 5_000;
const RETRY_AFTER_S_MAX = 10;
const PAGES_MAX = 50;
const PROBLEM_MAX = 200;

export function createApi(caller: Caller, pauses: Chance, deps: ApiDeps): Api {
  const { exchange, recorder, note, clock, signal, pause } = deps;

  async function attempt<W extends What>(call: Call<W>, isFinal: boolean) {
    const { userId, device, instance } = caller;
    const { what, asked, path, key = null } = call;
    const taken = recorder.begin({ userId, device, instance, key, isFinal, what, asked });
    const sentMs = clock.monotonicMs();
    const response = await sendAll(exchange, instance, call);
    const answeredMs = clock.monotonicMs();
    const { status } = response;
    const body = bodyOf(response.text);
    const outcome = outcomeOf(call, response, body);
    taken.end({ status, ...outcome });
    const problem = outcome.outcome === 'ok' ? '' : outcome.problem;
    const tookMs = answeredMs - sentMs;
    note({ what, path, outcome: outcome.outcome, problem, answeredMs, tookMs, isFinal });
    const isGoing = status === 0 || problem === 'service.shutting-down';
    if (isGoing && caller.instance === instance) caller.instance = (instance + 1) % exchange.instances;
    const reply: Reply<W> = { ...outcome, status, body, headers: response.headers };
    return { reply, afterMs: afterMsOf(response) };
  }

  async function insist<W extends What>(call: Call<W>, { isFinal = false }: Options = {}): Promise<Reply<W>> {
    const untilMs = clock.monotonicMs() + deps.insistMs;
    for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      const { reply, afterMs } = await attempt(call, isFinal);
      const isOpen = reply.outcome === 'unknown' || reply.status === 429;
      if (!isOpen || signal.aborted || clock.monotonicMs() > untilMs) return reply;
      await pause(Math.max(afterMs, pauseMs) + pauses.between(0, pauseMs));
    }
  }

  return { ask: async (call, { isFinal = false } = {}) => (await attempt(call, isFinal)).reply, insist };
}

/** All pages of what comes in pages, as if it were one. */
async function sendAll(
  exchange: Exchange,
  instance: number,
  { pages, ...message }: Message & Pick<Call, 'pages'>,
): Promise<Response> {
  const first = await exchange.send(instance, message);
  if (pages === undefined || !isOk(first.status)) return first;
  const items: unknown[] = [];
  let page = first;
  for (let count = 1; ; count++) {
    const { [pages]: list, next } = bodyOf(page.text);
    // Whoever asked for it sees that it is something else.
    if (!Array.isArray(list)) return page;
    for (const item of list) items.push(item);
    if (typeof next !== 'string' || count >= PAGES_MAX) break;
    page = await exchange.send(instance, {
      ...message,
      path: `${message.path}&cursor=${encodeURIComponent(next)}`,
    });
    if (!isOk(page.status)) return page;
  }
  return { ...first, text: JSON.stringify({ [pages]: items }) };
}

const isOk = (status: number) => status >= 200 && status < 300;

function outcomeOf<W extends What>(
  call: Call<W>,
  { status, text, headers }: Response,
  body: Body,
): Outcome<ToldOf<W>> {
  if (status === 304 && call.known !== undefined) return { outcome: 'ok', told: call.known };
  if (isOk(status)) return toldBy(call, { status, text }, body);
  const { code } = body;
  const unnamed = status === 0 ? text : `http ${status}`;
  const problem = (typeof code === 'string' ? code : unnamed).slice(0, PROBLEM_MAX);
  if (status < 400 || status >= 500) {
    const retryAfterS = Number(headers['retry-after'] ?? Number.NaN);
    return { outcome: 'unknown', problem, ...(Number.isFinite(retryAfterS) && { retryAfterS }) };
  }
  const taken = problem === 'seats.taken' && isSeats(body['seats']) ? body['seats'] : undefined;
  return { outcome: 'refused', problem, ...(taken !== undefined && { taken }) };
}

/** Some page of a network that one has to log in to first, say, is no answer: nobody knows what happened. */
function toldBy<W extends What>(
  call: Call<W>,
  { status, text }: Pick<Response, 'status' | 'text'>,
  body: Body,
): Outcome<ToldOf<W>> {
  try {
    const told = call.told(body, status, text);
    if (isTold(call.what, told)) return { outcome: 'ok', told };
  } catch {
    // It is not what it should be.
  }
  return { outcome: 'unknown', problem: `http ${status} with something else` };
}

function isSeats(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((seat) => Number.isSafeInteger(seat) && seat > 0);
}

function bodyOf(text: string): Body {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Body) : {};
  } catch {
    return {};
  }
}

function afterMsOf({ headers }: Response): number {
  const seconds = Number(headers['retry-after'] ?? 0);
  return Number.isFinite(seconds) ? 1000 * Math.min(Math.max(0, seconds), RETRY_AFTER_S_MAX) : 0;
}
