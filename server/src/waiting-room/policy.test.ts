import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admissions,
  ADMISSIONS_MAX,
  carryOver,
  fullBucket,
  mergePolicy,
  type Policy,
  refill,
} from './policy.ts';

const rated = (rateCount: number, rateWindowMs: number, capacity: number | null = null): Policy => ({
  rateCount,
  rateWindowMs,
  capacity,
});
const unlimited: Policy = { rateCount: null, rateWindowMs: null, capacity: null };
const open = { state: 'OPEN', waiting: 5_000, active: 0 } as const;

const ratedPolicy = fc
  .record({
    rateCount: fc.integer({ min: 1, max: 200 }),
    rateWindowMs: fc.integer({ min: 100, max: 60_000 }),
    capacity: fc.option(fc.integer({ min: 1, max: 300 })),
  })
  .map((policy): Policy => policy);

/** What may happen to a room, one after the other. */
const moment = fc.record({
  elapsedMs: fc.double({ min: -1_000, max: 5_000, noNaN: true }),
  joined: fc.integer({ min: 0, max: 100 }),
  ended: fc.integer({ min: 0, max: 50 }),
});

test('a window of 50 in 30 seconds lets in 50 at once, then one every 600 ms', () => {
  const policy = rated(50, 30_000);
  expect(admissions(policy, open, fullBucket(policy))).toBe(50);
  expect(admissions(policy, open, refill(policy, { allowance: 0, elapsedMs: 599 }))).toBe(0);
  expect(admissions(policy, open, refill(policy, { allowance: 0, elapsedMs: 600 }))).toBe(1);
  expect(admissions(policy, open, refill(policy, { allowance: 0, elapsedMs: 3_600_000 }))).toBe(50);
});

test('never more than the rate allows, never more active than the capacity, whatever happens', () => {
  fc.assert(
    fc.property(ratedPolicy, fc.array(moment, { maxLength: 60 }), (policy, moments) => {
      let [allowance, waiting, active, admitted, elapsedMs] = [fullBucket(policy), 0, 0, 0, 0];
      for (const each of moments) {
        elapsedMs += Math.max(0, each.elapsedMs);
        waiting += each.joined;
        active -= Math.min(active, each.ended);
        allowance = refill(policy, { allowance, elapsedMs: each.elapsedMs });
        const n = admissions(policy, { state: 'OPEN', waiting, active }, allowance);
        [allowance, waiting, active, admitted] = [allowance - n, waiting - n, active + n, admitted + n];
        const { rateCount, rateWindowMs, capacity } = policy;
        expect(admitted).toBeLessThanOrEqual(
          (rateCount ?? 0) + (elapsedMs / (rateWindowMs ?? 1)) * (rateCount ?? 0) + 1e-6,
        );
        expect(active).toBeLessThanOrEqual(capacity ?? Number.POSITIVE_INFINITY);
        expect(waiting).toBeGreaterThanOrEqual(0);
        expect(allowance).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test('nobody is kept who could be let in: one of the three bounds is always reached', () => {
  fc.assert(
    fc.property(
      ratedPolicy,
      fc.nat(500),
      fc.nat(400),
      fc.double({ min: 0, max: 200, noNaN: true }),
      (policy, waiting, active, allowance) => {
        const n = admissions(policy, { state: 'OPEN', waiting, active }, allowance);
        const full = (policy.capacity ?? Number.POSITIVE_INFINITY) <= active + n;
        expect(n === waiting || full || n === Math.floor(allowance)).toBe(true);
      },
    ),
  );
});

describe('policies', () => {
  test.each(['PAUSED', 'CLOSED'] as const)('a room that is %s lets nobody in', (state) => {
    expect(admissions(unlimited, { ...open, state }, fullBucket(unlimited))).toBe(0);
  });

  test('without bounds everybody is let in, some at a time', () => {
    expect(admissions(unlimited, open, fullBucket(unlimited))).toBe(ADMISSIONS_MAX);
    expect(admissions(unlimited, { ...open, waiting: 3 }, fullBucket(unlimited))).toBe(3);
  });

  test('a capacity below what is active already lets nobody in', () => {
    expect(admissions(rated(50, 1_000, 10), { ...open, active: 20 }, 50)).toBe(0);
  });

  test('a change keeps what is in the bucket, cut to the new rate', () => {
    const bucket = { allowance: 10, elapsedMs: 500 };
    expect(carryOver(rated(100, 1_000), rated(200, 1_000), bucket)).toBe(60);
    expect(carryOver(rated(100, 1_000), rated(20, 1_000), bucket)).toBe(20);
    expect(carryOver(unlimited, rated(20, 1_000), { allowance: fullBucket(unlimited), elapsedMs: 0 })).toBe(
      20,
    );
    expect(carryOver(rated(100, 1_000), unlimited, bucket)).toBe(60);
  });

  test('half a rate is no policy', () => {
    expect(mergePolicy(unlimited, { rateCount: 5 })).toBeUndefined();
    expect(mergePolicy(rated(5, 100), { rateWindowMs: null })).toBeUndefined();
    expect(mergePolicy(rated(5, 100), { rateCount: 6 })).toEqual(rated(6, 100));
    expect(mergePolicy(rated(5, 100, 3), { rateCount: null, rateWindowMs: null })).toEqual({
      ...unlimited,
      capacity: 3,
    });
  });
});
