import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RoomView } from './room.ts';
import { DepartedNumbers } from './departed-numbers.ts';
import { aheadOf, calledStanding, isOver, pollAfterMs, waitingStanding } from './standing.ts';

const NOW_MS = Date.parse('2026-11-21T12:00:00.000Z');
const view: RoomView = {
  room: 'main',
  epoch: 1,
  epochStarts: [1],
  state: 'OPEN',
  opensAt: null,
  head: 1_000,
  lastNumber: 50_000,
  waiting: 49_000,
  active: 100,
  admitted: 900,
  departed: 100,
  policy: { rateCount: 50, rateWindowMs: 30_000, capacity: 1_000 },
  pace: { count: 0, spanMs: 0 },
};

test('ahead are the numbers between the head and mine', () => {
  const known = { view, departed: new DepartedNumbers() };
  expect(aheadOf(known, 1_001)).toBe(0);
  expect(aheadOf(known, 1_101)).toBe(100);
  expect(aheadOf(known, 7)).toBe(0);
  for (const gone of [1_000, 1_001, 1_050, 1_100, 1_101]) known.departed.add(gone);
  expect(aheadOf(known, 1_101)).toBe(97);
});

test('who waits is told how long, and of which moment that is', () => {
  expect(waitingStanding(view, 1_101, 99, NOW_MS)).toMatchObject({
    state: 'WAITING',
    ahead: 99,
    wait: { estimateMs: 60_000, atLeastMs: 57_000, atMostMs: null },
    turnExpiresAt: null,
    roomState: 'OPEN',
    admitted: 900,
    version: '1.1000.100',
  });
});

test('nothing is said about the time while nobody is let in', () => {
  const waitOf = (change: Partial<RoomView>) =>
    waitingStanding({ ...view, ...change }, 1_101, 100, NOW_MS).wait;
  expect(waitOf({ state: 'PAUSED' })).toBeNull();
  expect(waitOf({ state: 'CLOSED' })).toBeNull();
  expect(waitOf({ opensAt: new Date(NOW_MS + 1).toISOString() })).toBeNull();
  expect(waitOf({ opensAt: new Date(NOW_MS).toISOString() })).not.toBeNull();
});

test('past the line nobody is ahead', () => {
  const until = '2027-01-01T00:00:00.000Z';
  expect(calledStanding(view, 'ACTIVE', until, 7)).toMatchObject({
    state: 'ACTIVE',
    ahead: 0,
    wait: null,
    turnExpiresAt: until,
    version: '1.1000.100',
  });
  expect(calledStanding(undefined, 'EXPIRED', null, 7)).toMatchObject({
    state: 'EXPIRED',
    roomState: 'CLOSED',
  });
});

test('a place is over when it is neither waited for nor taken', () => {
  const states = ['WAITING', 'ACTIVE', 'SPENT', 'EXPIRED', 'LEFT'] as const;
  expect(states.map(isOver)).toEqual([false, false, true, true, true]);
});

test('the next poll is 1 to 15 seconds away', () => {
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (ahead, number) => {
      const ms = pollAfterMs(ahead, number);
      return Number.isInteger(ms) && ms >= 1_000 && ms <= 15_000 && ms === pollAfterMs(ahead, number);
    }),
  );
});

test('it is nearer at the front', () => {
  expect(pollAfterMs(0, 1)).toBeLessThan(1_501);
  expect(pollAfterMs(20_000, 1)).toBeGreaterThan(9_999);
});

test('it is sooner than being let in, where that is near, and never sooner than a second', () => {
  fc.assert(
    fc.property(fc.nat(10_000_000), fc.nat(1_000_000), fc.nat(60_000), (ahead, number, estimateMs) => {
      const ms = pollAfterMs(ahead, number, estimateMs);
      expect(ms).toBeGreaterThanOrEqual(1_000);
      expect(ms).toBeLessThanOrEqual(Math.max(1_500, estimateMs));
      expect(ms).toBeLessThanOrEqual(pollAfterMs(ahead, number));
    }),
  );
});

test.each([0, 5_000, 1_000_000])('a crowd with %i ahead spreads evenly over ±20 %%', (ahead) => {
  const tenths = Array.from({ length: 10 }, () => 0);
  const all = Array.from({ length: 10_000 }, (_, index) => pollAfterMs(ahead, 48_000 + index));
  const [least, most] = [Math.min(...all), Math.max(...all)];
  expect(most / least).toBeGreaterThan(1.45);
  for (const ms of all) {
    const tenth = Math.min(9, Math.floor(((ms - least) / (most - least)) * 10));
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(100);
});
