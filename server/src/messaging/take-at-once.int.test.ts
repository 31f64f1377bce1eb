/** What is there for certain is locked and read in one journey; everything else is looked at first, outside any transaction. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  appendOn,
  clockWithoutPolling,
  createLogWorld,
  type LogInstance,
  type LogWorld,
  seatReserved,
} from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
import { watchFetches } from '../../test/support/watch-fetches.ts';

let world: LogWorld;
let other: Client;
let instance: LogInstance;
const fetches: string[] = [];
let appended = 0;

beforeAll(async () => {
  world = await createLogWorld();
  other = new Client(world.db.connection);
  await other.connect();
  const database = watchFetches(await world.db.open(), (where) => fetches.push(where));
  instance = await world.start({ reader: 'reservations', database, clock: clockWithoutPolling });
  await world.append(seatReserved(appended++));
  await world.effectsOf(appended);
});
afterAll(async () => {
  await other.end();
  await world[Symbol.asyncDispose]();
});

/** As soon as nothing else on the server holds the horizon back: then no second look is needed. */
async function untilFetched(how: readonly string[], append: () => Promise<void>): Promise<void> {
  await until(`the log was read ${how.join(', ')}`, async () => {
    fetches.length = 0;
    await append();
    appended += 1;
    await world.effectsOf(appended);
    return fetches.join() === how.join();
  });
}

test('what was committed on its own instance is taken without a look', () =>
  untilFetched(['inside'], () => appendOn(instance, [seatReserved(appended)])));

test('what was committed on another instance is looked for before the cursor is locked', () =>
  untilFetched(['outside'], () => world.append(seatReserved(appended))));

test('what lies above the horizon is found in vain once, and looked for from then on', async () => {
  await other.query('begin');
  await other.query('select pg_current_xact_id()');
  fetches.length = 0;
  await appendOn(instance, [seatReserved(appended++)]);
  await until('it is looked for', () => fetches.length >= 4);
  expect(fetches.slice(0, 4)).toEqual(['inside', 'outside', 'outside', 'outside']);
  await other.query('rollback');
  expect((await world.effectsOf(appended)).map((effect) => effect.n)).toEqual(
    Array.from({ length: appended }, (_, n) => n),
  );
});
