/**
 * Goal: a page of dates tells what is left without the boards, which people who look at maps need. Two instances on a
 * real database; a change on one of them is asked for at the other.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { EventOf } from '#contract/events.ts';
import { type BoxOffice, createBoxOffice, holdRequest } from '../../test/support/box-office.ts';
import { cancelledOf, paidOf } from '../../test/support/purchase-events.ts';
import { until } from '../../test/support/until.ts';
import type { Remaining } from './index.ts';

const DATES = Array.from({ length: 100 }, (_, n) => n + 1);

let office: BoxOffice;
beforeAll(async () => {
  office = await createBoxOffice({ countBounds: { changedMs: 200, waitMs: 60_000 } });
});
afterAll(() => office[Symbol.asyncDispose]());
beforeEach(() => office.clear());

/** Of the fifty seats of the box office, by price. */
function left(cheap: number, dear: number): Remaining {
  const byPrice = [
    { priceKrw: 40_000, remaining: cheap },
    { priceKrw: 60_000, remaining: dear },
  ];
  return { remaining: cheap + dear, byPrice };
}

async function reserve(performanceId: number, seatNos: readonly number[]): Promise<EventOf<'SeatReserved'>> {
  await office.counters[0].seats.hold(holdRequest(seatNos, { performanceId }));
  const event = (await office.events()).at(-1);
  if (event?.name !== 'SeatReserved') throw new Error('the hold is not in the log');
  return event;
}

async function untilLeft(performanceId: number, expected: Remaining): Promise<void> {
  await until('the list is right', async () => {
    const told = (await office.counters[1].seats.remaining([performanceId])).get(performanceId);
    return told?.remaining === expected.remaining;
  });
  expect(await office.counters[1].seats.remaining([performanceId])).toEqual(
    new Map([[performanceId, expected]]),
  );
}

test('a page of a hundred dates loads no board and is counted once, however many look at it', async () => {
  for (const performanceId of DATES) await office.schedule({ performanceId });
  await reserve(7, [1, 2, 21]);
  const [, b] = office.counters;
  const before = office.asked.length;
  const pages = await Promise.all(Array.from({ length: 50 }, () => b.seats.remaining([...DATES, 999])));
  const expected = new Map(DATES.map((id) => [id, id === 7 ? left(29, 18) : left(30, 20)]));
  expect(pages).toEqual(pages.map(() => expected));
  await b.seats.remaining(DATES.filter((id) => id !== 7)); // whose news may come late
  const counted = office.asked.slice(before);
  expect(new Set(counted)).toEqual(new Set(['seats.count-free']));
  expect(counted).toHaveLength(Math.ceil(101 / 4));
  expect(b.seats.stats).toMatchObject({ boards: 0, seats: 0 });
});

test('what is held, sold and released on another instance is right a moment later', async () => {
  await office.schedule();
  await untilLeft(1, left(30, 20));
  const first = await reserve(1, [1, 21]);
  await untilLeft(1, left(29, 19));
  const second = await reserve(1, [2]);
  await office.reactOn(office.counters[0], paidOf(first));
  await untilLeft(1, left(29, 18));
  await office.reactOn(office.counters[0], cancelledOf(second));
  await untilLeft(1, left(29, 19));
});

test('a board that is in memory is asked instead, and is right at once', async () => {
  await office.schedule();
  const [a] = office.counters;
  await a.seats.board(1);
  const before = office.ran('seats.count-free');
  expect(await a.seats.remaining([1])).toEqual(new Map([[1, left(30, 20)]]));
  await reserve(1, [21]);
  await until('the board has heard of it', () => a.seats.boardAtHand(1)?.map().content.remaining === 49);
  expect(await a.seats.remaining([1])).toEqual(new Map([[1, left(29, 20)]]));
  expect(office.ran('seats.count-free')).toBe(before);
});
