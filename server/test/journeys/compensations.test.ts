/** Goal: whatever goes wrong after a hold, seats come free, money comes back and nothing hangs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fan } from '../support/client.ts';
import { expectPromisesKept } from '../support/promises.ts';
import { eventCounts, freeSeats, openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { whileLocked } from '../support/while-locked.ts';
import { createWorld, type World } from '../support/world.ts';

const FIVE_MINUTES_MS = 300_000;

let world: World;
let sale: Sale;
beforeEach(async () => {
  world = await createWorld();
  sale = await openSale(world, { seats: 4 });
});
afterEach(() => world[Symbol.asyncDispose]());

/** Makes every insert into a table fail, as a full disk or a bug would, until it is taken back. */
async function breakInsertsInto(table: string): Promise<() => Promise<void>> {
  const run = (text: string) =>
    world.db.database.transaction((tx) => tx.rows({ name: 'test.ddl', text }, []));
  const name = 'planted_fault';
  await run(`/* test.ddl */ alter table ${table} add constraint ${name} check (false) not valid`);
  return async () => {
    await world.db.database.transaction((tx) =>
      tx.rows(
        { name: 'test.undo', text: `/* test.undo */ alter table ${table} drop constraint ${name}` },
        [],
      ),
    );
  };
}

describe('seat reservation failed', () => {
  it('is refused with the taken seats, holds none of the others, and is told in the log', async () => {
    const [first, second] = [await world.client().fan(), await world.client().fan()];
    await first.hold(sale.performanceId, [2]);
    const refused = await second.hold(sale.performanceId, [1, 2]);
    expect(refused).toMatchObject({ status: 409, body: { code: 'seats.taken', seats: [2] } });
    expect(await freeSeats(world, sale.performanceId)).toEqual([1, 3, 4]);
    expect((await eventCounts(world))['SeatReservationFailed']).toBe(1);
  });
});

describe('reservation creation failed', () => {
  it('releases the seats when the record cannot be made however often it is tried', async () => {
    const repair = await breakInsertsInto('reservations.reservation');
    const fan = await world.client().fan();
    const held = await fan.hold(sale.performanceId, [1, 2]);
    expect(held.status).toBe(201);
    await until(
      'the seats are free again',
      async () => {
        return (await freeSeats(world, sale.performanceId)).length === 4;
      },
      25_000,
    );
    await repair();
    expect(await eventCounts(world)).toMatchObject({ ReservationCreationFailed: 1, SeatReleased: 1 });
    expect((await fan.reservation(String(held.body['reservationId']))).status).toBe(404);
    await expectPromisesKept(world);
  });
});

describe('payment failed', () => {
  it('lapses after five minutes: the reservation expires and somebody else gets the seats', async () => {
    const [late, next] = [await world.client().fan(), await world.client().fan()];
    await late.charge(1_000_000);
    const held = await late.hold(sale.performanceId, [1, 2, 3, 4]);
    await world.settle();
    await world.advance(FIVE_MINUTES_MS - 5_000);
    expect((await next.hold(sale.performanceId, [1])).body['code']).toBe('seats.taken');
    await world.advance(6_000);
    const { reservationId } = held.body;
    expect((await late.pay(String(reservationId))).body['code']).toBe('payment.lapsed');
    await until('the reservation has expired', async () => {
      return (await late.reservation(String(reservationId))).body['status'] === 'EXPIRED';
    });
    await world.settle();
    expect((await next.hold(sale.performanceId, [1])).status).toBe(201);
    expect(await late.balance()).toBe(1_000_000);
    await expectPromisesKept(world);
  });

  it('is refused for good when the buyer wanted to pay at once and the balance is short', async () => {
    const fan = await world.client().fan();
    await fan.charge(sale.priceKrw - 1);
    const held = await fan.hold(sale.performanceId, [1], { payNow: true });
    await until('the reservation is cancelled', async () => {
      return (await fan.reservation(String(held.body['reservationId']))).body['status'] === 'CANCELLED';
    });
    await expectPromisesKept(world);
    expect(await freeSeats(world, sale.performanceId)).toEqual([1, 2, 3, 4]);
    expect(await fan.balance()).toBe(sale.priceKrw - 1);
  });

  it('gives way when the payment cannot be opened however often it is tried', async () => {
    const repair = await breakInsertsInto('payments.payment');
    const fan = await world.client().fan();
    const held = await fan.hold(sale.performanceId, [3]);
    await until(
      'the reservation is cancelled',
      async () => {
        return (await fan.reservation(String(held.body['reservationId']))).body['status'] === 'CANCELLED';
      },
      25_000,
    );
    await repair();
    await world.settle();
    expect(await freeSeats(world, sale.performanceId)).toEqual([1, 2, 3, 4]);
  });

  it('can be made good before the deadline: too low a balance ends nothing', async () => {
    const fan = await world.client().fan();
    const held = await fan.hold(sale.performanceId, [1]);
    const reservationId = String(held.body['reservationId']);
    const short = await fan.pay(reservationId);
    expect(short).toMatchObject({
      status: 402,
      body: { code: 'wallet.insufficient', shortfall: sale.priceKrw },
    });
    await fan.charge(sale.priceKrw);
    expect((await fan.pay(reservationId)).status).toBe(201);
    await expectPromisesKept(world);
  });
});

