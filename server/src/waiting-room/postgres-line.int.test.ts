import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { Database } from '../platform/postgres/database.ts';
import { describeLine } from './line.contract.ts';
import { ACTIVE_TTL_MS } from './line-bench.contract.ts';
import { createPostgresLine } from './postgres-line.ts';

const ADVANCE_TOKENS = {
  name: 'test.advance-tokens',
  text: `update waiting_room.token set expires_at = expires_at - $1::int * interval '1 millisecond'
    where state = 'ACTIVE'`,
};
const ADVANCE_ROOMS = {
  name: 'test.advance-rooms',
  text: `update waiting_room.room set refilled_at = refilled_at - $1::int * interval '1 millisecond'`,
};
const COUNT = {
  name: 'test.count',
  text: `select count(*) filter (where state = 'WAITING') as waiting, count(*) filter (where state = 'ACTIVE') as active
    from waiting_room.token where room = $1`,
};

describeLine('PostgreSQL', async () => {
  const db = await createTestDatabase();
  const { database } = db;
  const lineOn = (instance: Database) =>
    createPostgresLine({ database: instance, activeTtlMs: ACTIVE_TTL_MS });
  return {
    lines: [lineOn(database), lineOn(await db.open())],
    transaction: (work) => database.transaction(work),
    advance: (ms) =>
      database.transaction(async (tx) => {
        await tx.rows(ADVANCE_ROOMS, [ms]);
        await tx.rows(ADVANCE_TOKENS, [ms]);
      }),
    count: async (room) => {
      const [row] = await database.rows<{ waiting: number; active: number }>(COUNT, [room]);
      return row ?? { waiting: -1, active: -1 };
    },
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
});

test('a clock that was set back does not stop the line', async () => {
  await using db = await createTestDatabase();
  const line = createPostgresLine({ database: db.database, activeTtlMs: ACTIVE_TTL_MS });
  await line.createRoom('main', { rateCount: 1, rateWindowMs: 60_000, capacity: null }, 'OPEN');
  await line.join([1, 2].map(() => ({ room: 'main', userId: randomUUID() })));
  const advance = (ms: number) => db.database.transaction((tx) => tx.rows(ADVANCE_ROOMS, [ms]));
  await advance(-3_600_000);
  await line.tick();
  await advance(61_000);
  await line.tick();
  expect(await line.rooms()).toMatchObject([{ head: 2 }]);
});

test('an idle room is only looked at', async () => {
  await using db = await createTestDatabase();
  const line = createPostgresLine({ database: db.database, activeTtlMs: ACTIVE_TTL_MS });
  await line.createRoom('main', { rateCount: 1, rateWindowMs: 3_600_000, capacity: null }, 'OPEN');
  await line.join([1, 2].map(() => ({ room: 'main', userId: randomUUID() })));
  const version = () =>
    db.database.rows({ name: 'test.xmin', text: 'select xmin::text, xmax::text from waiting_room.room' }, []);
  const before = await version();
  await line.tick();
  await line.tick();
  expect(await version()).toEqual(before);
});
