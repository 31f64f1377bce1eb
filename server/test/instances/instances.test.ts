/** Goal: several instances on one database are one service: whoever is there does the work. */
import { afterEach, describe, expect, it } from 'vitest';
import { expectPromisesKept } from '../support/promises.ts';
import { openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

describe('instances', () => {
  it('can each have a part of the work: one answers, the others react', async () => {
    world = await createWorld({
      envOf: [{ ROLES: 'api' }, { ROLES: 'seats,reservations' }, { ROLES: 'payments,waiting-room' }],
    });
    const { performanceId, priceKrw } = await openSale(world);
    const fan = await world.client(0).fan();
    await fan.charge(priceKrw);
    const held = await fan.hold(performanceId, [5]);
    const reservationId = String(held.body['reservationId']);
    expect((await fan.pay(reservationId)).status).toBe(201);
    await until(
      'it is confirmed',
      async () => (await fan.reservation(reservationId)).body['status'] === 'CONFIRMED',
    );
    await expectPromisesKept(world);
  });

  it('take over from one that stops: nothing waits for it', async () => {
    world = await createWorld({ instances: 2 });
    const { performanceId, priceKrw } = await openSale(world, { seats: 40 });
    const fans = await Promise.all(Array.from({ length: 40 }, () => world.client(1).fan()));
    await Promise.all(fans.map((fan) => fan.charge(priceKrw)));
    const buying = fans.map(async (fan, index) => {
      const held = await fan.hold(performanceId, [index + 1]);
      return fan.pay(String(held.body['reservationId']));
    });
    const stopping = world.instances[0]?.[Symbol.asyncDispose]();
    const paid = await Promise.all(buying);
    await stopping;
    expect(paid.map((answer) => answer.status)).toEqual(Array(40).fill(201));
    await expectPromisesKept(world);
  });

  it('know the same tokens: a place given by one is good at the other', async () => {
    world = await createWorld({ instances: 2 });
    const { performanceId } = await openSale(world);
    const fan = await world.client(0).fan();
    const seats = await world.client(1).get(`/performances/${performanceId}/seats`, fan.turn);
    expect(seats.status).toBe(200);
    const again = await world.client(1).post('/queue/tokens', { token: fan.account, body: {} });
    expect(again).toMatchObject({ status: 200, body: { number: 1 } });
  });
});
