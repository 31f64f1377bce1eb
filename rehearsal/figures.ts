/** What a rehearsal measures while it runs: answers by step, and how things stood in each second. */
import type { Sample } from './crowd/api.ts';

/** What fans do, in the order in which they do it. */
export const STEPS = [
  'account',
  'dates',
  'join',
  'look',
  'map',
  'hold',
  'charge',
  'pay',
  'reservation',
  'tickets',
  'give-back',
  'leave',
  'wallet',
] as const;
export type Step = (typeof STEPS)[number];

export interface StepFigures {
  readonly step: Step;
  readonly requests: number;
  readonly ok: number;
  /** By problem. */
  readonly refused: ReadonlyMap<string, number>;
  readonly unknown: ReadonlyMap<string, number>;
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
}

/** How the sale stands. */
export interface SaleStanding {
  readonly joined: number;
  readonly waiting: number;
  readonly active: number;
  /** Every number up to it has been called. */
  readonly head: number;
  readonly free: number;
  readonly held: number;
  readonly sold: number;
}

export interface Second extends SaleStanding {
  /** Since the beginning. */
  readonly atS: number;
  readonly requests: number;
  readonly errors: number;
  readonly holds: number;
  readonly p99Ms: number;
}

export interface Tally {
  note(sample: Sample): void;
  /** Closes the second that is under way. */
  tick(atS: number, standing: SaleStanding): void;
  readonly seconds: readonly Second[];
  readonly errors: number;
  steps(): StepFigures[];
}

interface Counts {
  ok: number;
  readonly refused: Map<string, number>;
  readonly unknown: Map<string, number>;
  readonly tookMs: number[];
}

export function createTally(): Tally {
  const byStep = new Map<Step, Counts>(
    STEPS.map((step) => [step, { ok: 0, refused: new Map(), unknown: new Map(), tookMs: [] }]),
  );
  const seconds: Second[] = [];
  let current = { requests: 0, errors: 0, holds: 0, tookMs: [] as number[] };
  let errors = 0;

  return {
    note(sample) {
      const { outcome, problem, tookMs, isFinal } = sample;
      if (isFinal) return; // what is read when everything is over is no part of the sale
      const step = stepOf(sample);
      const counts = byStep.get(step);
      if (counts === undefined) return;
      counts.tookMs.push(tookMs);
      current.tookMs.push(tookMs);
      current.requests += 1;
      if (outcome === 'ok') {
        counts.ok += 1;
        if (step === 'hold') current.holds += 1;
        return;
      }
      const reasons = counts[outcome];
      reasons.set(problem, (reasons.get(problem) ?? 0) + 1);
      if (outcome === 'unknown') {
        current.errors += 1;
        errors += 1;
      }
    },
    tick(atS, standing) {
      const { tookMs, ...rest } = current;
      seconds.push({ atS, ...rest, ...standing, p99Ms: quantilesOf(tookMs).p99 });
      current = { requests: 0, errors: 0, holds: 0, tookMs: [] };
    },
    seconds,
    get errors() {
      return errors;
    },
    steps: () =>
      STEPS.flatMap((step) => {
        const counts = byStep.get(step);
        if (counts === undefined || counts.tookMs.length === 0) return [];
        const { ok, refused, unknown, tookMs } = counts;
        return [{ step, requests: tookMs.length, ok, refused, unknown, latencyMs: quantilesOf(tookMs) }];
      }),
  };
}

function stepOf({ what, path }: Sample): Step {
  if (what === 'other') return path === '/guests' ? 'account' : 'dates';
  if (what === 'reservations') return 'reservation';
  return what === 'entries' ? 'wallet' : what;
}

export function quantilesOf(values: readonly number[]): StepFigures['latencyMs'] {
  const sorted = Float64Array.from(values).toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
