import type { AnyEvent } from '#contract/events.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BoxOffice, createBoxOffice, holdRequest } from '../../test/support/box-office.ts';
import {
  cancelledOf,
  creationFailedOf,
  paidOf,
  type Reserved,
  turnSpentOf,
  unpaidOf,
} from '../../test/support/purchase-events.ts';
import { whileLocked } from '../../test/support/while-locked.ts';
import { newUuid } from '../platform/identifiers.ts';

let office: BoxOffice;

beforeAll(async () => {
  office = await createBoxOffice();
});
afterAll(() => office[Symbol.asyncDispose]());

beforeEach(async () => {
  await office.clear();
  await office.schedule();
});
afterEach(async () => {
  expect(await office.findDiscrepancies()).toEqual([]);
});

/** Holds, and gives the event that tells of it. */
async function hold(...given: Parameters<typeof holdRequest>): Promise<Reserved> {
  const request = holdRequest(...given);
  const outcome = await office.counters[0].seats.hold(request);
  expect(outcome.outcome).toBe('held');
  const events = await office.events();
  const reserved = events.find(
    (event): event is Reserved =>
      event.name === 'SeatReserved' && event.reservationId === request.reservationId,
  );
  if (reserved === undefined) throw new Error('the hold is not in the log');
  return reserved;
}

const after = (reserved: Reserved, steps: number) =>
  reserved.seats.map(({ no, version }) => ({ no, version: version + steps }));

const holdState = async ({ reservationId }: Reserved) => {
  const [row] = await office.db.database.rows<{ state: string }>(
    { name: 'test.hold', text: 'select state from seats.hold where reservation_id = $1' },
    [reservationId],
  );
  return row?.state;
};

describe('a release', () => {
  test('frees the seats, gives the buyer his allowance back and says so with the new versions', async () => {
    const userId = newUuid();
    const reserved = await hold([3, 4, 5, 6], { userId });
    expect(await office.react(cancelledOf(reserved))).toEqual([
      {
        name: 'SeatReleased',
        reservationId: reserved.reservationId,
        performanceId: 1,
        seats: after(reserved, 1),
      },
    ]);
    expect(await office.seat(3)).toMatchObject({ state: 'F', version: 2, reservation_id: null });
    await hold([7, 8, 9, 10], { userId });
  });

  test.each<[string, (reserved: Reserved) => AnyEvent]>([
    ['no reservation was made', creationFailedOf],
    ['the payment lapsed', (reserved) => unpaidOf(reserved, 'lapsed')],
    ['the turn was spent already', turnSpentOf],
  ])('follows when %s', async (_, toEvent) => {
    const reserved = await hold([3]);
    expect(await office.react(toEvent(reserved))).toMatchObject([{ name: 'SeatReleased' }]);
    expect(await office.seat(3)).toMatchObject({ state: 'F' });
  });

  test('twice, in one set or later, is one release', async () => {
    const reserved = await hold([3, 4]);
    const others = await hold([5]);
    const emitted = await office.react(cancelledOf(reserved), cancelledOf(others), cancelledOf(reserved));
    expect(
      emitted.filter((event) => 'reservationId' in event && event.reservationId === reserved.reservationId),
    ).toHaveLength(1);
    expect(await office.react(cancelledOf(reserved))).toEqual([]);
    expect(await office.seat(3)).toMatchObject({ state: 'F', version: 2 });
  });

  test("that comes late does not touch seats that are somebody else's by now", async () => {
    const late = await hold([3]);
    await office.react(cancelledOf(late));
    const other = await hold([3]);
    expect(await office.react(cancelledOf(late), turnSpentOf(late))).toEqual([]);
    expect(await office.seat(3)).toEqual({
      seat_no: 3,
      state: 'H',
      version: 3,
      reservation_id: other.reservationId,
    });
  });

  test("that comes late does not wait for seats that are somebody else's by now", async () => {
    const late = await hold([3]);
    await office.react(cancelledOf(late));
    await whileLocked(office.db, 'select from seats.seat where seat_no = 3 for update', 0, () =>
      expect(office.react(cancelledOf(late))).resolves.toEqual([]),
    );
  });

  test('that names other versions than its hold is refused whole', async () => {
    const reserved = await hold([3, 4]);
    const forged = {
      ...reserved,
      seats: [
        { no: 3, version: 1 },
        { no: 4, version: 7 },
      ],
    };
    await expect(office.react(cancelledOf(forged))).rejects.toThrow(
      'every seat of an open hold belongs to it',
    );
    expect(await holdState(reserved)).toBe('H');
  });

  test('after release the seat is held anew, and its version never comes twice', async () => {
    const versions: number[] = [];
    const users = [newUuid(), newUuid()];
    for (let round = 0; round < 30; round++) {
      const reserved = await hold([9], { userId: users[round % 2] ?? '' });
      versions.push((await office.seat(9)).version);
      await office.react(cancelledOf(reserved));
      versions.push((await office.seat(9)).version);
    }
    expect(versions).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  });

  test('and holds of the same seats go on side by side without a deadlock', async () => {
    const holds = await Promise.all(Array.from({ length: 10 }, (_, n) => hold([n * 4 + 1, n * 4 + 2])));
    await Promise.all([
      ...holds.map((reserved) => office.react(cancelledOf(reserved))),
      ...Array.from({ length: 100 }, (_, n) => {
        const first = 1 + (n % 39);
        return office.counter(n).seats.hold(holdRequest([first + 3, first + 1, first]));
      }),
    ]);
    expect(office.sqlstates).not.toContain('40P01');
  });
});

