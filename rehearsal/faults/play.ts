/** One fault from its stage to its verdict: warm up, disturb, heal, settle, audit, look at the history. */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../server/src/platform/clock.ts';
import { createOperatorApi } from '../../scripts/support/operator-api.ts';
import { createChance } from '../../scripts/support/random.ts';
import { ROOT } from '../../scripts/support/run.ts';
import { USUAL_MIX } from '../crowd/plan.ts';
import { saveHistory } from '../history/history-file.ts';
import { type Rehearsal, rehearse } from '../rehearse.ts';
import { makePerformance } from '../target.ts';
import { judge } from '../verdict.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { Play, Scenario } from './scenario.ts';
import { HOLD_TTL_MS, makeStage, OPERATOR_TOKEN, type Stage } from './stage.ts';
import { findTools } from './tools.ts';

export type Result =
  | { readonly scenario: Scenario; readonly outcome: 'skipped'; readonly because: string }
  /** It could not be played or judged to its end. */
  | { readonly scenario: Scenario; readonly outcome: 'failed'; readonly because: string }
  | Played;

export interface Played {
  readonly scenario: Scenario;
  readonly outcome: 'kept' | 'broken';
  readonly figures: Figures;
  /** What is broken, a sentence each. */
  readonly findings: readonly string[];
  /** How many things the auditor and the checker of histories looked at. */
  readonly judged: { readonly audit: number; readonly history: number };
  readonly notes: readonly string[];
  readonly tookMs: number;
}

export interface PlayOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
  /** One line for each step. */
  readonly say: (line: string) => void;
}

const FANS_PER_SECOND = 4;
const WARM_UP_MS = 6_000;
/** People still come when it is healed. */
const AFTER_MS = 12_000;
/** More come than are let in, so that there is a line. */
const SALE = { seats: 600, seatsPerPerson: 4, ratePerS: 3, capacity: 60 };
const CROWD = { seatsEach: 4, thinkScale: 0.3, mix: USUAL_MIX, patienceS: 60 };
/** Longer than any fault. */
const INSIST_MS = 90_000;
const RECOVERY_MS = 30_000;
/** From the last one who comes: the last holds, the settling, the audit and a look at what everybody has. */
const AFTERWARDS_MAX_MS = HOLD_TTL_MS + 180_000;
/** From then on it is left behind, whatever it still waits for. */
const GRACE_MS = 30_000;

export async function play(scenario: Scenario, options: PlayOptions): Promise<Result> {
  try {
    const tools = await findTools(scenario.needs);
    if ('missing' in tools) return { scenario, outcome: 'skipped', because: tools.missing };
    await using stage = await makeStage(scenario.stage?.(tools.found) ?? {}, createChance(options.seed));
    return await playOn(stage, scenario, options);
  } catch (error) {
    const because = options.signal.aborted ? 'it was broken off' : textOf(error);
    return { scenario, outcome: 'failed', because };
  }
}

async function playOn(stage: Stage, scenario: Scenario, options: PlayOptions): Promise<Result> {
  const { seed, say } = options;
  const clock = systemClock;
  const startedMs = clock.monotonicMs();
  const urls = stage.instances.map(({ url }) => url);
  const overS = Math.ceil((WARM_UP_MS + scenario.lastsMs + AFTER_MS) / 1_000);
  using deadline = createDeadline(overS * 1_000 + AFTERWARDS_MAX_MS, GRACE_MS);
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal, deadline.signal]);
  const api = createOperatorApi({ url: urls[0] ?? '', token: OPERATOR_TOKEN, clock, signal });
  const target = await makePerformance(SALE, api, clock, signal);
  if (scenario.prepare !== undefined) await deadline.within(scenario.prepare(stage));

  say(`${stage.instances.length} instances are open, people come for ${overS} s`);
  const rehearsing = rehearse({
    urls,
    operatorToken: OPERATOR_TOKEN,
    target,
    holdTtlMs: HOLD_TTL_MS,
    options: { ...CROWD, seed, fans: FANS_PER_SECOND * overS, curve: { kind: 'ramp', overS } },
    clock,
    signal,
    gone: signal,
    insistMs: INSIST_MS,
  });
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    say(text);
  };
  const moments = { faultMs: 0, healedMs: 0 };
  try {
    const { performanceId } = target;
    const running = { ...timing(signal), stage, performanceId, chance: createChance(seed), note };
    await running.last(WARM_UP_MS);
    moments.faultMs = clock.monotonicMs();
    say('the fault begins');
    await deadline.within(scenario.disturb(running));
    moments.healedMs = clock.monotonicMs();
    say(`healed after ${seconds(moments.healedMs - moments.faultMs)}`);
    const rehearsal = allowLate(await deadline.within(rehearsing), moments);
    signal.throwIfAborted();
    say(`settled: ${rehearsal.history.operations.length} requests are on record`);
    const tookMs = clock.monotonicMs() - startedMs;
    const result = judgePlay(scenario, rehearsal, stage, { ...moments, notes, tookMs });
    if (result.outcome !== 'kept') await keepEvidence(scenario, rehearsal, stage, say);
    return result;
  } catch (error) {
    ended.abort();
    const rehearsal = await deadline.within(rehearsing).catch(() => undefined);
    if (!options.signal.aborted) await keepEvidence(scenario, rehearsal, stage, say);
    throw reasonOf(error, deadline);
  }
}

