/**
 * Goal: the bounds hold in nine of ten cases. Method: lines are simulated in which people are let in by chance or by
 * the clock, the pace is measured as a room measures it, and each estimate is held against what really came. Chance
 * is a generator with a seed, so every run is the same.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admittedPerMinute, estimateWait } from './estimate-wait.ts';
import { faded, NO_PACE, type Pace, watched } from './pace.ts';
import { bucketMax, type Policy } from './policy.ts';

const none: Policy = { rateCount: null, rateWindowMs: null, capacity: 100 };
const fifty: Policy = { rateCount: 50, rateWindowMs: 30_000, capacity: null };
const steady = (perMinute: number): Pace => ({ count: 2 * perMinute, spanMs: 120_000 });

/** Mulberry32: 0 to 1, the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The pace that a room has measured after so long, settled four times a second. */
function measure(measuredMs: number, arrivals: Iterator<number, never>): { pace: Pace; nextMs: number } {
  let pace = NO_PACE;
  let nextMs = arrivals.next().value;
  for (let atMs = 250; atMs <= measuredMs; atMs += 250) {
    let count = 0;
    for (; nextMs <= atMs; nextMs = arrivals.next().value) count++;
    const later = watched(faded(pace, 250), 250);
    pace = { ...later, count: later.count + count };
  }
  return { pace, nextMs };
}

function* poisson(perMs: number, random: () => number): Generator<number, never> {
  for (let atMs = 0; ; yield atMs) atMs += -Math.log(1 - random()) / perMs;
}
function* everyMs(gapMs: number, firstMs: number): Generator<number, never> {
  for (let atMs = firstMs; ; atMs += gapMs) yield atMs;
}

/** How many of the waits were shorter than the lower bound, and longer than the upper one, of so many. */
function coverage(
  runs: number,
  policy: Policy,
  ahead: number,
  simulate: (run: number) => { measuredMs: number; arrivals: Iterator<number, never> },
) {
  let [sooner, later, told] = [0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const { measuredMs, arrivals } = simulate(run);
    const { pace, nextMs } = measure(measuredMs, arrivals);
    const estimate = estimateWait(policy, pace, ahead);
    if (estimate?.atMostMs === null || estimate === null) continue;
    told++;
    let atMs = nextMs;
    for (let person = 0; person < ahead; person++) atMs = arrivals.next().value;
    const waitMs = atMs - measuredMs;
    if (waitMs < estimate.atLeastMs) sooner++;
    if (waitMs > estimate.atMostMs) later++;
  }
  return { sooner: sooner / told, later: later / told, told };
}

describe('the bounds of the wait', () => {
  test.each([
    { perMinute: 60, ahead: 0, measuredMs: 30_000 },
    { perMinute: 60, ahead: 20, measuredMs: 30_000 },
    { perMinute: 60, ahead: 500, measuredMs: 600_000 },
    { perMinute: 6, ahead: 10, measuredMs: 600_000 },
    { perMinute: 600, ahead: 5_000, measuredMs: 60_000 },
  ])(
    'hold in nine of ten cases where people finish by chance: $perMinute a minute, $ahead ahead, measured for $measuredMs ms',
    ({ perMinute, ahead, measuredMs }) => {
      const found = coverage(1_500, none, ahead, (run) => ({
        measuredMs,
        arrivals: poisson(perMinute / 60_000, chance(run)),
      }));
      expect(found.told).toBe(1_500);
      for (const part of [found.sooner, found.later]) {
        expect(part).toBeGreaterThan(0.07);
        expect(part).toBeLessThan(0.13);
      }
    },
  );

  test.each([0, 3, 60, 1_000])(
    'hold at least as often where people are let in by the clock: %i ahead',
    (ahead) => {
      const found = coverage(200, fifty, ahead, (run) => ({
        measuredMs: 60_000 + 250 * run,
        arrivals: everyMs(600, 3 * run),
      }));
      expect(found).toMatchObject({ later: 0, told: 200 });
      // Whoever is the very next may be lucky; that many would be by chance.
      expect(found.sooner).toBeLessThanOrEqual(ahead === 0 ? 0.13 : 0);
    },
  );
});

