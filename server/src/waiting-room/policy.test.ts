import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  admissions,
  ADMISSIONS_MAX,
  type Bucket,
  bucketMax,
  carryOver,
  type Group,
  memoryOf,
  mergePolicy,
  type Policy,
  rateDueMs,
  refill,
  take,
} from './policy.ts';

const rated = (rateCount: number, rateWindowMs: number, capacity: number | null = null): Policy => ({
  rateCount,
  rateWindowMs,
  capacity,
});
const unlimited: Policy = { rateCount: null, rateWindowMs: null, capacity: null };
const open = { state: 'OPEN', waiting: 5_000, active: 0 } as const;
const full = (policy: Policy): Bucket => ({ allowance: bucketMax(policy), recent: [] });

/** A room that is settled now and then, and the record that it leaves behind. */
class Room {
  policy: Policy;
  bucket: Bucket;
  trueMs = 0;
  waiting = 0;
  active = 0;
  record: { atMs: number; count: number; policy: Policy }[] = [];

  constructor(policy: Policy) {
    this.policy = policy;
    this.bucket = full(policy);
  }

  /** So much time passes; the clock says it was `clockMs`. Whoever may come in comes in. */
  settle(passedMs: number, clockMs: number = passedMs): number {
    this.trueMs += passedMs;
    this.bucket = refill(this.policy, this.bucket, clockMs);
    const { waiting, active } = this;
    const count = admissions(this.policy, { state: 'OPEN', waiting, active }, this.bucket);
    this.bucket = take(this.policy, this.bucket, count);
    this.waiting -= count;
    this.active += count;
    if (count === 0) return 0;
    expect(this.active).toBeLessThanOrEqual(this.policy.capacity ?? Number.POSITIVE_INFINITY);
    this.record.push({ atMs: this.trueMs, count, policy: this.policy });
    return count;
  }

  /** As change-room.ts does: the new window counts what the record remembers. */
  change(policy: Policy): void {
    const memory = memoryOf(policy);
    const recent: Group[] = this.record
      .map(({ atMs, count }) => ({ agoMs: this.trueMs - atMs, count }))
      .filter(({ agoMs }) => memory !== null && agoMs < memory.windowMs);
    this.bucket = carryOver(policy, refill(this.policy, this.bucket, 0), recent);
    this.policy = policy;
  }

  /** The most that came within a window that ends with an admission, of the policy that admitted them. */
  overfull(): string[] {
    return this.record.flatMap(({ atMs, policy }, index) => {
      const { rateCount, rateWindowMs } = policy;
      if (rateCount === null || rateWindowMs === null) return [];
      let count = 0;
      for (let i = index; i >= 0; i--) {
        const each = this.record[i];
        if (each === undefined || atMs - each.atMs >= rateWindowMs) break;
        count += each.count;
      }
      return count > rateCount ? [`${count} of ${rateCount} within ${rateWindowMs} ms at ${atMs}`] : [];
    });
  }
}

const ratedPolicy = fc
  .record({
    rateCount: fc.integer({ min: 1, max: 200 }),
    rateWindowMs: fc.integer({ min: 100, max: 60_000 }),
    capacity: fc.option(fc.integer({ min: 1, max: 300 })),
  })
  .map((policy): Policy => policy);

/** What may happen to a room, one after the other. */
const moment = fc.record({
  passedMs: fc.oneof(fc.nat(20), fc.nat(400), fc.nat(70_000)),
  /** The clock is set back now and then. */
  setBackMs: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(90_000) }),
  joined: fc.nat(100),
  ended: fc.nat(50),
  policy: fc.option(fc.oneof(ratedPolicy, fc.constant(unlimited)), { freq: 12 }),
});

