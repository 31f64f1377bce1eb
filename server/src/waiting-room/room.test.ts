import { describe, expect, test } from 'vitest';
import { bucketMax, type Policy } from './policy.ts';
import {
  admitted,
  dueInMs,
  isDue,
  isOfLine,
  type LockedRoom,
  type Movement,
  settlement,
  viewOf,
} from './room.ts';

const capacity = (most: number): Policy => ({ rateCount: null, rateWindowMs: null, capacity: most });
const rated: Policy = { rateCount: 60, rateWindowMs: 60_000, capacity: null };
const AT = '2026-11-21T05:00:00.000Z';
const later = (ms: number) => new Date(Date.parse(AT) + ms).toISOString();

const room = (change: Partial<LockedRoom> = {}): LockedRoom => ({
  room: 'main',
  epoch: 1,
  epochStarts: [1],
  state: 'OPEN',
  opensAt: null,
  head: 10,
  lastNumber: 15,
  waiting: 5,
  active: 4,
  admitted: 9,
  departed: 1,
  policy: capacity(4),
  pace: { count: 0, spanMs: 0 },
  bucket: { allowance: Number.POSITIVE_INFINITY, recent: [] },
  at: AT,
  elapsedMs: 1_000,
  ...change,
});

function settle(before: LockedRoom, movement: Movement, numbers: readonly number[] = []): LockedRoom {
  return admitted(settlement(before, movement), { numbers, head: numbers.at(-1) ?? 0 });
}

describe('a settlement', () => {
  test('counts everything that moved, and those who are let in on top', () => {
    const plan = settlement(room(), { joined: 3, gaveUp: 1, ended: 2, reopened: 1 });
    expect(plan.admit).toBe(1);
    expect(admitted(plan, { numbers: [12], head: 12 })).toMatchObject({
      head: 12,
      lastNumber: 18,
      waiting: 6,
      active: 4,
      admitted: 10,
      departed: 2,
      elapsedMs: 0,
    });
  });

  test('lets nobody in before the room opens, and is due in that moment', () => {
    const shut = room({ active: 0, opensAt: later(3_000) });
    expect(settlement(shut, {}).admit).toBe(0);
    expect([isDue(shut), dueInMs(shut)]).toEqual([false, 3_000]);
    const opened = { ...shut, at: later(3_000) };
    expect(settlement(opened, {}).admit).toBe(4);
    expect([isDue(opened), dueInMs(opened)]).toEqual([true, 0]);
  });

  test('under new terms: the old ones held until now, the new ones decide from now on', () => {
    const before = room({ policy: rated, bucket: { allowance: 0, recent: [] }, elapsedMs: 500 });
    const faster = { ...rated, rateWindowMs: 6_000 };
    const recent = [{ agoMs: 100, count: 59 }];
    const terms = { policy: faster, state: 'OPEN', opensAt: null, recent } as const;
    expect(settle(before, { terms })).toMatchObject({ policy: faster, bucket: { allowance: 0.5, recent } });
    const slow = { ...before, elapsedMs: 30_000 };
    expect(settlement(slow, {}).admit).toBe(5);
    expect(settlement(slow, { terms }).admit).toBe(1);
  });
});

