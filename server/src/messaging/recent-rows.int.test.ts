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
import type { Database } from '../platform/postgres/database.ts';

let world: LogWorld;
beforeAll(async () => {
  world = await createLogWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

interface Fetched {
  readonly asked_for: boolean;
  readonly events: readonly unknown[] | null;
  readonly above_horizon: boolean;
}

/** Notes of each row that was taken whether its events came with it. */
function noting(database: Database, sent: boolean[]): Database {
  return {
    ...database,
    rows: async (...[statement, values]: Parameters<Database['rows']>) => {
      const rows = await database.rows(statement, values);
      if (statement.name !== 'messaging.fetch') return rows;
      for (const row of rows as unknown as Fetched[])
        if (row.asked_for && !row.above_horizon) sent.push(row.events !== null);
      return rows;
    },
  } as Database;
}

test('a reader takes what its own instance appended from memory, and what another one did from the log', async () => {
  const sent: boolean[] = [];
  const database = noting(await world.db.open(), sent);
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
