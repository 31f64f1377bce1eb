import type { AnyEvent } from '#contract/events.ts';
import { Client } from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { createLogWorld, type LogWorld, seatReleased, seatReserved } from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { openDatabase } from '../platform/postgres/database.ts';
import { READ_WHOLE_LOG, retainOnce } from './retain-log.ts';

const PART = 1_000_000;
const HOUR_MS = 3_600_000;

let world: LogWorld;

beforeEach(async () => {
  world = await createLogWorld();
  // The tests are about one reader, or say so: the others have read whatever comes.
  await world.rows(`update messaging.cursor set epoch = 1000 where reader <> 'reservations'`);
  return () => world[Symbol.asyncDispose]();
});

async function partitions(): Promise<string[]> {
  const rows = await world.rows<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'messaging.log'::regclass
     order by split_part(inhrelid::regclass::text, '_', 2)::int`,
  );
  return rows.map((row) => row.name.replace('messaging.log_', ''));
}

/** The next event gets this id. */
async function goTo(id: number): Promise<void> {
  await world.rows(`select setval('messaging.log_id', $1, false)`, [id]);
}

async function ids(): Promise<number[]> {
  const rows = await world.rows<{ id: number }>('select id from messaging.log order by id');
  return rows.map((row) => row.id);
}

/** Puts a reader's cursor at the newest row or at the beginning. */
async function putCursor(reader: string, at: 'end' | 'beginning'): Promise<void> {
  await world.rows(
    at === 'beginning'
      ? `update messaging.cursor set epoch = 0, xid = '0', id = 0 where reader = $1`
      : `update messaging.cursor set (epoch, xid, id) =
           (select epoch, xid, id from messaging.log order by epoch desc, xid desc, id desc limit 1)
         where reader = $1`,
    [reader],
  );
}

const pass = (retentionMs: number) => retainOnce(world.db.database, retentionMs);

test('a reader that has never run holds back retention like any other', async () => {
  await world.append(seatReserved(1));
  await goTo(PART);
  expect(await pass(0)).toEqual([]);
  await world.start({ reader: 'reservations' });
  expect((await world.effectsOf(1)).map((effect) => effect.n)).toEqual([1]);
  await putCursor('reservations', 'end');
  // The instance tidies as well when it starts, and one does at a time.
  const dropped = await until('it is dropped', async () => {
    const names = await pass(0);
    return names.length > 0 && names;
  });
  expect(dropped).toEqual(['messaging.log_0']);
});

test('two partitions are always ready ahead, and events go on across a border', async () => {
  await pass(HOUR_MS);
  expect(await partitions()).toEqual(['0', '1', '2']);
  await goTo(PART - 1);
  for (const n of [1, 2, 3]) await world.append(seatReserved(n));
  expect(await ids()).toEqual([PART - 1, PART, PART + 1]);
  await pass(HOUR_MS);
  expect(await partitions()).toEqual(['0', '1', '2', '3']);
  await pass(HOUR_MS);
  expect(await partitions()).toEqual(['0', '1', '2', '3']);

  await world.start({ reader: 'reservations' });
  expect((await world.effectsOf(3)).map((effect) => effect.n)).toEqual([1, 2, 3]);
});

test('a partition is dropped only when it is past, read by everybody, and old enough', async () => {
  await world.append(seatReserved(1));
  await putCursor('reservations', 'end');
  expect(await pass(0)).toEqual([]); // it is the current one

  await goTo(PART);
  await putCursor('seats', 'beginning');
  expect(await pass(0)).toEqual([]); // somebody has not read it

  await putCursor('seats', 'end');
  expect(await pass(HOUR_MS)).toEqual([]); // it is young
  expect(await pass(90 * 24 * HOUR_MS)).toEqual([]); // the longest setting

  expect(await pass(0)).toEqual(['messaging.log_0']);
  expect(await partitions()).toEqual(['1', '2', '3']);
  expect(await ids()).toEqual([]);
  await world.append(seatReserved(2));
  expect(await ids()).toEqual([PART]);
});

test('several past partitions go at once, an empty one at any age, but none behind the slowest reader', async () => {
  await world.append(seatReserved(1));
  await goTo(PART);
  await pass(HOUR_MS);
  await goTo(2 * PART);
  await world.append(seatReserved(2));
  await putCursor('reservations', 'end');
  expect(await pass(HOUR_MS)).toEqual(['messaging.log_1']);
  await goTo(3 * PART);
  await world.append(seatReserved(3));
  expect(await pass(0)).toEqual(['messaging.log_0', 'messaging.log_2']);

  await pass(HOUR_MS);
  await goTo(4 * PART);
  await world.append(seatReserved(4));
  expect(await pass(0)).toEqual([]);
  expect(await ids()).toEqual([3 * PART, 4 * PART]);
});

test('a row that is still being appended to a past partition keeps it', async () => {
  await world.append(seatReserved(1));
  await using other = await connect();
  await other.client.query('begin');
  await other.client.query(`insert into messaging.log (names, events, event_count) values ($1, $2, 1)`, [
    ['SeatReserved'],
    JSON.stringify([seatReserved(2)]),
  ]);
  await goTo(PART);
  await putCursor('reservations', 'end');
  await expect(pass(0)).rejects.toMatchObject({ kind: 'again', sqlstate: '55P03' });
  // What could not be dropped does not keep the next partitions from being made.
  expect(await partitions()).toEqual(['0', '1', '2', '3']);
  await other.client.query('commit');
  expect(await pass(0)).toEqual([]);
  await world.start({ reader: 'reservations' });
  expect((await world.effectsOf(1)).map((effect) => effect.n)).toEqual([2]);
});

test('a row that is committed to a past partition while the pass waits for it is seen in time', async () => {
  await using patient = openDatabase({
    connection: world.db.connection,
    connectionsMax: 1,
    settings: { lock_timeout: '20s' },
    onIdleError: () => {},
  });
  await pass(HOUR_MS);
  await world.append(seatReserved(1));
  await using other = await connect();
  await other.client.query('begin');
  await other.client.query(`insert into messaging.log (names, events, event_count) values ($1, $2, 1)`, [
    ['SeatReserved'],
    JSON.stringify([seatReserved(2)]),
  ]);
  await goTo(PART);
  await putCursor('reservations', 'end');
  const passing = retainOnce(patient, 0);
  await until('the pass waits', async () => {
    const { rowCount } = await other.client.query(
      `select from pg_locks where not granted and relation = 'messaging.log'::regclass`,
    );
    return rowCount === 1;
  });
  await other.client.query('commit');
  expect(await passing).toEqual([]);
  expect(await ids()).toEqual([1, 2]);
});

test('one instance tidies at a time', async () => {
  await using other = await connect();
  await other.client.query('begin');
  await other.client.query(`select pg_advisory_xact_lock(hashtext('frontrow.retain-log'))`);
  expect(await pass(0)).toEqual([]);
  expect(await partitions()).toEqual(['0', '1']);
  await other.client.query('rollback');
  await Promise.all([pass(0), pass(0), pass(0)]);
  expect(await partitions()).toEqual(['0', '1', '2']);
});

test('nothing is dropped while somebody reads the whole of the log, and nobody waits for that', async () => {
  await goTo(PART);
  await world.db.database.transaction(async (tx) => {
    await tx.rows(READ_WHOLE_LOG, []);
    expect(await pass(0)).toEqual([]);
    await world.append(seatReserved(1));
  });
  expect(await pass(0)).toEqual(['messaging.log_0']);
});

test('a reader that finds nothing for it writes down how far it has looked, so that it never holds back retention', async () => {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  await world.start({ reader: 'reservations', clock });
  await world.append(seatReserved(1));
  await world.effectsOf(1);
  const foreign: AnyEvent[] = [seatReleased(1), seatReleased(2)];
  for (const event of foreign) await world.append(event);
  await goTo(PART);
  await pass(HOUR_MS);
  expect(await pass(0)).toEqual([]);

  aheadMs = 10_000;
  await until('the cursor stands at the last row', async () => {
    const rows = await world.rows(
      `select from messaging.cursor c, messaging.log l
       where c.reader = 'reservations' and (c.epoch, c.xid, c.id) = (l.epoch, l.xid, l.id) and l.names = '{SeatReleased}'
         and l.id = (select max(id) from messaging.log)`,
    );
    return rows.length === 1;
  });
  expect(await pass(0)).toEqual(['messaging.log_0']);
});

test('what was parked and settled long ago is forgotten; what is open stays', async () => {
  await world.rows(
    `insert into messaging.parked (reader, epoch, xid, id, position, event, error, retry_at, settled_at, settled_by)
     select 'reservations', 1, '1'::xid8, n, 0, '{}'::jsonb, 'test', clock_timestamp() + interval '1 day',
       clock_timestamp() - n * interval '1 hour', 'retried' from generate_series(1, 4) as n
     union all select 'reservations', 1, '1'::xid8, 9, 0, '{}'::jsonb, 'test', clock_timestamp() + interval '1 day', null, null`,
  );
  await pass(2.5 * HOUR_MS);
  expect(await world.rows('select id from messaging.parked order by id')).toEqual([
    { id: 1 },
    { id: 2 },
    { id: 9 },
  ]);
});

async function connect(): Promise<AsyncDisposable & { readonly client: Client }> {
  const client = new Client(world.db.connection);
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
