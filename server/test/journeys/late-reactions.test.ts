/**
 * Goal: a hold whose reservation is not made yet is not "not found", however long that takes.
 * Method: the test keeps the readers' cursors locked, as an instance would that hangs.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { openSale } from '../support/sale.ts';
import { createWorld } from '../support/world.ts';

it('is told to ask again while readers are behind, and is served once they are not', async () => {
  await using world = await createWorld();
  const { performanceId, priceKrw } = await openSale(world);
  const fan = await world.client().fan();
  await fan.charge(priceKrw);
  await world.settle();
  const hanging = new Client(world.db.connection);
  await hanging.connect();
  try {
    await hanging.query('begin');
    await hanging.query('select from messaging.cursor for update');
    const held = await fan.hold(performanceId, [1]);
    expect(held.status).toBe(201);
    const reservationId = String(held.body['reservationId']);
    const answers = [
      await fan.pay(reservationId, 'pay'),
      await world.client().get(`/reservations/${reservationId}`, fan.account),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'service.overloaded' } });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await hanging.query('rollback');
    await world.settle();
    expect((await fan.pay(reservationId, 'pay')).status).toBe(201);
    const unknown = await world.client().get(`/reservations/${randomUUID()}`, fan.account);
    expect(unknown.status).toBe(404);
  } finally {
    await hanging.end();
  }
});