describe('cancelled by the buyer', () => {
  it('keeps the turn no longer than it would have lasted: the next one is let in', async () => {
    const room = 'narrow';
    await world.client().operator('POST', '/admin/queue/rooms', { room, capacity: 1 });
    const { performanceId } = await openSale(world, { room });
    const [fan, next] = [await world.client().fan(room), await world.client().fan(room)];
    const stateOf = async ({ turn }: Fan) =>
      (await world.client().get('/queue/tokens/me', turn)).body['state'];
    await world.advance(2 * FIVE_MINUTES_MS - 60_000);
    const held = await fan.hold(performanceId, [1]);
    await world.settle();
    await world.advance(120_000);
    expect([await stateOf(fan), await stateOf(next)]).toEqual(['ACTIVE', 'WAITING']);
    expect((await fan.giveBack(String(held.body['reservationId']))).status).toBe(204);
    await until('the next one is let in', async () => (await stateOf(next)) === 'ACTIVE');
    await until('the turn is over', async () => (await stateOf(fan)) === 'EXPIRED');
    await expectPromisesKept(world);
  });

  it('frees the seats and closes the payment', async () => {
    const fan = await world.client().fan();
    await fan.charge(1_000_000);
    const held = await fan.hold(sale.performanceId, [1, 2]);
    const reservationId = String(held.body['reservationId']);
    expect((await fan.giveBack(reservationId)).status).toBe(204);
    expect((await fan.giveBack(reservationId)).status).toBe(204);
    await world.settle();
    expect(await freeSeats(world, sale.performanceId)).toEqual([1, 2, 3, 4]);
    expect(await fan.pay(reservationId)).toMatchObject({
      status: 409,
      body: { status: 409, code: 'payment.closed', paymentStatus: 'VOID' },
    });
    expect(await fan.balance()).toBe(1_000_000);
    await expectPromisesKept(world);
  });

  it('gives the money back when it was paid at the same moment, or stays paid, never both', async () => {
    for (let round = 0; round < 10; round++) {
      const fan = await world.client().fan();
      await fan.charge(sale.priceKrw);
      const held = await fan.hold(sale.performanceId, [1]);
      expect(held.status, `round ${round}`).toBe(201);
      const reservationId = String(held.body['reservationId']);
      await Promise.all([fan.pay(reservationId), fan.giveBack(reservationId)]);
      await world.settle();
      const { status } = (await fan.reservation(reservationId)).body;
      expect(await fan.balance()).toBe(status === 'CONFIRMED' ? 0 : sale.priceKrw);
      if (status === 'CONFIRMED') break; // the seat is sold now
    }
    await expectPromisesKept(world);
  });
});

/** The turn's time is over, and over for long enough that no hold could still have extended it. */
async function endTurn(fan: Fan): Promise<void> {
  const text = `/* test.end-turn */ update waiting_room.token
    set expires_at = late.at, holds_until = late.at
    from (select clock_timestamp() - interval '1 minute' as at) as late where user_id = $1`;
  await world.db.database.rows({ name: 'test.end-turn', text }, [fan.userId]);
  await until('the turn has timed out', async () => {
    return (await world.client().get('/queue/tokens/me', fan.turn)).body['state'] === 'EXPIRED';
  });
}

