import { expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { createRepeat } from './repeat.ts';

/** Its periods pass when the test says so. */
function setUp(work: () => boolean | Promise<boolean>) {
  const sleeps: (() => void)[] = [];
  const failures: unknown[] = [];
  const clock: Clock = {
    monotonicMs: () => 0,
    wallMs: () => 0,
    sleep: (ms) => {
      expect(ms).toBe(250);
      return new Promise((resolve) => sleeps.push(resolve));
    },
  };
  const repeat = createRepeat({ everyMs: 250, clock, work, failed: (error) => failures.push(error) });
  const settled = () => new Promise(setImmediate);
  const pass = async () => {
    sleeps.shift()?.();
    await settled();
  };
  return { repeat, sleeps, failures, pass };
}

test('the first time is one period after the start', async () => {
  let times = 0;
  const { repeat, pass } = setUp(() => ++times > 0);
  repeat.start();
  expect(times).toBe(0);
  await pass();
  expect(times).toBe(1);
});

test('it goes on while it is needed, and no timer is left when it is not', async () => {
  let needed = true;
  const { repeat, sleeps, pass } = setUp(() => needed);
  repeat.start();
  await pass();
  expect(sleeps).toHaveLength(1);
  needed = false;
  await pass();
  expect(sleeps).toHaveLength(0);
});

test('started again and again, it runs once', async () => {
  const { repeat, sleeps, pass } = setUp(() => true);
  repeat.start();
  repeat.start();
  await pass();
  repeat.start();
  expect(sleeps).toHaveLength(1);
});

test('it can be started again after it has ended', async () => {
  let times = 0;
  const { repeat, sleeps, pass } = setUp(() => {
    times++;
    return false;
  });
  repeat.start();
  await pass();
  repeat.start();
  expect(sleeps).toHaveLength(1);
  await pass();
  expect(times).toBe(2);
});

test('whoever starts it while its last time is under way is not forgotten', async () => {
  const last = Promise.withResolvers<boolean>();
  const { repeat, sleeps, pass } = setUp(() => last.promise);
  repeat.start();
  await pass();
  repeat.start();
  last.resolve(false);
  await pass();
  expect(sleeps).toHaveLength(1);
});

test('a failure is told, and the next time comes', async () => {
  let times = 0;
  const { repeat, failures, pass } = setUp(() => {
    if (++times === 1) throw new Error('once');
    return true;
  });
  repeat.start();
  await pass();
  await pass();
  expect([times, failures]).toEqual([2, [new Error('once')]]);
});

test.each([
  { tookMs: 100, rests: 'the rest of the period', restMs: 150 },
  { tookMs: 240, rests: 'the least rest', restMs: 50 },
  { tookMs: 900, rests: 'the least rest', restMs: 50 },
])('with a pace to keep, a time of $tookMs ms is followed by $rests', async ({ tookMs, restMs }) => {
  let nowMs = 0;
  const slept: number[] = [];
  const ended = Promise.withResolvers<void>();
  const repeat = createRepeat({
    everyMs: 250,
    restMsMin: 50,
    clock: { monotonicMs: () => nowMs, wallMs: () => 0, sleep: async (ms) => void slept.push(ms) },
    work: () => {
      nowMs += tookMs;
      if (slept.length === 2) ended.resolve();
      return slept.length < 2;
    },
    failed: ended.reject,
  });
  repeat.start();
  await ended.promise;
  expect(slept).toEqual([250, restMs]);
});
