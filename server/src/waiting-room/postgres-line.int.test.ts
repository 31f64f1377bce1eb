import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import type { Database } from '../platform/postgres/database.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import { STEP_MAX } from './admit.ts';
import { describeLine } from './line.contract.ts';
import {
  ACTIVE_TTL_MS,
  capacity,
  CLAIM_WINDOW_MS,
  type LineHarness,
  type RecordedPlace,
} from './line-bench.contract.ts';
import { describeLineModel } from './line-model.contract.ts';
import type { Policy } from './policy.ts';
import { createPostgresLine } from './postgres-line.ts';

const TIMES = { activeTtlMs: ACTIVE_TTL_MS, claimWindowMs: CLAIM_WINDOW_MS };
const setup = (policy: Policy) => ({ policy, state: 'OPEN', opensAt: null }) as const;
const ADVANCE_TOKENS = {
  name: 'test.advance-tokens',
  text: `update waiting_room.token t
    set admitted_at = t.admitted_at - by.ms, expires_at = t.expires_at - by.ms, holds_until = t.holds_until - by.ms
    from (select $1::int * interval '1 millisecond' as ms) as by
    where t.admitted_at is not null`,
};
const ADVANCE_ROOMS = {
  name: 'test.advance-rooms',
  text: `update waiting_room.room r set refilled_at = r.refilled_at - by.ms, opens_at = r.opens_at - by.ms
    from (select $1::int * interval '1 millisecond' as ms) as by`,
};
const PLACES = {
  name: 'test.places',
  text: `select number, user_id as "userId", state, claimed_at is not null as claimed, departure,
      reservation_id as "reservationId",
      floor(1000 * extract(epoch from admitted_at))::float8 as "admittedAtMs",
      1000 * extract(epoch from expires_at - clock_timestamp())::float8 as "expiresInMs",
      1000 * extract(epoch from holds_until - clock_timestamp())::float8 as "holdsForMs"
    from waiting_room.token where room = $1 order by number`,
};
const LOCK_FIRST = {
  name: 'test.lock-first',
  text: 'select from waiting_room.token where number = 1 for update',
};
const LOCK_SECOND = {
  name: 'test.lock-second',
  text: 'select from waiting_room.token where number = 2 for update',
};
const LOCK_ROOM = {
  name: 'test.lock-room',
  text: 'select from waiting_room.room where room = $1 for update',
};
const LEFT = {
  name: 'test.left',
  text: `with gone as (
      insert into waiting_room.token (room, number, epoch, user_id, state, ended_at, departure)
      select 'main', n, 1, gen_random_uuid(), 'LEFT', clock_timestamp(), n from generate_series(1, $1::int) as n
    )
    update waiting_room.room set last_number = $1, departed = $1 where room = 'main'`,
};
const COUNT = {
  name: 'test.count',
  text: `select count(*) filter (where state = 'WAITING') as waiting, count(*) filter (where state = 'ACTIVE') as active
    from waiting_room.token where room = $1`,
};

describeLine('PostgreSQL', createHarness);
describeLineModel('PostgreSQL', createHarness);

