import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';
import { watchEventLoop } from './event-loop.ts';

let nowMs = 0;
const clock = { ...systemClock, monotonicMs: () => nowMs };

beforeEach(() => {
  nowMs = 0;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => vi.useRealTimers());

/** The timer of every 100 ms runs, so much later than it should. */
function turn(lateMs: number): void {
  nowMs += 100 + lateMs;
  vi.advanceTimersByTime(100);
}

test('an event loop on time has no delay', () => {
  using watch = watchEventLoop(clock);
  for (let i = 0; i < 50; i++) turn(0);
  expect(watch.delayMs()).toBe(0);
});

test('an event loop that is late all the time is as late as it is', () => {
  using watch = watchEventLoop(clock);
  for (let i = 0; i < 10; i++) turn(600);
  expect(watch.delayMs()).toBeGreaterThan(590);
  expect(watch.delayMs()).toBeLessThanOrEqual(600);
});

test('one late turn among many is not overload', () => {
  using watch = watchEventLoop(clock);
  for (let i = 0; i < 20; i++) turn(0);
  turn(300);
  expect(watch.delayMs()).toBeLessThan(200);
});

test('a long stop counts, and is forgotten within about a second', () => {
  using watch = watchEventLoop(clock);
  turn(60_000);
  expect(watch.delayMs()).toBe(1_000);
  for (let i = 0; i < 12; i++) turn(0);
  expect(watch.delayMs()).toBeLessThan(300);
});

test('what was disposed looks no more', () => {
  const watch = watchEventLoop(clock);
  watch[Symbol.dispose]();
  turn(5_000);
  expect(watch.delayMs()).toBe(0);
});
