import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createDeadline } from './deadline.ts';

const NEVER = new Promise<never>(() => {});
const LONG_MS = 600_000;

test('work that ends in time gives what it comes to', async () => {
  using deadline = createDeadline(LONG_MS, 0);
  expect(await deadline.within(Promise.resolve(7))).toBe(7);
  expect(deadline.signal.aborted).toBe(false);
});

test('work that listens is broken off when the time is over, with the reason', async () => {
  using deadline = createDeadline(2, LONG_MS);
  const work = sleep(LONG_MS, undefined, { signal: deadline.signal });
  await expect(deadline.within(work)).rejects.toMatchObject({
    cause: { message: 'it was not over after 0 s' },
  });
});

test('work that does not listen is left behind a little later', async () => {
  using deadline = createDeadline(1, 1);
  await expect(deadline.within(NEVER)).rejects.toThrow('it was not over after 0 s');
  expect(deadline.signal.aborted).toBe(true);
});