describe('a sale', () => {
  test('makes held seats sold and says so with the new versions', async () => {
    const reserved = await hold([11, 12]);
    expect(await office.react(paidOf(reserved))).toEqual([
      {
        name: 'SeatSold',
        reservationId: reserved.reservationId,
        performanceId: 1,
        seats: after(reserved, 1),
      },
    ]);
    expect(await office.seat(11)).toMatchObject({
      state: 'S',
      version: 2,
      reservation_id: reserved.reservationId,
    });
    expect(await office.counters[0].seats.sales(1)).toEqual({
      free: 48,
      held: 0,
      sold: 2,
      soldKrw: 120_000,
      byPrice: [
        { priceKrw: 40_000, free: 30, held: 0, sold: 0 },
        { priceKrw: 60_000, free: 18, held: 0, sold: 2 },
      ],
    });
  });

  test('twice is one sale', async () => {
    const reserved = await hold([11]);
    await office.react(paidOf(reserved));
    expect(await office.react(paidOf(reserved))).toEqual([]);
    expect(await office.seat(11)).toMatchObject({ version: 2 });
  });

  test('of a hold that was released is passed over', async () => {
    const reserved = await hold([11]);
    await office.react(cancelledOf(reserved));
    expect(await office.react(paidOf(reserved))).toEqual([]);
    expect(await office.seat(11)).toMatchObject({ state: 'F', version: 2 });
  });

  test('of a hold that was released does not touch the next holder of the seat', async () => {
    const late = await hold([11]);
    await office.react(cancelledOf(late));
    const other = await hold([11]);
    await office.react(paidOf(late));
    expect(await office.seat(11)).toMatchObject({
      state: 'H',
      version: 3,
      reservation_id: other.reservationId,
    });
  });

  test('is undone when the turn turns out to be spent, and the seat can be had again', async () => {
    const reserved = await hold([11, 12]);
    await office.react(paidOf(reserved));
    expect(await office.react(turnSpentOf(reserved))).toEqual([
      {
        name: 'SeatReleased',
        reservationId: reserved.reservationId,
        performanceId: 1,
        seats: after(reserved, 2),
      },
    ]);
    expect(await holdState(reserved)).toBe('R');
    await hold([11, 12]);
  });
});

describe('laying out', () => {
  test('makes one free seat for each number, at the price of its section', async () => {
    const rows = await office.db.database.rows<{ price_krw: number; count: number }>(
      {
        name: 'test.prices',
        text: `select price_krw, count(*) from seats.seat where state = 'F' group by 1 order by 1`,
      },
      [],
    );
    expect(rows).toEqual([
      { price_krw: 40_000, count: 30 },
      { price_krw: 60_000, count: 20 },
    ]);
  });

  test('twice changes nothing of what was sold meanwhile', async () => {
    await hold([1]);
    await office.schedule();
    const byPrice = [
      { priceKrw: 40_000, remaining: 30 },
      { priceKrw: 60_000, remaining: 19 },
    ];
    expect(await office.counters[0].seats.remaining([1, 2])).toEqual(
      new Map([[1, { remaining: 49, byPrice }]]),
    );
    expect(await office.counters[0].seats.board(2)).toBeUndefined();
  });

  test('refuses sections that leave numbers out', async () => {
    const sections = [
      { firstSeatNo: 1, seatCount: 5, priceKrw: 1 },
      { firstSeatNo: 7, seatCount: 5, priceKrw: 1 },
    ];
    await expect(office.schedule({ performanceId: 2, sections })).rejects.toThrow('each section goes on');
    expect(await office.counters[0].seats.remaining([2])).toEqual(new Map());
  });
});
