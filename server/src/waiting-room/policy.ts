/** How many a room lets in: a bucket that fills at the rate, and a capacity. Pure arithmetic. */
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

/** A bucket as it was written down, and how long ago that was. */
export interface Bucket {
  readonly allowance: number;
  readonly elapsedMs: number;
}

/** Fewer at a time keep the room's lock short; whoever is left over follows in the next transaction. */
export const ADMISSIONS_MAX = 1_000;

/** A room that nobody came to yet: its first visitors need not wait for a bucket to fill. */
export function fullBucket({ rateCount }: Policy): number {
  return rateCount ?? Number.POSITIVE_INFINITY;
}

/** The bucket now. It never holds more than one window's worth; a clock that was set back takes nothing away. */
export function refill(policy: Policy, { allowance, elapsedMs }: Bucket): number {
  const { rateCount, rateWindowMs } = policy;
  if (rateCount === null || rateWindowMs === null) return fullBucket(policy);
  return Math.min(rateCount, allowance + (Math.max(0, elapsedMs) / rateWindowMs) * rateCount);
}

/** What is left in the bucket when the policy changes: never more than before, unless there was no rate. */
export function carryOver(from: Policy, to: Policy, bucket: Bucket): number {
  return Math.min(fullBucket(to), refill(from, bucket));
}

export interface Crowd {
  readonly state: RoomState;
  readonly waiting: number;
  readonly active: number;
}

/** How many of those who wait are let in now. */
export function admissions(policy: Policy, crowd: Crowd, allowance: number): number {
  if (crowd.state !== 'OPEN') return 0;
  const space = (policy.capacity ?? Number.POSITIVE_INFINITY) - crowd.active;
  return Math.max(0, Math.min(Math.floor(allowance), space, crowd.waiting, ADMISSIONS_MAX));
}
