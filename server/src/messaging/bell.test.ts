import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../platform/clock.ts';
import { createBell } from './bell.ts';

/** Sleeps end when the test says so, or by their signal. */
function createTestClock(): Clock & { readonly sleeping: Set<() => void> } {
  const sleeping = new Set<() => void>();
  return {
    ...systemClock,
    sleeping,
    sleep: async (_, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (signal?.aborted) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
      sleeping.add(resolve);
      await promise;
      sleeping.delete(resolve);
    },
  };
}

const never = () => new AbortController().signal;

async function isDone(waiting: Promise<void>): Promise<boolean> {
  let done = false;
  void waiting.then(() => {
    done = true;
  });
  await turn();
  return done;
}

test('a ring that was answered wakes nobody; the next one does', async () => {
  const bell = createBell(createTestClock());
  bell.ring();
  bell.answer();
  const waiting = bell.wait(1_000, never());
  expect(await isDone(waiting)).toBe(false);
  bell.ring();
  expect(await isDone(waiting)).toBe(true);
});

test('whoever waits is woken by a ring', async () => {
  const bell = createBell(createTestClock());
  const waiting = bell.wait(1_000, never());
  expect(await isDone(waiting)).toBe(false);
  bell.ring();
  expect(await isDone(waiting)).toBe(true);
});

test('rings while nobody waits are remembered, once', async () => {
  const bell = createBell(createTestClock());
  bell.ring();
  bell.ring();
  expect(await isDone(bell.wait(1_000, never()))).toBe(true);
  const next = bell.wait(1_000, never());
  expect(await isDone(next)).toBe(false);
  bell.ring();
  await next;
});

test('a wait ends by itself when its time is over', async () => {
  const clock = createTestClock();
  const bell = createBell(clock);
  const waiting = bell.wait(1_000, never());
  expect(await isDone(waiting)).toBe(false);
  for (const end of clock.sleeping) end();
  expect(await isDone(waiting)).toBe(true);
});

test('a wait ends when its signal fires, and does not begin after that', async () => {
  const clock = createTestClock();
  const bell = createBell(clock);
  const ended = new AbortController();
  const waiting = bell.wait(1_000, ended.signal);
  expect(await isDone(waiting)).toBe(false);
  ended.abort();
  expect(await isDone(waiting)).toBe(true);
  expect(await isDone(bell.wait(1_000, ended.signal))).toBe(true);
  expect(clock.sleeping.size).toBe(0);
});
