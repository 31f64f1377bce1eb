/** What is appended here and read here is in the log, and is not sent back by it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  appendOn,
  clockWithoutPolling,
  createLogWorld,
  type LogWorld,
  seatReserved,
} from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
import { type Fetched, watchFetches } from '../../test/support/watch-fetches.ts';

let world: LogWorld;
beforeAll(async () => {
  world = await createLogWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Of each row that was taken, whether its events came with it. */
function sentOf(rows: readonly Fetched[]): boolean[] {
  return rows.filter((row) => row.asked_for && !row.above_horizon).map((row) => row.events !== null);
}

test('a reader takes what its own instance appended from memory, and what another one did from the log', async () => {
  const sent: boolean[] = [];
  const database = watchFetches(await world.db.open(), (_, rows) => sent.push(...sentOf(rows)));
  // It looks when it is told to, which is after the commit.
  const clock = clockWithoutPolling;
  const instance = await world.start({ reader: 'reservations', database, clock });
  await world.append(seatReserved(0));
  await world.effectsOf(1);

  // A look that began between the commit and its being told here finds the row in the log alone: so not each time.
  let n = 1;
  await until('what was appended here came without its events', async () => {
    sent.length = 0;
    await appendOn(instance, [seatReserved(n), seatReserved(n + 1)]);
    n += 2;
    await world.effectsOf(n);
    return sent.length > 0 && !sent.includes(true);
  });

  sent.length = 0;
  await world.append(seatReserved(n));
  await world.effectsOf(n + 1);
  expect(new Set(sent)).toEqual(new Set([true]));
  expect((await world.effects()).map((effect) => effect.n)).toEqual(
    Array.from({ length: n + 1 }, (_, index) => index),
  );
});
