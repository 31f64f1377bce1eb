/** Goal: the whole chain from the line to the ticket, as a fan sees it, over real HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectPromisesKept } from '../support/promises.ts';
import { eventCounts, freeSeats, openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let sale: Sale;
beforeAll(async () => {
  world = await createWorld();
  sale = await openSale(world);
});
afterAll(() => world[Symbol.asyncDispose]());

describe('a purchase', () => {
  it('goes from the line to the ticket', async () => {
    const client = world.client();
    const guest = await client.post<{ userId: string; accessToken: string }>('/guests');
    expect(guest.status).toBe(201);
    const account = guest.body.accessToken;

    const joined = await client.post<{ token: string; number: number; state: string }>('/queue/tokens', {
      token: account,
      body: {},
    });
    expect(joined).toMatchObject({ status: 201, body: { state: 'ACTIVE', number: 1 } });
    const turn = joined.body.token;
    expect(await client.get('/queue/tokens/me', turn)).toMatchObject({
      status: 200,
      body: { state: 'ACTIVE' },
    });

    const dates = await client.get<{ performances: { performanceId: number; remaining: number }[] }>(
      `/concerts/${sale.concertId}/performances`,
    );
    expect(dates.body.performances).toMatchObject([{ performanceId: sale.performanceId, remaining: 50 }]);
    const seats = await client.get<{ seats: number[] }>(`/performances/${sale.performanceId}/seats`, turn);
    expect(seats.body.seats).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));

    const charged = await client.post('/wallet/charges', { token: account, body: { amount: 120_000 } });
    expect(charged).toMatchObject({ status: 201, body: { balance: 120_000 } });

    const held = await client.post<{ reservationId: string; expiresAt: string }>('/reservations', {
      token: turn,
      body: { performanceId: sale.performanceId, seats: [17, 18] },
    });
    expect(held).toMatchObject({ status: 201, body: { status: 'HELD', amount: 100_000, seats: [17, 18] } });
    const { reservationId } = held.body;

    const paid = await client.post('/payments', { token: turn, body: { reservationId } });
    expect(paid).toMatchObject({ status: 201, body: { status: 'PAID', amount: 100_000, balance: 20_000 } });

    await until('the reservation is confirmed', async () => {
      const { body } = await client.get(`/reservations/${reservationId}`, account);
      return body['status'] === 'CONFIRMED';
    });
    const tickets = await client.get<{ tickets: { seat: number; code: string }[] }>('/tickets', account);
    expect(tickets.body.tickets.map((ticket) => ticket.seat)).toEqual([17, 18]);
    const checked = await client.operator('POST', '/admin/tickets/check', {
      code: tickets.body.tickets[0]?.code,
    });
    expect(checked).toMatchObject({
      status: 200,
      body: { reservationId, seat: 17, userId: guest.body.userId },
    });
    const entries = await client.get<{ entries: { amount: number }[] }>('/wallet/entries', account);
    expect(entries.body.entries.map((entry) => entry.amount)).toEqual([-100_000, 120_000]);
    const payments = await client.get<{ payments: { status: string }[] }>('/payments', account);
    expect(payments.body.payments).toMatchObject([{ status: 'PAID', reservationId }]);
  });

  it('ends the turn: the next purchase needs another place in line', async () => {
    const fan = await world.client().fan();
    await fan.charge(100_000);
    const held = await fan.hold(sale.performanceId, [1]);
    expect((await fan.pay(String(held.body['reservationId']))).status).toBe(201);
    await world.settle();
    const again = await until('the spent turn is known at the door', async () => {
      const answer = await fan.hold(sale.performanceId, [2]);
      return answer.status === 403 && answer;
    });
    expect(again.body['code']).toBe('queue.turn-over');
  });

  it('answers a repeated request with its first answer, even when the turn is spent by then', async () => {
    const fan = await world.client().fan();
    await fan.charge(50_000);
    const held = await fan.hold(sale.performanceId, [40], { key: 'hold' });
    const paid = await fan.pay(String(held.body['reservationId']), 'pay');
    await until('the turn is spent', async () => {
      const { body } = await world.client().get('/queue/tokens/me', fan.turn);
      return body['state'] === 'SPENT';
    });
    const heldAgain = await fan.hold(sale.performanceId, [40], { key: 'hold' });
    const paidAgain = await fan.pay(String(held.body['reservationId']), 'pay');
    expect([heldAgain, paidAgain].map(({ status, body }) => ({ status, body }))).toEqual(
      [held, paid].map(({ status, body }) => ({ status, body })),
    );
    for (const { headers } of [heldAgain, paidAgain]) expect(headers.get('idempotent-replayed')).toBe('true');
    const other = await fan.hold(sale.performanceId, [41], { key: 'hold' });
    expect(other.body['code']).toBe('idempotency.key-reused');
  });

  it('of a sale with a room of its own is made from that room, and from no other', async () => {
    const other = await openSale(world, { room: 'a-room-of-its-own' });
    const outsider = await world.client().fan('main');
    const refused = await outsider.hold(other.performanceId, [1]);
    expect(refused).toMatchObject({
      status: 403,
      body: { code: 'queue.token-foreign', room: 'a-room-of-its-own' },
    });
    await world.settle();
    const insider = await world.client().fan('a-room-of-its-own');
    expect((await insider.hold(other.performanceId, [1])).status).toBe(201);
  });

  it('can be asked for in one go: hold with payNow', async () => {
    const fan = await world.client().fan();
    await fan.charge(50_000);
    const held = await fan.hold(sale.performanceId, [30], { payNow: true });
    expect(held.status).toBe(201);
    await until('it is confirmed', async () => {
      return (await fan.reservation(String(held.body['reservationId']))).body['status'] === 'CONFIRMED';
    });
    expect(await fan.balance()).toBe(0);
  });

  it('leaves exactly the events of the choreography, and every promise kept', async () => {
    await expectPromisesKept(world);
    const counts = await eventCounts(world);
    expect(counts['PaymentProcessed']).toBe(4);
    for (const name of ['SeatSold', 'TokenExpired']) expect(counts[name], name).toBe(4);
    // One more was held, in a room of its own, and never paid for.
    for (const name of ['SeatReserved', 'ReservationCreated']) expect(counts[name], name).toBe(5);
    expect(await freeSeats(world, sale.performanceId)).not.toContain(17);
  });
});
