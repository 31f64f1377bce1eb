/**
 * How many a room lets in. Pure arithmetic.
 *
 * Three bounds, and the smallest decides: a small bucket that fills at the rate, so that people come evenly; a
 * window that slides, so that in no stretch of its length more come than the rate says; and the capacity.
 */
import type { RoomState } from '#contract/http/queue.ts';
import type { FieldError } from '#contract/problems.ts';

export interface Policy {
  /** So many people … */
  readonly rateCount: number | null;
  /** … in so much time. Null exactly when `rateCount` is. */
  readonly rateWindowMs: number | null;
  /** Most turns at the same time. */
  readonly capacity: number | null;
}

/** The policy with some of it changed; undefined when that would be half a rate. */
export function mergePolicy(policy: Policy, change: Partial<Policy>): Policy | undefined {
  const merged = { ...policy, ...change };
  return (merged.rateCount === null) === (merged.rateWindowMs === null) ? merged : undefined;
}

/** What is wrong with half a rate, in the words of a `request.invalid`. */
export const HALF_A_RATE: FieldError = {
  in: 'body',
  path: '/rateWindowMs',
  message: 'rateCount and rateWindowMs are both numbers or both null',
};

/** People who were let in together, as far as the window can tell. */
export interface Group {
  readonly agoMs: number;
  readonly count: number;
}

/** What the rate leaves of a moment. Without a rate the bucket is infinite and nobody is remembered. */
export interface Bucket {
  readonly allowance: number;
  /** Who was let in within the last window, the oldest first. */
  readonly recent: readonly Group[];
}

interface Rate {
  readonly count: number;
  readonly windowMs: number;
  readonly perMs: number;
}

/** Fewer at a time keep the room's lock short; whoever is left over follows in the next transaction. */
export const ADMISSIONS_MAX = 1_000;
/** While the window is full the bucket fills no further than in this time: two ticks of the line, one being late. */
const KEPT_MS = 500;
/** The window is remembered in steps of this part of it: about so many groups, at the very most twice as many. */
const STEPS = 64;
/** Of a person: what adding fractions may lose. */
const ROUNDING = 1e-6;

function rateOf({ rateCount, rateWindowMs }: Policy): Rate | null {
  if (rateCount === null || rateWindowMs === null) return null;
  return { count: rateCount, windowMs: rateWindowMs, perMs: rateCount / rateWindowMs };
}

/** What a quiet room saves up: a tenth of the rate or a second's worth, so that nobody is lost to a late tick. */
export function bucketMax(policy: Policy): number {
  const rate = rateOf(policy);
  return rate === null ? Number.POSITIVE_INFINITY : Math.max(1, rate.count / 10, rate.perMs * 1_000);
}

/**
 * The bucket so much later. A clock that was set back takes nothing away, and makes nobody older.
 *
 * What flows in while the window is full is not saved up, but for a late tick's worth: otherwise each burst would
 * come back one window later, for ever.
 */
export function refill(policy: Policy, { allowance, recent }: Bucket, elapsedMs: number): Bucket {
  const rate = rateOf(policy);
  if (rate === null) return { allowance: Number.POSITIVE_INFINITY, recent: [] };
  const passedMs = Math.max(0, elapsedMs);
  const fullMs = Math.min(passedMs, windowFullMs(rate, recent));
  const kept = Math.min(allowance + fullMs * rate.perMs, Math.max(1, KEPT_MS * rate.perMs));
  const filled = Math.max(allowance, kept) + (passedMs - fullMs) * rate.perMs;
  return {
    allowance: Math.min(bucketMax(policy), filled),
    recent: recent
      .map(({ agoMs, count }) => ({ agoMs: agoMs + passedMs, count }))
      .filter(({ agoMs }) => agoMs < rate.windowMs),
  };
}

/** How long the window stays full by itself; 0 when it is not. */
function windowFullMs(rate: Rate, recent: readonly Group[]): number {
  let [count, fullMs] = [countOf(recent), 0];
  for (const group of recent) {
    if (count < rate.count) break;
    count -= group.count;
    fullMs = Math.max(0, rate.windowMs - group.agoMs);
  }
  return fullMs;
}

function countOf(recent: readonly Group[]): number {
  return recent.reduce((sum, group) => sum + group.count, 0);
}

export interface Crowd {
  /** Of a room that has opened. */
  readonly state: RoomState;
  readonly waiting: number;
  readonly active: number;
}

/** How many of those who wait are let in now. */
export function admissions(policy: Policy, crowd: Crowd, bucket: Bucket): number {
  if (crowd.state !== 'OPEN') return 0;
  const inWindow = (policy.rateCount ?? Number.POSITIVE_INFINITY) - countOf(bucket.recent);
  const space = (policy.capacity ?? Number.POSITIVE_INFINITY) - crowd.active;
  const allowed = Math.floor(bucket.allowance + ROUNDING);
  return Math.max(0, Math.min(allowed, inWindow, space, crowd.waiting, ADMISSIONS_MAX));
}

/** The bucket after so many were let in. */
export function take(policy: Policy, { allowance, recent }: Bucket, count: number): Bucket {
  const rate = rateOf(policy);
  if (rate === null || count === 0) return { allowance, recent };
  return { allowance: Math.max(0, allowance - count), recent: remember(rate, recent, count) };
}

/** A group may take in the next ones while it is short; it is then as young as the youngest of them, never older. */
function remember({ windowMs }: Rate, recent: readonly Group[], count: number): Group[] {
  const [before, last] = [recent.at(-2), recent.at(-1)];
  const isShort = before !== undefined && before.agoMs < windowMs / STEPS;
  if (last === undefined || (last.agoMs > 0 && !isShort)) return [...recent, { agoMs: 0, count }];
  return [...recent.slice(0, -1), { agoMs: 0, count: last.count + count }];
}

/** Of the people who were let in last, how many the window of this policy can need, and in what steps of time. */
export function memoryOf(policy: Policy): { count: number; windowMs: number; stepMs: number } | null {
  const rate = rateOf(policy);
  if (rate === null) return null;
  return { count: rate.count, windowMs: rate.windowMs, stepMs: Math.max(1, rate.windowMs / STEPS) };
}

/** What is left in the bucket under another rate: no more than before. The new window counts what is remembered. */
export function carryOver(to: Policy, { allowance }: Bucket, recent: readonly Group[]): Bucket {
  if (rateOf(to) === null) return { allowance: Number.POSITIVE_INFINITY, recent: [] };
  return { allowance: Math.min(bucketMax(to), allowance), recent };
}

/** When the rate will let somebody in, or the bucket will run over; for a bucket that lets nobody in now. */
export function rateDueMs(policy: Policy, { allowance, recent }: Bucket): number {
  const rate = rateOf(policy);
  if (rate === null) return 0;
  const fullMs = windowFullMs(rate, recent);
  const wanted = fullMs > 0 ? 1 : bucketMax(policy);
  return Math.max(fullMs, (wanted - allowance) / rate.perMs);
}
