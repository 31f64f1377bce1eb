/**
 * How long a place in line will take, and within what bounds in nine of ten cases: from the pace that was measured
 * and the policy. Pure.
 *
 * People are let in when others finish, which is a Poisson process as good as any: the time until the n-th of them is
 * gamma distributed. The pace is itself the count of such a process over a known time, so the quotient of both
 * follows an F distribution. Its quantiles are had in closed form by Wilson and Hilferty (1931): the cube root of a
 * gamma variable is nearly normal.
 */
import { FADE_MS, type Pace } from './pace.ts';
import { bucketMax, type Policy } from './policy.ts';

export interface Estimate {
  readonly estimateMs: number;
  readonly atLeastMs: number;
  /** Null: nobody can know. */
  readonly atMostMs: number | null;
}

/** Of fewer people nothing can be said. */
const COUNT_MIN = 3;
/** One of ten is below the lower bound, and one of ten above the upper one. */
const DEVIATIONS = 1.2816;

/** For somebody with so many people ahead, in a room that lets people in; null when nothing can be said. */
export function estimateWait(policy: Policy, pace: Pace, ahead: number): Estimate | null {
  const policyPerMs = policyRatePerMs(policy);
  const measuredPerMs = paceRatePerMs(pace);
  if (policyPerMs === null && measuredPerMs === null) return null;
  const ratePerMs = Math.min(
    policyPerMs ?? Number.POSITIVE_INFINITY,
    measuredPerMs ?? Number.POSITIVE_INFINITY,
  );
  const people = ahead + 1;
  const soonestMs = policyPerMs === null ? 0 : Math.max(0, people - bucketMax(policy)) / policyPerMs;
  const estimateMs = Math.max(people / ratePerMs, soonestMs);
  if (measuredPerMs === null) {
    return { estimateMs: Math.round(estimateMs), atLeastMs: Math.round(soonestMs), atMostMs: null };
  }
  const [low, high] = spread(people, measuredCount(pace));
  return {
    estimateMs: Math.round(estimateMs),
    atLeastMs: Math.round(Math.min(estimateMs, Math.max(soonestMs, low * estimateMs))),
    atMostMs: Math.round(Math.max(estimateMs, high * estimateMs)),
  };
}

/** As measured lately, while people waited; null when there is nothing to go by. */
export function admittedPerMinute(pace: Pace): number | null {
  const perMs = paceRatePerMs(pace);
  return perMs === null ? null : Math.round(perMs * 60_000 * 100) / 100;
}

function policyRatePerMs({ rateCount, rateWindowMs }: Policy): number | null {
  return rateCount === null || rateWindowMs === null ? null : rateCount / rateWindowMs;
}

function paceRatePerMs({ count, spanMs }: Pace): number | null {
  return count < COUNT_MIN || spanMs <= 0 ? null : count / spanMs;
}

/**
 * So many people, all counted in full, would have said as much: what has faded counts less in the sum, but less
 * still in how far it can be off.
 */
function measuredCount({ count, spanMs }: Pace): number {
  return count / (1 - Math.min(1, spanMs / FADE_MS) / 2);
}

/** The bounds as parts of the estimate, for so many people at a pace that so many have shown. */
function spread(people: number, measured: number): readonly [low: number, high: number] {
  const [a, b] = [1 / (9 * people), 1 / (9 * measured)];
  const middle = (1 - a) * (1 - b);
  const squared = DEVIATIONS * DEVIATIONS;
  const side = DEVIATIONS * Math.sqrt((1 - b) * (1 - b) * a + (1 - a) * (1 - a) * b - squared * a * b);
  const scale = (1 - b) * (1 - b) - squared * b;
  return [cube((middle - side) / scale), cube((middle + side) / scale)];
}

/** Multiplied out: a power calls the mathematics library, with every poll. */
function cube(value: number): number {
  return value * value * value;
}
