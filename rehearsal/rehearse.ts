/**
 * A rehearsal: a crowd of fans buys out a performance over HTTP, everything that they ask and are told is taken down,
 * and at the end it is judged. Who runs the service, and what is made of the result, is the caller's business.
 */
import type { AuditReport } from '#contract/http/operator.ts';
import type { Clock } from '../server/src/platform/clock.ts';
import type { ApiDeps } from './crowd/api.ts';
import { createExchange, type Exchange } from './crowd/exchange.ts';
import { createFan, type Crowd, type Fan, type Story, type Target } from './crowd/fan.ts';
import { createHoldTimes } from './crowd/hold-times.ts';
import { live } from './crowd/live.ts';
import { createPause } from './crowd/pause.ts';
import { type CrowdOptions, planCrowd } from './crowd/plan.ts';
import { createTally, type Second, type SaleStanding, type StepFigures } from './figures.ts';
import type { History } from './history/operation.ts';
import { type DeadlineOptions, startDeadline } from './deadline.ts';
import { createRecorder } from './history/recorder.ts';
import { createOperator } from './operator.ts';
import { bringToEnd, type End, type EndDeps, type Phase } from './settle.ts';
import { watchSale } from './watch-sale.ts';

export interface RehearseDeps {
  readonly urls: readonly string[];
  readonly operatorToken: string;
  readonly target: Target;
  /** A hold lasts at least so long. When it is not known, it is learnt. */
  readonly holdTtlMs?: number | undefined;
  /** Of a performance that was on sale before. */
  readonly takenBefore?: readonly number[];
  readonly options: CrowdOptions;
  readonly clock: Clock;
  /** Sends everybody home; the rest is done all the same. */
  readonly signal: AbortSignal;
  /** The service is gone for good: nothing more is asked. */
  readonly gone?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** For how long a fan asks again about one request that was not answered. */
  readonly insistMs?: number;
}

export interface Progress {
  readonly phase: Phase;
  readonly atS: number;
  readonly fans: { readonly total: number; readonly arrived: number; readonly gone: number };
  readonly standing: SaleStanding;
  readonly seconds: readonly Second[];
  readonly errors: number;
  /** Fans whose end was read, in the last phase. */
  readonly read: number;
}

export interface Rehearsal {
  readonly target: Target;
  readonly options: CrowdOptions;
  readonly holdTtlMs: number;
  readonly instances: number;
  readonly startedMs: number;
  /** From the first arrival until the last fan was gone. */
  readonly tookMs: number;
  readonly soldOutAtS: number | null;
  readonly stories: readonly Story[];
  readonly steps: readonly StepFigures[];
  readonly seconds: readonly Second[];
  /** How it stood when everything was over. */
  readonly standing: SaleStanding;
  readonly history: History;
  readonly audit: AuditReport | undefined;
  /** Nobody holds anything any more, and everything could be read. */
  readonly isSettled: boolean;
  readonly wasStopped: boolean;
}

const INSIST_MS = 120_000;
/** For what comes after the last fan: the holds' time, the audit, and what every fan reads at the end. */
const END_MS = 180_000;
const END_MS_PER_FAN = 10;
/** The same for whoever stopped it: that much time to give everything back in. */
const STOPPED_END_MS = 10_000;
const STOPPED_END_MS_PER_FAN = 4;

export async function rehearse(deps: RehearseDeps): Promise<Rehearsal> {
  const { urls, operatorToken, target, options, clock, signal, takenBefore = [] } = deps;
  const gone = deps.gone ?? new AbortController().signal;
  using exchange = createExchange(urls);
  // The operator does not stand in line behind the crowd's requests.
  using desk = createExchange(urls);
  using _alive = keepAlive();
  const recorder = createRecorder(clock);
  const tally = createTally();
  const operator = createOperator(desk, operatorToken, clock, gone);
  const insistMs = deps.insistMs ?? INSIST_MS;
  const api: ApiDeps = {
    exchange,
    recorder,
    note: (sample) => tally.note(sample),
    clock,
    pause: createPause(signal),
    insistMs,
    signal,
  };
  const startedMs = clock.monotonicMs();
  const state = { phase: 'selling' as Phase, read: 0 };
  let fans: readonly Fan[] = [];
  const sale = watchSale({ operator, target, clock, startedMs, tally, stories: () => fans.map(storyOf) });
  const { seconds } = tally;
  const watching = sale.watch(() =>
    deps.onProgress?.({ ...state, ...sale.now(), seconds, errors: tally.errors }),
  );

  const holds = createHoldTimes();
  const { seed } = options;
  const crowd: Crowd = { seed, target, holds, api, isSoldOut: () => sale.isSoldOut() };
  fans = planCrowd(options).map((plan) => createFan(plan, crowd));
  await Promise.all(fans.map(liveOrSay));
  const tookMs = clock.monotonicMs() - startedMs;
  const holdTtlMs = deps.holdTtlMs ?? holds.atLeastMs;

  const end = await endInTime(deps, fans, {
    exchange,
    desk,
    api,
    holdTtlMs,
    onPhase: (phase) => (state.phase = phase),
    onRead: (read) => (state.read = read),
  });
  await watching.end();

  const { performanceId, room } = target;
  return {
    target,
    options,
    holdTtlMs,
    instances: urls.length,
    startedMs,
    tookMs,
    soldOutAtS: sale.soldOutAtS(),
    stories: fans.map(storyOf),
    steps: tally.steps(),
    seconds,
    standing: sale.now().standing,
    history: recorder.history({ performanceId, room, holdTtlMs, takenBefore }),
    ...end,
    wasStopped: signal.aborted,
  };
}

interface Ending extends Pick<EndDeps, 'api' | 'holdTtlMs' | 'onPhase' | 'onRead'> {
  readonly exchange: Exchange;
  readonly desk: Exchange;
}

async function endInTime(deps: RehearseDeps, fans: readonly Fan[], ending: Ending): Promise<End> {
  const { operatorToken, clock, signal } = deps;
  const { exchange, desk, api, ...more } = ending;
  using deadline = startDeadline(clock, endTimes(fans.length, ending.holdTtlMs, signal));
  const over = AbortSignal.any([deps.gone ?? new AbortController().signal, deadline.signal]);
  // Ends the requests that are under way.
  over.addEventListener('abort', () => exchange[Symbol.dispose](), { once: true });
  return await bringToEnd(fans, {
    ...more,
    api: { ...api, pause: createPause(over), signal: over },
    operator: createOperator(desk, operatorToken, clock, over),
    clock,
    wasStopped: signal.aborted,
  });
}

function endTimes(fans: number, holdTtlMs: number, stop: AbortSignal): DeadlineOptions {
  return {
    withinMs: holdTtlMs + END_MS + END_MS_PER_FAN * fans,
    stop,
    afterStopMs: STOPPED_END_MS + STOPPED_END_MS_PER_FAN * fans,
  };
}

const storyOf = ({ story }: Fan) => story;

/** A mistake of ours in one fan's life is told at the end, and spoils nobody else's. */
async function liveOrSay(fan: Fan): Promise<void> {
  try {
    await live(fan);
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    Object.assign(fan.story, {
      end: { ending: 'unexplained', why },
      endedMs: fan.crowd.api.clock.monotonicMs(),
    });
  }
}

/** The clock's pauses do not keep a process alive. */
function keepAlive(): Disposable {
  const alive = setInterval(() => {}, 1 << 30);
  return { [Symbol.dispose]: () => clearInterval(alive) };
}
