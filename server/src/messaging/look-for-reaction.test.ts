import { expect, test } from 'vitest';
import { handClock } from '../../test/support/hand-clock.ts';
import { Overloaded } from '../platform/batcher.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { createLookForReaction } from './look-for-reaction.ts';

/** Looks for something that is made after so many milliseconds, while readers are as far behind as `lagMs` says. */
async function lookFor(madeAtMs: number, lagMs: (atMs: number) => number): Promise<string | undefined> {
  const { clock, pass } = handClock();
  const database = {
    rows: () => Promise.resolve([{ seconds: lagMs(clock.monotonicMs()) / 1_000 }]),
  } as unknown as Reader;
  const look = () => Promise.resolve(clock.monotonicMs() >= madeAtMs ? 'it' : undefined);
  const looking = { isOver: false };
  const found = createLookForReaction({ database, clock })(look).finally(() => (looking.isOver = true));
  found.catch(() => {}); // looked at below
  while (!looking.isOver) await pass(4);
  return found;
}

const never = Number.POSITIVE_INFINITY;

test('what is made in time is found, however far readers are behind', async () => {
  expect(await lookFor(0, () => 60_000)).toBe('it');
  expect(await lookFor(900, (atMs) => atMs)).toBe('it');
});

test('what does not come while nobody is behind does not exist', async () => {
  expect(await lookFor(never, () => 0)).toBeUndefined();
  expect(await lookFor(never, () => 40)).toBeUndefined();
});

test('nobody says of what may still be made that it does not exist', async () => {
  await expect(lookFor(never, (atMs) => atMs)).rejects.toThrow(Overloaded);
});

test.each([100, 300, 500, 700, 900])(
  'nor when the first reader on the way took %i ms, and the second is at it since',
  async (firstTookMs) => {
    const lagMs = (atMs: number) => (atMs < firstTookMs ? atMs : atMs - firstTookMs);
    await expect(lookFor(1_100, lagMs)).rejects.toThrow(Overloaded);
  },
);
