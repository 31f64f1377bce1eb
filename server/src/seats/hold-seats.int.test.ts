import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type BoxOffice, createBoxOffice, holdRequest } from '../../test/support/box-office.ts';
import { cancelledOf } from '../../test/support/purchase-events.ts';
import { until } from '../../test/support/until.ts';
import { whileLocked } from '../../test/support/while-locked.ts';
import { newUuid } from '../platform/identifiers.ts';
import { holdSeats } from './hold-seats.ts';
import type { Held, HoldOutcome } from './seat.ts';

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

const hold = (...request: Parameters<typeof holdRequest>) =>
  office.counters[0].seats.hold(holdRequest(...request));

function heldOf(outcome: HoldOutcome | undefined): Held {
  if (outcome?.outcome !== 'held') throw new Error(`not held but ${JSON.stringify(outcome)}`);
  return outcome;
}

const ascending = (a: number, b: number) => a - b;

/** How many there were of each outcome. */
function tally(outcomes: readonly HoldOutcome[]): Record<string, number> {
  const words = outcomes.map((o) => (o.outcome === 'held' ? 'held' : o.problem));
  return Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([word, list]) => [word, list.length]),
  );
}

describe('a hold', () => {
  test('takes the seats, answers with amount and deadline, and says the same in the log', async () => {
    const request = holdRequest([20, 21]);
    const outcome = heldOf(await office.counters[0].seats.hold(request));

    expect(outcome).toMatchObject({
      replayed: false,
      reservationId: request.reservationId,
      amountKrw: 100_000,
    });
    for (const seatNo of [20, 21]) {
      expect(await office.seat(seatNo)).toMatchObject({
        state: 'H',
        version: 1,
        reservation_id: request.reservationId,
      });
    }
    expect(await office.events()).toEqual([
      {
        name: 'SeatReserved',
        reservationId: request.reservationId,
        userId: request.userId,
        performanceId: 1,
        seats: [
          { no: 20, version: 1 },
          { no: 21, version: 1 },
        ],
        amountKrw: 100_000,
        turn: request.turn,
        expiresAt: outcome.expiresAt,
        payNow: false,
      },
    ]);
    expect(await office.counters[0].seats.sales(1)).toMatchObject({ free: 48, held: 2, sold: 0 });
  });

  test('lasts as long as promised, and one deadline holds for the whole batch', async () => {
    const requests = Array.from({ length: 40 }, (_, index) => holdRequest([index + 1]));
    const outcomes = await holdSeats(office.counters[0], requests);
    const rows = await office.db.database.rows<{ expires_at: string; lasts_ms: number }>(
      {
        name: 'test.deadlines',
        text: `select distinct expires_at, extract(epoch from expires_at - held_at)::float8 * 1000 as lasts_ms
          from seats.hold`,
      },
      [],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.lasts_ms).toBeGreaterThanOrEqual(300_000);
    const told = outcomes.map((outcome) =>
      typeof outcome === 'symbol' ? outcome : heldOf(outcome).expiresAt,
    );
    expect(new Set(told)).toEqual(new Set([rows[0]?.expires_at]));
  });

  test('that waited for its seats begins when it has them', async () => {
    const holding = await office.db.database.transaction(async (tx) => {
      await tx.rows(
        { name: 'test.lock-seat', text: 'select from seats.seat where seat_no = 8 for update' },
        [],
      );
      const outcome = hold([8]);
      const waits = `select clock_timestamp() as at from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and xact_start < clock_timestamp() - interval '20 milliseconds'`;
      const waitedAt = await until('the hold has waited for a moment', async () => {
        const [row] = await office.db.database.rows<{ at: string }>({ name: 'test.waits', text: waits }, []);
        return row?.at;
      });
      return { outcome, waitedAt };
    });
    const { expiresAt } = heldOf(await holding.outcome);
    expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(Date.parse(holding.waitedAt) + 300_000);
  });

  test('whose time is over keeps its seats until they are released', async () => {
    const { reservationId } = heldOf(await hold([9]));
    const text = `update seats.hold
      set held_at = held_at - interval '10 minutes', expires_at = expires_at - interval '10 minutes'`;
    await office.db.database.rows({ name: 'test.long-ago', text }, []);
    const outcomes = await holdSeats(office.counters[0], [holdRequest([9])]);
    expect(outcomes).toMatchObject([{ outcome: 'refused', problem: 'seats.taken' }]);
    expect(await office.seat(9)).toMatchObject({ state: 'H', version: 1, reservation_id: reservationId });
  });

  test('that is refused leaves nothing but its event', async () => {
    await hold([2]);
    const userId = newUuid();
    expect(await hold([1, 2, 3], { userId })).toEqual({
      outcome: 'refused',
      problem: 'seats.taken',
      extra: { seats: [2] },
    });
    expect(await office.seat(1)).toMatchObject({ state: 'F', version: 0 });
    expect((await office.events()).at(-1)).toEqual({
      name: 'SeatReservationFailed',
      userId,
      performanceId: 1,
      seatNos: [1, 2, 3],
      problem: 'seats.taken',
    });
  });

  test('is judged by the clock of the database, whether the sale is open', async () => {
    await office.schedule({ performanceId: 2, saleOpensAt: '2098-01-01T00:00:00.000Z' });
    await office.schedule({ performanceId: 3, saleClosesAt: '2020-02-01T00:00:00.000Z' });
    const outcomes = [await hold([1], { performanceId: 2 }), await hold([1], { performanceId: 3 })];
    expect(tally(outcomes)).toEqual({ 'sale.not-open': 2 });
  });
});

