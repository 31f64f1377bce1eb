/** Goal: money and deadlines under simultaneous requests, over real HTTP and two instances. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectPromisesKept } from '../support/promises.ts';
import { eventCounts, openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

function pay(index: number, turn: string, reservationId: string, key?: string) {
  return world.client(index).post('/payments', { token: turn, body: { reservationId }, ...(key && { key }) });
}

describe('paying', () => {
  it('100 reservations with money for one takes the money once', async () => {
    const sales = await Promise.all(
      Array.from({ length: 10 }, () => openSale(world, { seats: 10, seatsPerPerson: 10 })),
    );
    const fan = await world.client().fan();
    const [{ priceKrw } = { priceKrw: 0 }] = sales;
    await fan.charge(priceKrw);
    const held = await Promise.all(
      sales.flatMap(({ performanceId }) =>
        Array.from({ length: 10 }, (_, index) => fan.hold(performanceId, [index + 1])),
      ),
    );
    expect(held.map((answer) => answer.status)).toEqual(Array(100).fill(201));
    const answers = await Promise.all(
      held.map((answer, i) => pay(i, fan.turn, String(answer.body['reservationId']))),
    );
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    const refused = new Set(answers.filter((a) => a.status !== 201).map((a) => String(a.body['code'])));
    // Whoever comes after the turn was spent is stopped at the door already.
    expect(refused.difference(new Set(['wallet.insufficient', 'queue.turn-over']))).toEqual(new Set());
    expect(await fan.balance()).toBe(0);
    await expectPromisesKept(world);
  });

  it('by a double click takes the money once, with one key or with two', async () => {
    const { performanceId, priceKrw } = await openSale(world);
    for (const key of ['the-same-key', undefined]) {
      const fan = await world.client().fan();
      await fan.charge(10 * priceKrw);
      const seat = key === undefined ? 1 : 2;
      const held = await fan.hold(performanceId, [seat]);
      const reservationId = String(held.body['reservationId']);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => pay(index, fan.turn, reservationId, key)),
      );
      const codes = new Set(answers.map((answer) => String(answer.body['code'] ?? answer.body['status'])));
      // The same key has the same answer, even when the turn is spent by then; another key may come too late.
      const allowed = key === undefined ? ['PAID', 'payment.already-paid', 'queue.turn-over'] : ['PAID'];
      expect(codes.difference(new Set(allowed))).toEqual(new Set());
      expect(answers.filter((a) => a.status === 201 && !a.headers.has('idempotent-replayed'))).toHaveLength(
        1,
      );
      expect(await fan.balance()).toBe(9 * priceKrw);
    }
    await expectPromisesKept(world);
  });

  it('for two purchases on one turn, at two instances at once, keeps one and undoes the other', async () => {
    const { performanceId, priceKrw } = await openSale(world);
    const failedBefore = (await eventCounts(world))['TokenExpirationFailed'] ?? 0;
    const rounds = 10;
    let bothTaken = 0;
    for (let round = 0; round < rounds; round++) {
      const fan = await world.client(round).fan();
      await fan.charge(2 * priceKrw);
      const seats = [2 * round + 1, 2 * round + 2];
      const held = await Promise.all(seats.map((seat) => fan.hold(performanceId, [seat])));
      const ids = held.map((answer) => String(answer.body['reservationId']));
      const answers = await Promise.all(ids.map((id, index) => pay(index, fan.turn, id)));
      // The slower one is stopped at the door when the turn was spent already; otherwise both take the money.
      const codes = answers.map((answer) => String(answer.body['code'] ?? answer.body['status']));
      expect(codes.filter((code) => code === 'PAID').length, `round ${round}`).toBeGreaterThanOrEqual(1);
      expect(new Set(codes).difference(new Set(['PAID', 'queue.turn-over']))).toEqual(new Set());
      if (!codes.includes('queue.turn-over')) bothTaken++;
      await world.settle();
      const found = await Promise.all(ids.map((id) => fan.reservation(id)));
      const undone = codes.includes('queue.turn-over') ? 'HELD' : 'CANCELLED';
      const statuses = found.map((answer) => String(answer.body['status'])).toSorted();
      expect(statuses, `round ${round}`).toEqual(['CONFIRMED', undone].toSorted());
      expect(await fan.balance()).toBe(priceKrw);
    }
    // Rounds in which nobody was undone would prove nothing.
    expect(bothTaken).toBeGreaterThan(0);
    const { TokenExpirationFailed: failed = 0 } = await eventCounts(world);
    expect(failed - failedBefore).toBe(bothTaken);
    await expectPromisesKept(world);
  });

  it('around the deadline either succeeds or has lapsed, and everything agrees on which', async () => {
    const { performanceId, priceKrw } = await openSale(world, { seats: 60 });
    const fans = await Promise.all(Array.from({ length: 60 }, (_, index) => world.client(index).fan()));
    await Promise.all(fans.map((fan) => fan.charge(priceKrw)));
    const held = await Promise.all(fans.map((fan, index) => fan.hold(performanceId, [index + 1])));
    await world.settle();
    // The deadlines now lie around this very moment, some behind, some a little ahead.
    await world.db.database.rows(
      {
        name: 'test.spread-deadlines',
        text: `/* test.spread-deadlines */
          with due as (
            select reservation_id, clock_timestamp() + (n - 20) * interval '25 milliseconds' as at
            from (
              select reservation_id, row_number() over (order by payment_id) as n from (
                select payment_id, reservation_id from payments.payment where performance_id = $1 order by payment_id for update
              ) as locked
            ) as numbered
          ), holds as (
            update seats.hold h set held_at = d.at - interval '5 minutes', expires_at = d.at
            from due d where d.reservation_id = h.reservation_id
          ), reservations as (
            update reservations.reservation r set expires_at = d.at from due d where d.reservation_id = r.reservation_id
          )
          update payments.payment p set expires_at = d.at from due d where d.reservation_id = p.reservation_id`,
      },
      [performanceId],
    );
    const answers = await Promise.all(
      held.map((answer, index) => pay(index, fans[index]?.turn ?? '', String(answer.body['reservationId']))),
    );
    const codes = new Set(answers.map((answer) => String(answer.body['code'] ?? answer.body['status'])));
    expect([...codes].toSorted()).toEqual(['PAID', 'payment.lapsed']);
    await world.advance(1_000);
    await until('the sweep has been there', async () => {
      const { PaymentProcessingFailed: lapses = 0 } = await eventCounts(world);
      return lapses === answers.filter((answer) => answer.status !== 201).length;
    });
    const states = await world.db.database.rows<{ state: string; count: number }>(
      {
        name: 'test.payment-states',
        text: `/* test.payment-states */
          select state, count(*) from payments.payment where performance_id = $1 group by state`,
      },
      [performanceId],
    );
    const paid = answers.filter((answer) => answer.status === 201).length;
    expect(Object.fromEntries(states.map((row) => [row.state, row.count]))).toEqual({
      PAID: paid,
      LAPSED: 60 - paid,
    });
    await expectPromisesKept(world);
  });
});