/** A purchase of seat 1 on a turn of which this becomes before the line learns of the payment. */
async function buyUnnoticed(
  change: (fan: Fan) => Promise<void>,
): Promise<{ fan: Fan; reservationId: string }> {
  const fan = await world.client().fan();
  await fan.charge(sale.priceKrw);
  const held = await fan.hold(sale.performanceId, [1]);
  const reservationId = String(held.body['reservationId']);
  await world.settle();
  const cursor = `select from messaging.cursor where reader = 'waiting-room' for update`;
  await whileLocked(world.db, cursor, 0, async () => {
    expect((await fan.pay(reservationId)).status).toBe(201);
    await change(fan);
  });
  await world.settle();
  return { fan, reservationId };
}

/** The line of the room begins anew, as after a loss: it knows nothing of the turns of its former life. */
async function forgetTurn(fan: Fan): Promise<void> {
  const text = `/* test.forget-turn */
    with room as (update waiting_room.room r set epoch = 2, epoch_starts = '{1,1}'
      from waiting_room.token t where t.room = r.room and t.user_id = $1 returning r.room)
    update waiting_room.token set epoch = 2 where room in (select room from room)`;
  await world.db.database.rows({ name: 'test.forget-turn', text }, [fan.userId]);
}

/** Which turns could not be spent, and why. */
function unspentTurns(): Promise<Record<string, unknown>[]> {
  const text = `/* test.unspent-turns */
    select e ->> 'reservationId' as "reservationId", e ->> 'reason' as reason
    from messaging.log l, json_array_elements(l.events) e where e ->> 'name' = 'TokenExpirationFailed'`;
  return world.db.database.rows({ name: 'test.unspent-turns', text }, []);
}

describe('token expiration failed', () => {
  it('undoes the second of two purchases on one turn: money back, cancelled, seats free', async () => {
    const fan = await world.client().fan();
    await fan.charge(2 * sale.priceKrw);
    const held = await Promise.all([fan.hold(sale.performanceId, [1]), fan.hold(sale.performanceId, [2])]);
    const ids = held.map((answer) => String(answer.body['reservationId']));
    const paid = await Promise.all(ids.map((id) => fan.pay(id)));
    expect(paid.map((answer) => answer.status)).toEqual([201, 201]);
    await world.settle();
    const statuses = await Promise.all(ids.map(async (id) => (await fan.reservation(id)).body['status']));
    expect(new Set(statuses)).toEqual(new Set(['CANCELLED', 'CONFIRMED']));
    expect(await fan.balance()).toBe(sale.priceKrw);
    expect(await eventCounts(world)).toMatchObject({
      TokenExpired: 1,
      TokenExpirationFailed: 1,
      PaymentRefunded: 1,
    });
    expect(await freeSeats(world, sale.performanceId)).toHaveLength(3);
    await expectPromisesKept(world);
  });

  it('does not touch a purchase whose turn timed out before it could be spent', async () => {
    const { fan, reservationId } = await buyUnnoticed(endTurn);
    expect((await fan.reservation(reservationId)).body['status']).toBe('CONFIRMED');
    expect(await fan.balance()).toBe(0);
    expect(await freeSeats(world, sale.performanceId)).toEqual([2, 3, 4]);
    expect(await unspentTurns()).toEqual([]);
    await expectPromisesKept(world);
  });

  it('undoes a purchase on a turn that the line does not know any more', async () => {
    const { fan, reservationId } = await buyUnnoticed(forgetTurn);
    expect((await fan.reservation(reservationId)).body['status']).toBe('CANCELLED');
    expect(await fan.balance()).toBe(sale.priceKrw);
    expect(await freeSeats(world, sale.performanceId)).toEqual([1, 2, 3, 4]);
    const payments = await world.client().get('/payments', fan.account);
    expect(payments.body).toMatchObject({ payments: [{ reservationId, status: 'REFUNDED' }] });
    expect(await unspentTurns()).toEqual([{ reservationId, reason: 'not-active' }]);
    await expectPromisesKept(world);
  });
});