const policies = fc.record({
  rateCount: fc.integer({ min: 1, max: 10_000 }),
  rateWindowMs: fc.integer({ min: 100, max: 3_600_000 }),
  capacity: fc.constant(null),
});
const paces = fc.record({
  count: fc.double({ min: 0, max: 100_000, noNaN: true }),
  spanMs: fc.double({ min: 0, max: 120_000, noNaN: true }),
});
const crowds = fc.nat(2_000_000);

test('nobody is told less than the policy makes possible, and the bounds stand around the estimate', () => {
  fc.assert(
    fc.property(policies, paces, crowds, (policy, pace, ahead) => {
      const estimate = estimateWait(policy, pace, ahead);
      const perMs = policy.rateCount / policy.rateWindowMs;
      const soonestMs = Math.max(0, Math.floor((ahead + 1 - bucketMax(policy)) / perMs));
      expect(estimate?.atLeastMs).toBeGreaterThanOrEqual(soonestMs);
      expect(estimate?.estimateMs).toBeGreaterThanOrEqual(estimate?.atLeastMs ?? Infinity);
      expect(estimate?.atMostMs ?? Infinity).toBeGreaterThanOrEqual(estimate?.estimateMs ?? Infinity);
      for (const ms of [estimate?.atLeastMs, estimate?.estimateMs])
        expect(Number.isSafeInteger(ms)).toBe(true);
    }),
  );
});

test('who has more people ahead is told no less', () => {
  fc.assert(
    fc.property(fc.oneof(policies, fc.constant(none)), paces, crowds, crowds, (policy, pace, one, other) => {
      const near = estimateWait(policy, pace, Math.min(one, other));
      const far = estimateWait(policy, pace, Math.max(one, other));
      expect(far === null).toBe(near === null);
      if (near === null || far === null) return;
      expect(far.atLeastMs).toBeGreaterThanOrEqual(near.atLeastMs);
      expect(far.estimateMs).toBeGreaterThanOrEqual(near.estimateMs);
      expect(far.atMostMs ?? 0).toBeGreaterThanOrEqual(near.atMostMs ?? 0);
    }),
  );
});

test('before anything was measured it is the rate that counts, and how late it may be nobody knows', () => {
  expect(estimateWait(fifty, NO_PACE, 99)).toEqual({ estimateMs: 60_000, atLeastMs: 57_000, atMostMs: null });
  expect(estimateWait(none, NO_PACE, 99)).toBeNull();
  expect(estimateWait(none, { count: 2.9, spanMs: 60_000 }, 99)).toBeNull();
});

test('what was measured counts, but nobody is let in faster than the rate', () => {
  expect(estimateWait(fifty, steady(50), 99)?.estimateMs).toBe(120_000);
  expect(estimateWait(fifty, steady(1_000), 99)?.estimateMs).toBe(60_000);
  expect(estimateWait(none, steady(50), 99)?.estimateMs).toBe(120_000);
});

test('the more was measured, and the more people are ahead, the narrower are the bounds', () => {
  const width = (perMinute: number, ahead: number) => {
    const { estimateMs = 0, atLeastMs = 0, atMostMs } = estimateWait(none, steady(perMinute), ahead) ?? {};
    return ((atMostMs ?? Infinity) - atLeastMs) / estimateMs;
  };
  expect(width(600, 100)).toBeLessThan(width(6, 100));
  expect(width(600, 1_000)).toBeLessThan(width(600, 10));
  expect(width(600, 1_000)).toBeLessThan(0.15);
});

test('the pace is told by the minute, when there is one', () => {
  expect(admittedPerMinute(steady(12.345))).toBe(12.35);
  expect(admittedPerMinute({ count: 2, spanMs: 60_000 })).toBeNull();
  expect(admittedPerMinute({ count: 5, spanMs: 0 })).toBeNull();
});
