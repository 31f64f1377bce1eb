/** Goal: every instance answers from its own memory, and people who meet several of them notice nothing of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectPromisesKept } from '../support/promises.ts';
import { freeSeats, openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

async function mapAt(instance: number, performanceId: number, turn: string) {
  const answer = await world
    .client(instance)
    .get<{ version: string; seats: number[] }>(`/performances/${performanceId}/seats`, turn);
  expect(answer.status).toBe(200);
  return answer.body;
}

async function untilShown(instance: number, performanceId: number, turn: string): Promise<void> {
  await until('the map is as the table', async () => {
    const { seats } = await mapAt(instance, performanceId, turn);
    return seats.join() === (await freeSeats(world, performanceId)).join();
  });
}

const refusedFromMemory = () =>
  world.instances.reduce((sum, { context }) => sum + context.seats.stats.refusedFromMemory, 0);

describe('two instances', () => {
  it('show the same map, whichever held, sold and freed the seats', async () => {
    const { performanceId, priceKrw } = await openSale(world);
    const [ann, ben, cem] = [
      await world.client(0).fan(),
      await world.client(1).fan(),
      await world.client(0).fan(),
    ];
    for (const instance of [0, 1]) await mapAt(instance, performanceId, cem.turn);
    const bought = await ann.hold(performanceId, [1, 2]);
    const given = await ben.hold(performanceId, [3, 4]);
    await ann.charge(priceKrw * 2);
    expect((await ann.pay(String(bought.body['reservationId']))).status).toBe(201);
    for (const instance of [0, 1]) await untilShown(instance, performanceId, cem.turn);
    expect((await ben.giveBack(String(given.body['reservationId']))).status).toBe(204);
    await world.settle();
    for (const instance of [0, 1]) await untilShown(instance, performanceId, cem.turn);

    const maps = [await mapAt(0, performanceId, cem.turn), await mapAt(1, performanceId, cem.turn)];
    expect(maps[0]).toEqual(maps[1]);
    expect(maps[0]?.seats).not.toContain(1);
    expect(maps[0]?.seats).toContain(3);
    const sales = await world.client(1).operator('GET', `/admin/performances/${performanceId}/sales`);
    expect(sales.body).toMatchObject({ free: 48, held: 0, sold: 2, soldAmount: priceKrw * 2 });
    await expectPromisesKept(world);
  });

  it('refuse what both know to be taken, and give a repeated request its first answer', async () => {
    const { performanceId } = await openSale(world);
    const [ann, ben, cem] = await Promise.all([0, 1, 0].map((instance) => world.client(instance).fan()));
    if (ann === undefined || ben === undefined || cem === undefined) throw new Error('three came');
    for (const instance of [0, 1]) await mapAt(instance, performanceId, cem.turn);
    const request = { token: ann.turn, key: 'first', body: { performanceId, seats: [7, 8] } };
    const first = await world.client(0).post('/reservations', request);
    expect(first.status).toBe(201);
    await untilShown(1, performanceId, cem.turn);

    const before = refusedFromMemory();
    const refused = await ben.hold(performanceId, [8, 9]);
    expect(refused).toMatchObject({ status: 409, body: { code: 'seats.taken', seats: [8] } });
    expect(refusedFromMemory()).toBe(before + 1);
    expect((await world.client(1).post('/reservations', request)).body).toEqual(first.body);

    // Given back, and somebody else's since: the answer to the first request stays what it was.
    expect((await ann.giveBack(String(first.body['reservationId']))).status).toBe(204);
    await until('ben has them', async () => (await ben.hold(performanceId, [7, 8])).status === 201);
    for (const instance of [0, 1]) {
      await untilShown(instance, performanceId, cem.turn);
      const again = await world.client(instance).post('/reservations', request);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect((await cem.hold(performanceId, [7])).status).toBe(409);
    await expectPromisesKept(world);
  });
});
