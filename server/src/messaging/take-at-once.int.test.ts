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
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import { until } from '../../test/support/until.ts';
import { watchFetches } from '../../test/support/watch-fetches.ts';

/** What pace.ts waits for another instance that is at it. */
const STAND_BY_MS = 200;

let world: LogWorld;
let other: Client;
let instance: LogInstance;
const fetches: string[] = [];
const sleepsMs: number[] = [];
let commits = 0;
/** What the next fetch fails with, once. */
let fault: DatabaseFault | undefined;
let appended = 0;

beforeAll(async () => {
  world = await createLogWorld();
  other = new Client(world.db.connection);
  await other.connect();
  const watched = watchFetches(await world.db.open(), (where) => {
    fetches.push(where);
    const failed = fault;
    fault = undefined;
    if (failed !== undefined) throw failed;
  });
  const database: Database = {
    ...watched,
    transaction: (work) =>
      watched.transaction((tx) => {
        tx.onCommit(() => (commits += 1));
        return work(tx);
      }),
  };
  const clock: Clock = {
    ...clockWithoutPolling,
    sleep: (ms, signal) => {
      sleepsMs.push(ms);
      return clockWithoutPolling.sleep(ms, signal);
    },
  };
  instance = await world.start({ reader: 'reservations', database, clock });
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

test('what lies above the horizon is found in vain once, without a commit, and looked for from then on', async () => {
  await other.query('begin');
  await other.query('select pg_current_xact_id()');
  fetches.length = commits = 0;
  await appendOn(instance, [seatReserved(appended++)]);
  await until('it is looked for', () => fetches.length >= 4);
  await appendOn(instance, [seatReserved(appended++)]);
  const looked = fetches.length;
  await until('it is looked for again', () => fetches.length > looked + 2);
  // Those of the two that append.
  expect(commits).toBe(2);
  expect(fetches.filter((where) => where === 'inside')).toHaveLength(1);
  await other.query('rollback');
  await expectEachOnce();
});

test('where another instance has the cursor, it is looked before it stands by', async () => {
  await other.query('begin');
  await other.query(`select from messaging.cursor where reader = 'reservations' for update`);
  fetches.length = sleepsMs.length = 0;
  await appendOn(instance, [seatReserved(appended++)]);
  await until('it has looked', () => fetches.length >= 3);
  expect(fetches.slice(0, 2)).toEqual(['inside', 'outside']);
  expect(sleepsMs).not.toContain(STAND_BY_MS);
  await other.query('rollback');
  await expectEachOnce();
});

test('a fault on the way to the cursor loses nothing, and is followed by a look', async () => {
  fetches.length = 0;
  fault = new DatabaseFault('messaging.fetch', new Error('the connection is gone'), 'down');
  await appendOn(instance, [seatReserved(appended++)]);
  await expectEachOnce();
  expect(fetches.slice(0, 2)).toEqual(['inside', 'outside']);
});

async function expectEachOnce(): Promise<void> {
  expect((await world.effectsOf(appended)).map((effect) => effect.n)).toEqual(
    Array.from({ length: appended }, (_, n) => n),
  );
}
