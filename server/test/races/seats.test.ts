/** Goal: crowds on the same seats, over real HTTP and two instances, and nobody gets what another has. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Fan } from '../support/client.ts';
import { expectPromisesKept } from '../support/promises.ts';
import { openSale } from '../support/sale.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

function fans(count: number): Promise<Fan[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => world.client(index).fan()));
}

function tally(answers: readonly Answer[]): Record<string, number> {
  const labels = answers.map(
    (answer) => `${answer.status} ${String(answer.body['code'] ?? answer.body['status'])}`,
  );
  return Object.fromEntries(
    Map.groupBy(labels, (label) => label)
      .entries()
      .map(([label, all]) => [label, all.length]),
  );
}

describe('a crowd', () => {
  it('of 200 on one seat: one gets it, 199 are told that it is taken, nothing else happens', async () => {
    const { performanceId } = await openSale(world, { seats: 10 });
    const crowd = await fans(200);
    const answers = await Promise.all(crowd.map((fan) => fan.hold(performanceId, [7])));
    expect(tally(answers)).toEqual({ '201 HELD': 1, '409 seats.taken': 199 });
    await expectPromisesKept(world);
  });

  it('on overlapping groups of seats: no seat twice, each group whole or not at all', async () => {
    const { performanceId } = await openSale(world, { seats: 20 });
    const crowd = await fans(150);
    const wanted = crowd.map((_, index) => {
      const first = (index * 7) % 17;
      const group = [first + 1, first + 2, first + 3, first + 4];
      return index % 2 === 0 ? group : group.toReversed();
    });
    const answers = await Promise.all(
      crowd.map((fan, index) => fan.hold(performanceId, wanted[index] ?? [])),
    );
    const held = answers
      .filter((answer) => answer.status === 201)
      .flatMap((answer) => answer.body['seats'] as number[]);
    expect(new Set(held).size).toBe(held.length);
    expect(held.length).toBeGreaterThanOrEqual(8);
    expect(Object.keys(tally(answers)).toSorted()).toEqual(['201 HELD', '409 seats.taken']);
    await expectPromisesKept(world);
  });

  it('of one person on many devices gets no more seats than one person may have', async () => {
    const { performanceId } = await openSale(world, { seats: 40, seatsPerPerson: 4 });
    const fan = await world.client().fan();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        world
          .client(index)
          .post('/reservations', { token: fan.turn, body: { performanceId, seats: [index + 1] } }),
      ),
    );
    expect(tally(answers)).toEqual({ '201 HELD': 4, '403 seats.limit-reached': 36 });
    await expectPromisesKept(world);
  });

  it('of repeated clicks with one key is one hold and one answer', async () => {
    const { performanceId } = await openSale(world, { seats: 10 });
    const fan = await world.client().fan();
    const request = { token: fan.turn, key: 'one-click', body: { performanceId, seats: [1, 2] } };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => world.client(index).post('/reservations', request)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(answers.every((answer) => answer.status === 201)).toBe(true);
    expect(answers.filter((answer) => answer.headers.get('idempotent-replayed') === null)).toHaveLength(1);
    await expectPromisesKept(world);
  });
});