describe('the rate', () => {
  test('no window holds more than the rate, no moment more than the capacity, whatever happens', () => {
    fc.assert(
      fc.property(ratedPolicy, fc.array(moment, { maxLength: 200 }), (policy, moments) => {
        const room = new Room(policy);
        for (const { passedMs, setBackMs, joined, ended, policy: next } of moments) {
          room.waiting += joined;
          room.active -= Math.min(room.active, ended);
          if (next !== null) {
            room.settle(passedMs);
            room.change(next);
          }
          room.settle(passedMs, passedMs - setBackMs);
          expect(room.waiting).toBeGreaterThanOrEqual(0);
          expect(room.bucket.allowance).toBeGreaterThanOrEqual(0);
          expect(room.bucket.allowance).toBeLessThanOrEqual(bucketMax(room.policy));
        }
        expect(room.overfull()).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    [50, 30_000, 250],
    [100, 1_000, 250],
    [1, 10_000, 250],
    [1_000, 60_000, 250],
    [1_000, 60_000, 37],
    [30, 1_000, 50],
    [5, 100, 20],
  ])('%i in %i ms are reached while people wait, with a tick every %i ms', (count, windowMs, tickMs) => {
    const room = new Room(rated(count, windowMs));
    room.waiting = Number.MAX_SAFE_INTEGER;
    const windows = 40;
    for (let ms = 0; ms < windows * windowMs; ms += tickMs) room.settle(tickMs);
    const admitted = room.record.reduce((sum, each) => sum + each.count, 0);
    expect(admitted).toBeGreaterThanOrEqual(0.97 * count * windows);
    expect(room.overfull()).toEqual([]);
  });

  test.each([
    [50, 30_000],
    [100, 1_000],
    [1_000, 60_000],
  ])(
    '%i in %i ms lose nothing to ticks that come late, if the next one comes when it is due',
    (count, windowMs) => {
      const room = new Room(rated(count, windowMs));
      room.waiting = Number.MAX_SAFE_INTEGER;
      const windows = 50;
      for (let late = 0; room.trueMs < windows * windowMs; late = (late + 7) % 31) {
        const dueMs = Math.max(20, rateDueMs(room.policy, room.bucket));
        room.settle(Math.ceil(Math.min(250, dueMs)) + late);
      }
      const admitted = room.record.reduce((sum, each) => sum + each.count, 0);
      expect(admitted).toBeGreaterThanOrEqual(0.95 * count * windows);
      expect(room.overfull()).toEqual([]);
    },
  );

  test('people come evenly: what a quiet room saved up comes once, and not again with each window', () => {
    const room = new Room(rated(50, 30_000));
    room.waiting = 10_000;
    expect(room.settle(0)).toBe(5);
    const counts = Array.from({ length: 1_000 }, () => room.settle(250));
    expect(Math.max(...counts)).toBe(1);
  });

  test('what is remembered of a window stays small, however often the room is settled', () => {
    const room = new Room(rated(100_000, 30_000));
    for (let i = 0; i < 20_000; i++) {
      room.waiting = 5;
      room.settle(3);
      expect(room.bucket.recent.length).toBeLessThanOrEqual(130);
    }
    expect(room.record.length).toBeGreaterThan(19_000);
  });

  test('a quiet room saves up a tenth of its rate, or a second of it, but at least one turn', () => {
    expect(bucketMax(rated(50, 30_000))).toBe(5);
    expect(bucketMax(rated(100, 1_000))).toBe(100);
    expect(bucketMax(rated(1, 10_000))).toBe(1);
    expect(bucketMax(unlimited)).toBe(Number.POSITIVE_INFINITY);
    const after = refill(rated(50, 30_000), { allowance: 0, recent: [] }, 3_600_000);
    expect(admissions(rated(50, 30_000), open, after)).toBe(5);
  });

  test('a clock that was set back takes nothing away and brings nothing', () => {
    const policy = rated(50, 30_000);
    const bucket = { allowance: 2.5, recent: [{ agoMs: 100, count: 3 }] };
    expect(refill(policy, bucket, -5_000)).toEqual(bucket);
  });

  test('nobody is kept who could be let in: one of the bounds is always reached', () => {
    fc.assert(
      fc.property(
        ratedPolicy,
        fc.nat(500),
        fc.nat(400),
        fc.double({ min: 0, max: 200, noNaN: true }),
        fc.nat(200),
        (policy, waiting, active, allowance, inWindow) => {
          const recent = inWindow === 0 ? [] : [{ agoMs: 0, count: inWindow }];
          const n = admissions(policy, { state: 'OPEN', waiting, active }, { allowance, recent });
          const isFull = (policy.capacity ?? Number.POSITIVE_INFINITY) <= active + n;
          const isWindowFull = inWindow + n >= (policy.rateCount ?? 0);
          expect(n === waiting || isFull || isWindowFull || n === Math.floor(allowance + 1e-6)).toBe(true);
        },
      ),
    );
  });

  test('it says when somebody is due: when the window lets go of the first, or before the bucket runs over', () => {
    const policy = rated(10, 10_000);
    const recent = [
      { agoMs: 9_000, count: 4 },
      { agoMs: 2_000, count: 6 },
    ];
    expect(rateDueMs(policy, { allowance: 1, recent })).toBe(1_000);
    expect(rateDueMs(policy, { allowance: 0, recent: recent.slice(1) })).toBe(1_000);
    expect(rateDueMs(rated(50, 30_000), { allowance: 0, recent: [] })).toBe(3_000);
    expect(rateDueMs(unlimited, full(unlimited))).toBe(0);
  });
});

describe('policies', () => {
  test.each(['PAUSED', 'CLOSED'] as const)('a room that is %s lets nobody in', (state) => {
    expect(admissions(unlimited, { ...open, state }, full(unlimited))).toBe(0);
  });

  test('without bounds everybody is let in, some at a time', () => {
    expect(admissions(unlimited, open, full(unlimited))).toBe(ADMISSIONS_MAX);
    expect(admissions(unlimited, { ...open, waiting: 3 }, full(unlimited))).toBe(3);
    expect(take(unlimited, full(unlimited), 3)).toEqual(full(unlimited));
  });

  test('a capacity below what is active already lets nobody in', () => {
    const policy = rated(50, 1_000, 10);
    expect(admissions(policy, { ...open, active: 20 }, full(policy))).toBe(0);
  });

  test('a change keeps what is in the bucket, cut to the new measure', () => {
    const bucket = { allowance: 60, recent: [{ agoMs: 400, count: 40 }] };
    expect(carryOver(rated(200, 1_000), bucket, []).allowance).toBe(60);
    expect(carryOver(rated(20, 1_000), bucket, []).allowance).toBe(20);
    expect(carryOver(rated(20, 1_000), full(unlimited), []).allowance).toBe(20);
    expect(carryOver(unlimited, bucket, [])).toEqual(full(unlimited));
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