describe('the same key', () => {
  test('gives the same answer and holds nothing more', async () => {
    const request = holdRequest([5, 6]);
    const first = heldOf(await office.counters[0].seats.hold(request));
    const second = heldOf(await office.counters[1].seats.hold(request));
    expect(second).toEqual({ ...first, replayed: true });
    expect(await office.seat(5)).toMatchObject({ version: 1 });
    expect(await office.events()).toHaveLength(1);
  });

  test('gives the same answer after the hold was released, and holds nothing', async () => {
    const request = holdRequest([5]);
    const first = heldOf(await office.counters[0].seats.hold(request));
    const [reserved] = await office.events();
    if (reserved?.name !== 'SeatReserved') throw new Error('the hold is not in the log');
    await office.react(cancelledOf(reserved));
    expect(heldOf(await office.counters[0].seats.hold(request))).toEqual({ ...first, replayed: true });
    expect(await office.seat(5)).toMatchObject({ state: 'F', version: 2 });
  });

  test('with another content is refused', async () => {
    const by = { userId: newUuid(), key: 'k' };
    await hold([5], by);
    expect(await hold([6], by)).toEqual({ outcome: 'refused', problem: 'idempotency.key-reused' });
    expect(await office.seat(6)).toMatchObject({ state: 'F' });
  });

  test('twice in one batch is one hold and two answers', async () => {
    const request = holdRequest([5]);
    const outcomes = await Promise.all(
      [request, request, request].map((r) => office.counters[0].seats.hold(r)),
    );
    const [first] = outcomes;
    expect(outcomes.slice(1)).toEqual([
      { ...first, replayed: true },
      { ...first, replayed: true },
    ]);
  });

  test('at two instances at once is one hold and two equal answers', async () => {
    const request = holdRequest([7, 8]);
    const lock = 'select from seats.seat where seat_no = 7 for update';
    const outcomes = await whileLocked(office.db, lock, 2, () =>
      Promise.all(office.counters.map((counter) => counter.seats.hold(request))),
    );
    const [a, b] = outcomes.map(heldOf);
    expect([a?.replayed, b?.replayed]).toContain(false);
    expect(a?.replayed).not.toBe(b?.replayed);
    expect({ ...a, replayed: true }).toEqual({ ...b, replayed: true });
    expect(await office.seat(7)).toMatchObject({ state: 'H', version: 1 });
    expect((await office.events()).map((event) => event.name)).toEqual(['SeatReserved']);
  });

  test('with two contents at two instances at once is one hold and one refusal', async () => {
    const by = { userId: newUuid(), key: 'k' };
    const lock = 'select from seats.seat where seat_no in (7, 8) order by seat_no for update';
    const outcomes = await whileLocked(office.db, lock, 2, () =>
      Promise.all([
        office.counters[0].seats.hold(holdRequest([7], by)),
        office.counters[1].seats.hold(holdRequest([8], by)),
      ]),
    );
    expect(tally(outcomes)).toEqual({ held: 1, 'idempotency.key-reused': 1 });
  });
});

