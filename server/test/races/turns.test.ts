/** Goal: what was paid on a turn is kept, whatever becomes of the turn before the line hears of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fan } from '../support/client.ts';
import { expectPromisesKept } from '../support/promises.ts';
import { eventCounts, openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { whileLocked } from '../support/while-locked.ts';
import { createWorld, type World } from '../support/world.ts';

/** Held by somebody else: the line hears of nothing. */
const LINE_CURSOR = `select from messaging.cursor where reader = 'waiting-room' for update`;

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

/** The turns of these people as the table has them. */
async function turnStates(fans: readonly Fan[]): Promise<Record<string, number>> {
  const text = `/* test.turn-states */
    select state, count(*) from waiting_room.token where user_id = any($1::uuid[]) group by state`;
  const rows = await world.db.database.rows<{ state: string; count: number }>(
    { name: 'test.turn-states', text },
    [fans.map((fan) => fan.userId)],
  );
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

async function crowd(size: number, priceKrw: number): Promise<Fan[]> {
  const fans = await Promise.all(Array.from({ length: size }, (_, index) => world.client(index).fan()));
  await Promise.all(fans.map((fan) => fan.charge(priceKrw)));
  return fans;
}

/** Each holds a seat of their own. */
async function holdAll(fans: readonly Fan[], performanceId: number): Promise<string[]> {
  const held = await Promise.all(fans.map((fan, index) => fan.hold(performanceId, [index + 1])));
  expect(held.map((answer) => answer.status)).toEqual(fans.map(() => 201));
  return held.map((answer) => String(answer.body['reservationId']));
}

/** Everybody has the seats for the money, and no turn was found wanting. */
async function expectAllBought(fans: readonly Fan[], reservationIds: readonly string[]): Promise<void> {
  await world.settle();
  const found = await Promise.all(fans.map((fan, index) => fan.reservation(reservationIds[index] ?? '')));
  expect(found.map((answer) => answer.body['status'])).toEqual(fans.map(() => 'CONFIRMED'));
  expect(await Promise.all(fans.map((fan) => fan.balance()))).toEqual(fans.map(() => 0));
  const { PaymentRefunded, TokenExpirationFailed } = await eventCounts(world);
  expect({ PaymentRefunded, TokenExpirationFailed }).toEqual({});
  expect(await turnStates(fans)).toEqual({ SPENT: fans.length });
  await expectPromisesKept(world);
}

const FANS = 20;

describe('a turn', () => {
  it(`${FANS} fans pay and at once leave the line: all have their seats`, async () => {
    const { performanceId, priceKrw } = await openSale(world, { seats: FANS });
    const fans = await crowd(FANS, priceKrw);
    const ids = await holdAll(fans, performanceId);
    await world.settle();
    await whileLocked(world.db, LINE_CURSOR, 0, async () => {
      await Promise.all(
        fans.map(async (fan, index) => {
          expect((await fan.pay(ids[index] ?? '')).status).toBe(201);
          const { status } = await world
            .client(index + 1)
            .request('DELETE', '/queue/tokens/me', { token: fan.turn });
          expect(status).toBe(204);
        }),
      );
      expect(await turnStates(fans)).toEqual({ LEFT: FANS });
    });
    await expectAllBought(fans, ids);
  });

  it('that timed out before the line heard of its hold is open again, and the hold can be paid', async () => {
    const { performanceId, priceKrw } = await openSale(world, { seats: FANS });
    const fans = await crowd(FANS, priceKrw);
    const ids = await whileLocked(world.db, LINE_CURSOR, 0, async () => {
      const held = await holdAll(fans, performanceId);
      await endTurns(fans);
      return held;
    });
    await until('all turns are open at both instances', async () => {
      const asked = fans.flatMap((fan) =>
        [0, 1].map((instance) => world.client(instance).get('/queue/tokens/me', fan.turn)),
      );
      return (await Promise.all(asked)).every((answer) => answer.body['state'] === 'ACTIVE');
    });
    const paid = await Promise.all(fans.map((fan, index) => fan.pay(ids[index] ?? '')));
    expect(paid.map((answer) => answer.status)).toEqual(fans.map(() => 201));
    await expectAllBought(fans, ids);
  });
});

/** Their time is over, and both instances have told them so. */
async function endTurns(fans: readonly Fan[]): Promise<void> {
  const text = `/* test.end-turns */ update waiting_room.token
    set expires_at = late.at, holds_until = late.at
    from (select clock_timestamp() - interval '1 minute' as at) as late where user_id = any($1::uuid[])`;
  await world.db.database.rows({ name: 'test.end-turns', text }, [fans.map((fan) => fan.userId)]);
  await until('the turns have timed out', async () => (await turnStates(fans))['EXPIRED'] === fans.length);
  await Promise.all(
    fans.flatMap((fan) =>
      [0, 1].map((instance) =>
        until('an instance knows', async () => {
          const { body } = await world.client(instance).get('/queue/tokens/me', fan.turn);
          return body['state'] === 'EXPIRED';
        }),
      ),
    ),
  );
}