async function createHarness(): Promise<LineHarness> {
  const db = await createTestDatabase();
  const { database } = db;
  const lineOn = (instance: Database) => createPostgresLine({ database: instance, ...TIMES });
  return {
    lines: [lineOn(database), lineOn(await db.open())],
    isBusy: (error) => error instanceof DatabaseFault && error.kind === 'again',
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
    places: (room) => database.rows<RecordedPlace & Record<string, unknown>>(PLACES, [room]),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

test('a clock that was set back does not stop the line', async () => {
  await using db = await createTestDatabase();
  const line = createPostgresLine({ database: db.database, ...TIMES });
  await line.createRoom('main', setup({ rateCount: 1, rateWindowMs: 60_000, capacity: null }));
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
  const line = createPostgresLine({ database: db.database, ...TIMES });
  await line.createRoom('main', setup({ rateCount: 1, rateWindowMs: 3_600_000, capacity: null }));
  await line.join([1, 2].map(() => ({ room: 'main', userId: randomUUID() })));
  const version = () =>
    db.database.rows({ name: 'test.xmin', text: 'select xmin::text, xmax::text from waiting_room.room' }, []);
  const before = await version();
  await line.tick();
  await line.tick();
  expect(await version()).toEqual(before);
});

test('a crowd that left is stepped over a part at a time, and nobody comes in too early or too late for it', async () => {
  await using db = await createTestDatabase();
  const line = createPostgresLine({ database: db.database, ...TIMES });
  await line.createRoom('main', {
    ...setup({ rateCount: 20, rateWindowMs: 3_600_000, capacity: 9 }),
    state: 'PAUSED',
  });
  const gone = 2 * STEP_MAX + 5;
  await db.database.rows(LEFT, [gone]);
  await line.join([1, 2, 3].map(() => ({ room: 'main', userId: randomUUID() })));
  const change = await line.changeRoom('main', { state: 'OPEN' });
  expect(change).toMatchObject({ view: { head: STEP_MAX, waiting: 3, active: 0, admitted: 0 } });
  expect(await line.tick()).toBe(0);
  expect(await line.rooms()).toMatchObject([{ head: 2 * STEP_MAX, waiting: 3, active: 0, admitted: 0 }]);
  expect(await line.tick()).toBeGreaterThan(0);
  expect(await line.rooms()).toMatchObject([{ head: gone + 2, waiting: 1, active: 2, admitted: 2 }]);
});

test('a turn that somebody is just at is left to the next look: neither is the other waited for, nor is it ended', async () => {
  await using db = await createTestDatabase();
  const line = createPostgresLine({ database: db.database, ...TIMES });
  await line.createRoom('main', setup(capacity(2)));
  await line.join([1, 2, 3].map(() => ({ room: 'main', userId: randomUUID() })));
  await db.database.transaction((tx) => tx.rows(ADVANCE_TOKENS, [ACTIVE_TTL_MS + 10_000]));
  const places = [1, 2, 3].map((number) => ({ room: 'main', epoch: 1, number }));
  const states = async () => (await line.turns(places)).map((turn) => turn?.state);
  await db.database.transaction(async (tx) => {
    await tx.rows(LOCK_FIRST, []);
    await line.tick();
    expect(await states()).toEqual(['ACTIVE', 'EXPIRED', 'ACTIVE']);
  });
  await line.tick();
  expect(await states()).toEqual(['EXPIRED', 'EXPIRED', 'ACTIVE']);
});

test('whose place somebody else has locked is waited for, not passed over', async () => {
  await using db = await createTestDatabase();
  const line = createPostgresLine({ database: db.database, ...TIMES });
  await line.createRoom('main', setup(capacity(1)));
  await line.join([1, 2, 3].map(() => ({ room: 'main', userId: randomUUID() })));
  const places = [1, 2, 3].map((number) => ({ room: 'main', epoch: 1, number }));
  await db.database.transaction(async (tx) => {
    await tx.rows(LOCK_SECOND, []);
    await expect(line.changeRoom('main', { policy: capacity(2) })).rejects.toThrow(DatabaseFault);
  });
  await line.changeRoom('main', { policy: capacity(2) });
  const turns = await line.turns(places);
  expect(turns.map((turn) => turn?.state)).toEqual(['ACTIVE', 'ACTIVE', 'WAITING']);
});

test('a room that is locked holds up no other', async () => {
  await using db = await createTestDatabase();
  const line = createPostgresLine({ database: db.database, ...TIMES });
  const rooms = ['a', 'b'];
  for (const room of rooms) {
    await line.createRoom(room, setup(capacity(1)));
    await line.join([1, 2].map(() => ({ room, userId: randomUUID() })));
  }
  await db.database.transaction((tx) => tx.rows(ADVANCE_TOKENS, [ACTIVE_TTL_MS + 10_000]));
  const places = rooms.flatMap((room) => [1, 2].map((number) => ({ room, epoch: 1, number })));
  const states = async () => (await line.turns(places)).map((turn) => turn?.state);
  await db.database.transaction(async (tx) => {
    await tx.rows(LOCK_ROOM, ['a']);
    await expect(line.tick()).rejects.toThrow(DatabaseFault);
    expect(await states()).toEqual(['ACTIVE', 'WAITING', 'EXPIRED', 'ACTIVE']);
  });
  await line.tick();
  expect(await states()).toEqual(['EXPIRED', 'ACTIVE', 'EXPIRED', 'ACTIVE']);
});

test('a tick reads the rooms in which something can happen, however many were ever made', async () => {
  await using db = await createTestDatabase();
  const looked: string[][] = [];
  const line = createPostgresLine({
    database: {
      ...db.database,
      rows: async (statement, values) => {
        const rows = await db.database.rows<Record<string, unknown>>(statement, values);
        if (statement.name === 'waiting-room.look') looked.push(rows.map((row) => String(row['room'])));
        return rows as never;
      },
    },
    ...TIMES,
  });
  const join = (room: string) => line.join([{ room, userId: randomUUID() }]);
  for (const room of ['idle', 'inside', 'waiting', 'paused']) await line.createRoom(room, setup(capacity(1)));
  for (const room of ['inside', 'waiting', 'waiting']) await join(room);
  await line.changeRoom('paused', { state: 'PAUSED' });
  await join('paused');
  await line.leave([{ room: 'waiting', epoch: 1, number: 1 }]);
  const opensAt = new Date(Date.now() + 3_600_000).toISOString();
  await join('waiting');
  await line.changeRoom('waiting', { opensAt, policy: { capacity: 2 } });
  await line.leave([{ room: 'waiting', epoch: 1, number: 2 }]);
  expect(await line.tick()).toBeLessThanOrEqual(3_600_000);
  expect(looked.at(-1)).toEqual(['inside', 'waiting']);

  await db.database.transaction((tx) => tx.rows(ADVANCE_ROOMS, [3_600_000]));
  await line.tick();
  expect(await line.rooms(['waiting', 'nowhere', 'idle'])).toMatchObject([
    { room: 'idle', active: 0 },
    { room: 'waiting', waiting: 0, active: 1 },
  ]);
  expect(await join('idle')).toMatchObject([{ state: 'ACTIVE' }]);
  await line.tick();
  expect(looked.at(-1)).toEqual(['idle', 'inside', 'waiting']);
  await line.changeRoom('paused', { state: 'OPEN' });
  expect(await line.rooms(['paused'])).toMatchObject([{ waiting: 0, active: 1 }]);
});
