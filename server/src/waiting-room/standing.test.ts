import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RoomView } from './room.ts';
import { calledStanding, estimateWaitMs, pollAfterMs, waitingStanding } from './standing.ts';

const view: RoomView = {
  room: 'main',
  epoch: 1,
  state: 'OPEN',
  head: 1_000,
  lastNumber: 50_000,
  waiting: 49_000,
  active: 100,
  policy: { rateCount: 50, rateWindowMs: 30_000, capacity: 1_000 },
};

test('ahead are the numbers between the head and mine', () => {
  expect(waitingStanding(view, 1_001)).toMatchObject({ state: 'WAITING', ahead: 0, estimatedWaitMs: 0 });
  expect(waitingStanding(view, 1_101)).toMatchObject({
    ahead: 100,
    estimatedWaitMs: 60_000,
    turnExpiresAt: null,
  });
});

test('nothing is said about the time when nothing is known', () => {
  const capacityOnly = { ...view, policy: { rateCount: null, rateWindowMs: null, capacity: 10 } };
  expect(estimateWaitMs(capacityOnly, 100)).toBeNull();
  expect(estimateWaitMs({ ...view, state: 'PAUSED' }, 100)).toBeNull();
  expect(estimateWaitMs({ ...view, state: 'CLOSED' }, 100)).toBeNull();
});

test('past the line nobody is ahead', () => {
  const until = '2027-01-01T00:00:00.000Z';
  expect(calledStanding('ACTIVE', until, 7)).toMatchObject({
    state: 'ACTIVE',
    ahead: 0,
    turnExpiresAt: until,
  });
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