describe('the measured pace', () => {
  const measured = { count: 10, spanMs: 60_000 };

  test('counts time and people only while somebody waits in an open room', () => {
    const after = settle(room({ active: 3, elapsedMs: 1_000, pace: measured }), {}, [11]);
    expect(after.pace.count).toBeCloseTo(10 * Math.exp(-1 / 120) + 1, 6);
    expect(after.pace.spanMs).toBeCloseTo(60_000 * Math.exp(-1 / 120) + 1_000, -1);
    for (const still of [{ waiting: 0 }, { state: 'PAUSED' }, { opensAt: later(1) }] as const) {
      const { pace } = settle(room({ ...still, pace: measured }), { joined: 1 }, [16]);
      expect(pace.count).toBeCloseTo(10 * Math.exp(-1 / 120), 6);
      expect(pace.count / pace.spanMs).toBeCloseTo(10 / 60_000, 9);
    }
  });

  test('of a room that has just opened, counts from the opening', () => {
    const { pace } = settle(room({ opensAt: later(-200), elapsedMs: 10_000 }), {});
    expect(pace.spanMs).toBeCloseTo(200, 0);
  });

  test('starts anew with another rate or capacity, and goes on through a pause', () => {
    const terms = { policy: capacity(4), state: 'OPEN', opensAt: null } as const;
    const before = room({ pace: measured });
    const other = settle(before, { terms: { ...terms, policy: capacity(5) } }, [11]);
    expect(other.pace).toEqual({ count: 0, spanMs: 0 });
    const resumed = settle({ ...before, state: 'PAUSED', active: 3 }, { terms }, [11]);
    expect(resumed.pace.count).toBeCloseTo(10 * Math.exp(-1 / 120), 6);
  });

  test('is written down every five seconds while people wait', () => {
    expect(isDue(room({ elapsedMs: 4_999 }))).toBe(false);
    expect(isDue(room({ elapsedMs: 5_000 }))).toBe(true);
    expect(isDue(room({ elapsedMs: 5_000, waiting: 0 }))).toBe(false);
    expect(isDue(room({ elapsedMs: 5_000, state: 'PAUSED' }))).toBe(false);
  });
});

describe('a place is of the line', () => {
  test.each([
    ['in the first epoch', { epoch: 1, number: 1 }, [1], true],
    ['in line when the epoch was raised', { epoch: 1, number: 9 }, [1, 10], true],
    ['given since', { epoch: 2, number: 10 }, [1, 10], true],
    ['in line since before the last but one', { epoch: 1, number: 9 }, [1, 10, 12], true],
    ['in line since between', { epoch: 2, number: 11 }, [1, 10, 12], true],
    ['of what is lost', { epoch: 1, number: 10 }, [1, 10], false],
    ['of what is lost, far ahead', { epoch: 1, number: 99 }, [1, 10], false],
    ['of what was lost before the last but one', { epoch: 1, number: 11 }, [1, 10, 12], false],
    ['of an epoch in which nobody joined', { epoch: 2, number: 10 }, [1, 10, 10], false],
    ['of an epoch to come', { epoch: 2, number: 1 }, [1], false],
    ['of this epoch with a number of before', { epoch: 2, number: 9 }, [1, 10], false],
    ['of no epoch', { epoch: 0, number: 1 }, [1, 10], false],
  ])('%s: %j in %j is %s', (_, place, epochStarts, expected) => {
    expect(isOfLine(place, { epochStarts })).toBe(expected);
  });
});

test('a room that was written in the future, before the clock was set back, is written anew', () => {
  expect(isDue(room({ elapsedMs: -1 }))).toBe(true);
});

test('what time alone brings is known: nothing while the room is full, paused or empty', () => {
  expect(dueInMs(room())).toBe(Number.POSITIVE_INFINITY);
  expect(dueInMs(room({ active: 0, state: 'PAUSED' }))).toBe(Number.POSITIVE_INFINITY);
  expect(dueInMs(room({ active: 0, waiting: 0 }))).toBe(Number.POSITIVE_INFINITY);
  const empty = room({
    policy: { ...rated, rateCount: 6 },
    bucket: { allowance: 0, recent: [] },
    elapsedMs: 0,
  });
  expect(bucketMax(empty.policy)).toBe(1);
  expect(dueInMs(empty)).toBe(10_000);
});

test('a view has nothing of the bucket', () => {
  expect(Object.keys(viewOf(room()))).not.toContain('bucket');
  expect(viewOf(room())).toMatchObject({ head: 10, admitted: 9, departed: 1, opensAt: null });
});