describe('races over two instances', () => {
  test('of 200 buyers of one seat one gets it, and 199 are told that it is taken', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, n) => office.counter(n).seats.hold(holdRequest([13]))),
    );
    expect(tally(outcomes)).toEqual({ held: 1, 'seats.taken': 199 });
    expect(await office.seat(13)).toMatchObject({ state: 'H', version: 1 });
  });

  test('of two who wait for one seat one gets it, and the other is told that it is taken', async () => {
    const lock = 'select from seats.seat where seat_no = 13 for update';
    const outcomes = await whileLocked(office.db, lock, 2, () =>
      Promise.all(office.counters.map(({ seats }) => seats.hold(holdRequest([13])))),
    );
    expect(tally(outcomes)).toEqual({ held: 1, 'seats.taken': 1 });
  });

  test('overlapping groups in any order end without a deadlock, each one whole or not at all', async () => {
    const requests = Array.from({ length: 300 }, () => {
      const first = 1 + Math.floor(Math.random() * 40);
      const group = Array.from({ length: 4 }, (_, index) => first + index * 3).filter((no) => no <= 50);
      return holdRequest(Math.random() < 0.5 ? group : group.toReversed());
    });
    const outcomes = await Promise.all(requests.map((request, n) => office.counter(n).seats.hold(request)));

    expect(office.sqlstates).not.toContain('40P01');
    expect(Object.keys(tally(outcomes)).toSorted()).toEqual(['held', 'seats.taken']);
    const rows = await office.db.database.rows<{ reservation_id: string; seat_nos: number[] }>(
      {
        name: 'test.groups',
        text: `select reservation_id, array_agg(seat_no order by seat_no) as seat_nos from seats.seat
          where state = 'H' group by reservation_id`,
      },
      [],
    );
    const wanted = new Map(
      requests.map((request) => [request.reservationId, request.seatNos.toSorted(ascending)]),
    );
    expect(rows).toHaveLength(tally(outcomes)['held'] ?? 0);
    for (const row of rows) expect(row.seat_nos).toEqual(wanted.get(row.reservation_id));
  });

  test('batches that want the same seats in opposite order do not deadlock', async () => {
    const lock = 'select from seats.seat where seat_no = 30 for update';
    const outcomes = await whileLocked(office.db, lock, 2, () =>
      Promise.all([
        ...[29, 30, 31].map((seatNo) => office.counters[0].seats.hold(holdRequest([seatNo]))),
        ...[31, 30, 29].map((seatNo) => office.counters[1].seats.hold(holdRequest([seatNo]))),
      ]),
    );
    expect(tally(outcomes)).toEqual({ held: 3, 'seats.taken': 3 });
    expect(office.sqlstates).not.toContain('40P01');
  });

  test('a person never gets more seats than the limit', async () => {
    const userId = newUuid();
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) => office.counter(n).seats.hold(holdRequest([n + 1], { userId }))),
    );
    expect(tally(outcomes)).toEqual({ held: 4, 'seats.limit-reached': 36 });
  });

  test('a limit that is reached between the look and the count is not passed', async () => {
    const userId = newUuid();
    await hold([1, 2, 3], { userId });
    const outcomes = await whileLocked(office.db, 'select from seats.buyer for update', 2, () =>
      Promise.all([
        office.counters[0].seats.hold(holdRequest([4], { userId })),
        office.counters[1].seats.hold(holdRequest([5], { userId })),
      ]),
    );
    expect(tally(outcomes)).toEqual({ held: 1, 'seats.limit-reached': 1 });
    expect(outcomes.find((outcome) => outcome.outcome === 'refused')).toMatchObject({
      extra: { limit: 4, has: 4 },
    });
  });

  test('one who is over the limit does not spoil the batch of the others', async () => {
    const userId = newUuid();
    await hold([1, 2, 3], { userId });
    const others = Array.from({ length: 20 }, (_, n) => holdRequest([n + 10]));
    const outcomes = await whileLocked(office.db, 'select from seats.buyer for update', 2, () =>
      Promise.all([
        office.counters[0].seats.hold(holdRequest([4], { userId })),
        ...[holdRequest([5], { userId }), ...others].map((request) => office.counters[1].seats.hold(request)),
      ]),
    );
    expect(tally(outcomes)).toEqual({ held: 21, 'seats.limit-reached': 1 });
  });
});
