import { expect, test, vi } from 'vitest';
import type { Clock } from './clock.ts';
import { lookUntilFound } from './patience.ts';

/** Time passes only in sleeps and in looks. */
function createTestClock(): Clock & { nowMs: number; readonly slept: number[] } {
  const clock = {
    nowMs: 1_000,
    slept: [] as number[],
    monotonicMs: () => clock.nowMs,
    wallMs: () => clock.nowMs,
    sleep: (ms: number) => {
      clock.slept.push(ms);
      clock.nowMs += ms;
      return Promise.resolve();
    },
  };
  return clock;
}

test('what is there is given without a pause', async () => {
  const clock = createTestClock();
  await expect(lookUntilFound(clock, 1_000, () => Promise.resolve('it'))).resolves.toBe('it');
  expect(clock.slept).toEqual([]);
});

test('what is there but empty counts as found', async () => {
  const clock = createTestClock();
  await expect(lookUntilFound(clock, 1_000, () => Promise.resolve(0))).resolves.toBe(0);
  await expect(lookUntilFound(clock, 1_000, () => Promise.resolve(null))).resolves.toBeNull();
  expect(clock.slept).toEqual([]);
});

test('the pauses double, and it ends with the first look that finds something', async () => {
  const clock = createTestClock();
  const look = vi.fn<() => Promise<string | undefined>>();
  look.mockResolvedValueOnce(undefined).mockResolvedValueOnce(undefined).mockResolvedValueOnce(undefined);
  look.mockResolvedValue('it');
  await expect(lookUntilFound(clock, 1_000, look)).resolves.toBe('it');
  expect(clock.slept).toEqual([4, 8, 16]);
  expect(look).toHaveBeenCalledTimes(4);
});

test('what never comes is given up when the time is over, after one last look at its end', async () => {
  const clock = createTestClock();
  const looks: number[] = [];
  const look = () => {
    looks.push(clock.nowMs - 1_000);
    return Promise.resolve(undefined);
  };
  await expect(lookUntilFound(clock, 100, look)).resolves.toBeUndefined();
  expect(looks).toEqual([0, 4, 12, 28, 60, 100]);
});

test('without time there is one look', async () => {
  const look = vi.fn<() => Promise<undefined>>().mockResolvedValue(undefined);
  await expect(lookUntilFound(createTestClock(), 0, look)).resolves.toBeUndefined();
  expect(look).toHaveBeenCalledTimes(1);
});

test('slow looks use the time up too', async () => {
  const clock = createTestClock();
  const look = vi.fn<() => Promise<undefined>>().mockImplementation(() => {
    clock.nowMs += 60;
    return Promise.resolve(undefined);
  });
  await expect(lookUntilFound(clock, 100, look)).resolves.toBeUndefined();
  expect(look).toHaveBeenCalledTimes(2);
});

test('a look that fails ends it', async () => {
  const look = () => Promise.reject(new Error('no database'));
  await expect(lookUntilFound(createTestClock(), 100, look)).rejects.toThrow('no database');
});
