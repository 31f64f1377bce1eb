import { beforeEach, expect, test } from 'vitest';
import type { EventOf } from '#contract/events.ts';
import { handClock } from '../../test/support/hand-clock.ts';
import { until } from '../../test/support/until.ts';
import type { Projection } from '../messaging/index.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { keepCounts } from './kept-counts.ts';

/** A table that is as the test says, and a log that tells what the test says. */
function createHand() {
  const { clock, pass } = handClock();
  const free = new Map<number, number>();
  const readings: number[][] = [];
  const projections: Projection[] = [];
  let gate: Promise<void> = Promise.resolve();
  const database: Reader = {
    rows: async <Row>(_: unknown, [performanceIds]: readonly unknown[]) => {
      readings.push(performanceIds as number[]);
      const rows = (performanceIds as number[]).flatMap((id) => {
        const count = free.get(id);
        return count === undefined ? [] : [{ performance_id: id, price_krw: 50_000, free: count }];
      });
      await gate;
      return rows as Row[];
    },
  };
  const counts = keepCounts({
    database,
    messaging: {
      follow: (projection) => void projections.push(projection),
      following: () => Promise.resolve(),
    },
    clock,
    observe: () => {},
    countBounds: { countsMax: 2 },
  });
  const [projection] = projections;
  if (projection === undefined) throw new Error('the counts do not follow the log');
  return {
    counts,
    free,
    readings,
    projection,
    pass,
    /** What is read from now on arrives, or fails, when it is said. */
    hold: () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      gate = promise;
      return { arrive: resolve, fail: reject };
    },
    /** What is told of each; undefined when nothing is. */
    told: async (...performanceIds: number[]) => {
      const found = await counts.find(performanceIds);
      return performanceIds.map((id) => found.get(id)?.remaining);
    },
  };
}

function released(performanceId: number): EventOf<'SeatReleased'> {
  return {
    name: 'SeatReleased',
    reservationId: '00000000-0000-4000-8000-000000000001',
    performanceId,
    seats: [{ no: 1, version: 2 }],
  };
}

let hand: ReturnType<typeof createHand>;
beforeEach(() => {
  hand = createHand();
  for (const [id, count] of [10, 20, 30].entries()) hand.free.set(id + 1, count);
});

test('performances are counted once, a few by one statement, however many ask', async () => {
  const crowd = await Promise.all(Array.from({ length: 500 }, () => hand.told(1, 2, 3, 9)));
  expect(crowd).toEqual(crowd.map(() => [10, 20, 30, undefined]));
  expect(hand.readings).toEqual([
    [1, 2],
    [3, 9],
  ]);
  await hand.pass(60_000);
  expect(await hand.told(1, 2, 3)).toEqual([10, 20, 30]);
  expect(hand.readings).toHaveLength(2);
});

test('a count that is not true any more is told for five seconds more and then made anew, once', async () => {
  await hand.told(1, 2);
  hand.free.set(1, 9);
  hand.projection.heard([released(1)]);
  await hand.pass(4_000);
  hand.free.set(1, 8);
  hand.projection.heard([released(1)]);
  await hand.pass(999);
  expect(await hand.told(1, 2)).toEqual([10, 20]);
  await hand.pass(1);
  expect(await Promise.all([hand.told(1, 2), hand.told(1)])).toEqual([[8, 20], [8]]);
  expect(hand.readings).toEqual([[1, 2], [1]]);
  await hand.pass(60_000);
  expect(await hand.told(1)).toEqual([8]);
  expect(hand.readings).toHaveLength(2);
});

test('a change during the counting is a change after it', async () => {
  const { arrive } = hand.hold();
  const asked = hand.told(1);
  await until('it is being counted', () => hand.readings.length === 1);
  hand.free.set(1, 9);
  hand.projection.heard([released(1)]);
  arrive();
  expect(await asked).toEqual([10]);
  await hand.pass(5_000);
  expect(await hand.told(1)).toEqual([9]);
});

test('when events may have been missed, all is counted anew', async () => {
  await hand.told(1);
  hand.free.set(1, 9);
  hand.projection.lost();
  expect(await hand.told(1)).toEqual([9]);
});

test('and whoever waits too long for that is told no count of before', async () => {
  await hand.told(1);
  const { arrive } = hand.hold();
  hand.projection.heard([released(1)]);
  await hand.pass(5_000);
  const before = hand.told(1);
  await until('it is being counted', () => hand.readings.length === 2);
  hand.projection.lost();
  arrive();
  await before;
  hand.hold();
  const asked = hand.told(1);
  await until('it is being counted again', () => hand.readings.length === 3);
  await hand.pass(2_000);
  expect(await asked).toEqual([undefined]);
});

test('whoever has waited for two seconds is told the last count, or none; the counting goes on', async () => {
  await hand.told(1);
  hand.free.set(1, 9);
  hand.projection.heard([released(1)]);
  await hand.pass(5_000);
  const { arrive } = hand.hold();
  const asked = hand.told(1, 2);
  await until('they are being counted', () => hand.readings.length === 2);
  await hand.pass(2_000);
  expect(await asked).toEqual([10, undefined]);
  arrive();
  expect(await hand.told(1, 2)).toEqual([9, 20]);
  expect(hand.readings).toEqual([[1], [1, 2]]);
});

test('a fault is told as a fault, and counted again by the next who asks', async () => {
  const { fail } = hand.hold();
  const asked = hand.told(1);
  await until('it is being counted', () => hand.readings.length === 1);
  fail(new Error('away'));
  await expect(asked).rejects.toThrow('away');
  hand.hold().arrive();
  expect(await hand.told(1)).toEqual([10]);
});