/** Whatever is waited for when the time is over fails in its own way. */
function reasonOf(error: unknown, { signal }: Deadline): unknown {
  return signal.aborted ? signal.reason : error;
}

/** Seats come free late when the service is kept from its work: as long as the fault lasted, and it took to recover. */
function allowLate(
  rehearsal: Rehearsal,
  { faultMs, healedMs }: Pick<Course, 'faultMs' | 'healedMs'>,
): Rehearsal {
  const lateMs = healedMs - faultMs + RECOVERY_MS;
  return { ...rehearsal, history: { ...rehearsal.history, lateMs } };
}

interface Course {
  readonly faultMs: number;
  readonly healedMs: number;
  readonly notes: readonly string[];
  readonly tookMs: number;
}

function judgePlay(scenario: Scenario, rehearsal: Rehearsal, stage: Stage, course: Course): Result {
  const { mustBeCaught = false, turnsAway = [] } = scenario;
  const { broken, unexplained, unjudged, history } = judge(rehearsal);
  const away = unexplained.filter(({ problem }) => problem !== undefined && turnsAway.includes(problem));
  // Whoever is turned away cannot look at what they have either.
  const open = away.length === 0 ? unjudged : unjudged.filter(({ what }) => what !== 'end');
  if (open.length > 0 && !mustBeCaught) {
    const because = [...open.map(({ says }) => says), ...broken].join('; ');
    return { scenario, outcome: 'failed', because };
  }
  const figures = figuresOf(rehearsal.history, course);
  const contradictions = history.contradictions.map(({ promise, says }) => `${promise}: ${says}`);
  const unexpected = broken.filter((finding) => !away.some(({ says }) => says === finding));
  const sentAway = `${away.length} of ${rehearsal.stories.length} fans were turned away`;
  const notes = away.length === 0 ? course.notes : [...course.notes, sentAway];
  const findings = mustBeCaught
    ? contradictions
    : [...unexpected, ...selfEnded(stage), ...notRecovered(figures), ...abrupt(figures)];
  return {
    scenario,
    outcome: findings.length > 0 === mustBeCaught ? 'kept' : 'broken',
    figures,
    findings,
    judged: {
      audit: sum((rehearsal.audit?.checks ?? []).map(({ counted }) => counted)),
      history: sum(Object.values(history.counts)),
    },
    notes,
    tookMs: course.tookMs,
  };
}

/** What people were told, for `npm run check-history`, and what the instances and PostgreSQL have printed. */
async function keepEvidence(
  { name }: Scenario,
  /** Undefined: it did not even end when it was broken off. */
  rehearsal: Rehearsal | undefined,
  { folder }: Stage,
  say: (line: string) => void,
): Promise<void> {
  const kept = join(ROOT, '.data', 'faults', name);
  await rm(kept, { recursive: true, force: true });
  await mkdir(kept, { recursive: true });
  if (rehearsal !== undefined) await saveHistory(join(kept, 'history.jsonl'), rehearsal.history);
  for (const from of [folder, join(folder, 'data')]) {
    const names = (await readdir(from)).filter((file) => file.endsWith('.log'));
    for (const file of names) await copyFile(join(from, file), join(kept, file));
  }
  say(`what is left of it is in ${kept}`);
}

function selfEnded({ instances }: Stage): string[] {
  return instances
    .filter(({ ownEnds }) => ownEnds > 0)
    .map(({ name, ownEnds }) => `I11: instance ${name} ended by itself, ${ownEnds} times`);
}

function notRecovered({ missing }: Figures): string[] {
  return missing.length === 0
    ? []
    : [`I11: after the healing there was no ${missing.join(', no ')} any more`];
}

function abrupt({ abrupt: answers }: Figures): string[] {
  const [first] = answers;
  if (first === undefined) return [];
  const { what, userId, answeredMs } = first;
  const when = `${what} by ${userId}, answered at ${seconds(answeredMs)}`;
  return [
    `I11: ${answers.length} answers of 503 do not say when to come again (Retry-After), such as ${when}`,
  ];
}

const UNTIL_PAUSE_MS = 20;

function timing(signal: AbortSignal): Pick<Play, 'last' | 'until'> {
  const last = (ms: number) => sleep(ms, undefined, { signal });
  return {
    last,
    until: async (what, isTrue, maxMs) => {
      const startedMs = systemClock.monotonicMs();
      for (;;) {
        if (await isTrue()) return systemClock.monotonicMs() - startedMs;
        if (systemClock.monotonicMs() - startedMs > maxMs) {
          throw new Error(`waited ${seconds(maxMs)} in vain until ${what}`);
        }
        await last(UNTIL_PAUSE_MS);
      }
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
