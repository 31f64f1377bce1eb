import type { AnyEvent, EventOf } from '#contract/events.ts';
import { Client } from 'pg';
import { beforeEach, expect, test } from 'vitest';
import {
  appendOn,
  clockWithoutPolling,
  createLogWorld,
  type LogWorld,
  numberOf,
  paymentFailed,
  paymentProcessed,
  reservationCreated,
  seatReleased,
  seatReserved,
} from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
import type { Database } from '../platform/postgres/database.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';

let world: LogWorld;
/** A connection of its own, for transactions that somebody else holds open. */
let other: Client;

beforeEach(async () => {
  world = await createLogWorld();
  other = new Client(world.db.connection);
  await other.connect();
  return async () => {
    await other.end();
    await world[Symbol.asyncDispose]();
  };
});

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const createOnSeatReserved = (events: readonly AnyEvent[]) =>
  events.filter((event) => event.name === 'SeatReserved').map((event) => reservationCreated(numberOf(event)));

async function logged(): Promise<AnyEvent[]> {
  const rows = await world.rows<{ event: AnyEvent }>(
    `select e.event from messaging.log l, json_array_elements(l.events) with ordinality as e (event, place)
     order by l.epoch, l.xid, l.id, e.place`,
  );
  return rows.map((row) => row.event);
}

/** Somebody else's append, in a transaction that is open as long as the test wants. */
async function appendOpenly(event: AnyEvent): Promise<void> {
  await other.query('begin');
  await other.query('insert into messaging.log (names, events, event_count) values ($1, $2, 1)', [
    [event.name],
    JSON.stringify([event]),
  ]);
}

/** Counts how often a reader has looked at the log. */
function countingLooks(database: Database): Database & { looks: number } {
  const counting = {
    ...database,
    looks: 0,
    rows: (...[statement, values]: Parameters<Database['rows']>) => {
      if (statement.name === 'messaging.fetch') counting.looks += 1;
      return database.rows(statement, values);
    },
  } as Database & { looks: number };
  return counting;
}

async function severalLooks(database: { looks: number }): Promise<void> {
  const before = database.looks;
  await until('the reader has looked a few times', () => database.looks >= before + 3);
}

test('events are in the log if and only if their transaction commits', async () => {
  const instance = await world.start();
  await appendOn(instance, [seatReserved(1), seatReserved(2)]);
  await appendOn(instance, []);
  const failed = instance.database.transaction(async (tx) => {
    instance.messaging.append(tx, [seatReserved(3)]);
    await tx.rows({ name: 'test.fails', text: 'select 1 / 0' }, []);
  });
  await expect(failed).rejects.toBeInstanceOf(DatabaseFault);
  await expect(
    instance.database.transaction(async (tx) => {
      instance.messaging.append(tx, [seatReserved(4)]);
      throw new Error('the use case thinks better of it');
    }),
  ).rejects.toThrow('thinks better');

  expect(await logged()).toEqual([seatReserved(1), seatReserved(2)]);
  expect(instance.appended).toEqual(['SeatReserved', 'SeatReserved']);
});

test('what the log cannot hold is not done either, and nobody is told of it', async () => {
  const { database, messaging, appended } = await world.start();
  const effect = `insert into effects.effect (reader, event, n) values ('seats', 'SeatReserved', 1)`;
  const doing = database.transaction(async (tx) => {
    await tx.rows({ name: 'test.effect', text: effect }, []);
    messaging.append(tx, [{ ...seatReserved(1), userId: 'a character that jsonb refuses: \0' }]);
  });
  await expect(doing).rejects.toBeInstanceOf(DatabaseFault);
  expect(await world.effects()).toEqual([]);
  expect(appended).toEqual([]);
});

test('a great many events become several rows, and one taking of them is bounded', async () => {
  await world.append(...range(1, 3_000).map(seatReserved));
  await world.append(...range(3_001, 6_000).map(seatReserved));
  const sizes = await world.rows<{ event_count: number }>(
    'select event_count from messaging.log order by id',
  );
  expect(sizes.map((row) => row.event_count)).toEqual([1024, 1024, 952, 1024, 1024, 952]);

  await world.untilTakeable();
  const { taken } = await world.start({ reader: 'reservations' });
  const effects = await world.effectsOf(6_000);
  expect(effects.map((effect) => effect.n)).toEqual(range(1, 6_000));
  await until('both are observed', () => taken.length === 2);
  expect(taken).toEqual([1024 + 1024 + 952 + 1024 + 1024, 952]);
});

test('of what leads to much, such as the seats of a stadium, one row is taken at a time', async () => {
  await world.append(scheduled(1), scheduled(2));
  await world.append(scheduled(3), paymentFailed(4));
  await world.append(paymentFailed(5), paymentFailed(6));
  await world.append(paymentFailed(7));

  await world.untilTakeable();
  const { taken } = await world.start({ reader: 'seats' });
  await until('all of it is taken', () => taken.reduce((sum, events) => sum + events, 0) === 7);
  expect(taken).toEqual([2, 2, 3]);
});

function scheduled(performanceId: number): EventOf<'PerformanceScheduled'> {
  const at = '2031-01-01T00:00:00.000Z';
  const sections = [{ firstSeatNo: 1, seatCount: 10, priceKrw: 1_000 }];
  const terms = {
    concertId: 1,
    room: 'main',
    seatsPerPerson: 4,
    saleOpensAt: at,
    saleClosesAt: at,
    sections,
  };
  return { name: 'PerformanceScheduled', performanceId, ...terms };
}

test('three instances: every event takes effect once, what it emits is emitted once, and each reservation keeps its order', async () => {
  const instances = await Promise.all(
    range(1, 3).map(() =>
      world.start({ reader: 'reservations', react: (_, events) => createOnSeatReserved(events) }),
    ),
  );
  // 1,500 reservations, first reserved and some appends later paid or lapsed, in transactions of 1 to 7 events.
  const events = range(1, 1_500).flatMap((n) => [
    seatReserved(n),
    ...(n > 100 ? [n % 2 === 0 ? paymentProcessed(n - 100) : paymentFailed(n - 100), seatReleased(n)] : []),
  ]);
  for (let start = 0, size = 1; start < events.length; start += size, size = (size % 7) + 1) {
    const instance = instances[start % 3];
    if (instance !== undefined) await appendOn(instance, events.slice(start, start + size));
  }
  await world.effectsOf(2_900);
  await until('everybody has seen everything', async () => {
    const [row] = await world.rows<{ created: number }>(
      `select sum((select count(*) from json_array_elements(events) e where e ->> 'name' = 'ReservationCreated'))::int as created
       from messaging.log`,
    );
    return row?.created === 1_500;
  });

  const effects = await world.effects();
  expect(effects).toHaveLength(2_900);
  const byReservation = Map.groupBy(effects, (effect) => effect.n);
  for (const n of range(1, 1_500)) {
    const names = byReservation.get(n)?.map((effect) => effect.event);
    const second = n % 2 === 0 ? 'PaymentProcessed' : 'PaymentProcessingFailed';
    expect(names).toEqual(n <= 1_400 ? ['SeatReserved', second] : ['SeatReserved']);
  }
  const created = (await logged()).filter((event) => event.name === 'ReservationCreated').map(numberOf);
  expect(created.toSorted((a, b) => a - b)).toEqual(range(1, 1_500));
  expect(instances.flatMap((instance) => instance.parked)).toEqual([]);
});

test('two events of different names about one reservation keep their order in one taking', async () => {
  await world.append(
    seatReserved(1),
    paymentProcessed(1),
    seatReserved(2),
    paymentFailed(3),
    seatReserved(3),
  );
  await world.untilTakeable();
  const { taken } = await world.start({ reader: 'reservations' });
  const effects = await world.effectsOf(5);
  await until('it is observed', () => taken.length > 0);
  expect(taken).toEqual([5]);
  const of = (n: number) => effects.filter((effect) => effect.n === n).map((effect) => effect.event);
  expect(of(1)).toEqual(['SeatReserved', 'PaymentProcessed']);
  expect(of(3)).toEqual(['PaymentProcessingFailed', 'SeatReserved']);
});

test('a lower id that is committed later is not lost, and comes first', async () => {
  const database = countingLooks(await world.db.open());
  await world.start({ reader: 'reservations', database });
  await world.append(seatReserved(1));
  await world.effectsOf(1);

  await appendOpenly(seatReserved(2));
  await world.append(seatReserved(3));
  await world.append(seatReserved(4));
  await severalLooks(database);
  expect(await world.effects()).toHaveLength(1);

  await other.query('commit');
  const effects = await world.effectsOf(4);
  expect(effects.map((effect) => effect.n)).toEqual([1, 2, 3, 4]);
  const rows = await world.rows<{ n: number }>(`select id as n from messaging.log order by id`);
  expect(rows).toHaveLength(4);
});

test('an older transaction that appends last, with the highest id, is not lost either', async () => {
  const database = countingLooks(await world.db.open());
  await world.start({ reader: 'reservations', database });
  await other.query('begin');
  await other.query('select pg_current_xact_id()');
  await world.append(seatReserved(1));
  await severalLooks(database);
  await other.query('insert into messaging.log (names, events, event_count) values ($1, $2, 1)', [
    ['SeatReserved'],
    JSON.stringify([seatReserved(2)]),
  ]);
  await severalLooks(database);
  expect(await world.effects()).toEqual([]);
  await other.query('commit');
  // In the order of the transactions, which is the order of the readers for ever after.
  expect((await world.effectsOf(2)).map((effect) => effect.n)).toEqual([2, 1]);
});

test('transactions are numbers: the 10th comes after the 9th, and in one taking as in many', async () => {
  // From long ago, in the wrong order, with ids that say nothing.
  const old = [
    { xid: '100', id: 3, n: 4 },
    { xid: '9', id: 2, n: 1 },
    { xid: '99', id: 4, n: 3 },
    { xid: '10', id: 1, n: 2 },
  ];
  for (const { xid, id, n } of old) {
    await world.rows(
      `insert into messaging.log (xid, id, names, events, event_count) values ($1::text::xid8, $2, $3, $4, 1)`,
      [xid, id, ['SeatReserved'], JSON.stringify([seatReserved(n)])],
    );
  }
  const { taken } = await world.start({ reader: 'reservations' });
  expect((await world.effectsOf(4)).map((effect) => effect.n)).toEqual([1, 2, 3, 4]);
  await until('it is observed', () => taken.length > 0);
  expect(taken).toEqual([4]);
  const [cursor] = await world.rows(
    "select epoch, xid::text, id from messaging.cursor where reader = 'reservations'",
  );
  expect(cursor).toEqual({ epoch: 1, xid: '100', id: 3 });
});

test('what is above the horizon is looked for again, without a ring and without the poll', async () => {
  const database = countingLooks(await world.db.open());
  await world.start({ reader: 'reservations', database, clock: clockWithoutPolling });
  await world.append(seatReserved(1));
  await world.effectsOf(1);
  await other.query('begin');
  await other.query('select pg_current_xact_id()');
  await world.append(seatReserved(2));
  await severalLooks(database);
  expect(await world.effects()).toHaveLength(1);
  // It appended nothing, so nobody is told of its end.
  await other.query('rollback');
  expect((await world.effectsOf(2)).map((effect) => effect.n)).toEqual([1, 2]);
});

test('an append on one instance wakes the reader on another, without the poll', async () => {
  await world.start({ reader: 'reservations', clock: clockWithoutPolling });
  for (const n of range(1, 5)) {
    await world.append(seatReserved(n));
    expect(await world.effectsOf(n)).toHaveLength(n);
  }
});

test('a reader whose connection dies between its effects and its commit makes them once', async () => {
  let victim: number | undefined;
  const { promise: killed, resolve: kill } = Promise.withResolvers<void>();
  await world.start({
    reader: 'reservations',
    react: async (tx, events) => {
      if (victim === undefined) {
        const [row] = await tx.rows<{ pid: number }>(
          { name: 'test.pid', text: 'select pg_backend_pid() as pid' },
          [],
        );
        victim = row?.pid;
        await killed;
      }
      return createOnSeatReserved(events);
    },
  });
  await world.append(seatReserved(1), seatReserved(2));
  const pid = await until('the reaction has made its effects', () => victim);
  await other.query('select pg_terminate_backend($1)', [pid]);
  await until('the connection is gone', async () => {
    const { rowCount } = await other.query('select from pg_stat_activity where pid = $1', [pid]);
    return rowCount === 0;
  });
  kill();
  expect((await world.effectsOf(2)).map((effect) => effect.n)).toEqual([1, 2]);
  await until('what it emits is in the log', async () => (await logged()).length === 4);
  await world.append(seatReserved(3));
  expect((await world.effectsOf(3)).map((effect) => effect.n)).toEqual([1, 2, 3]);
});

test('an instance that stops hands over to another: nothing is lost and nothing is done twice', async () => {
  const first = await world.start({ reader: 'reservations' });
  await world.append(...range(1, 10).map(seatReserved));
  await world.effectsOf(10);
  await first[Symbol.asyncDispose]();
  await world.append(...range(11, 20).map(seatReserved));
  await world.start({ reader: 'reservations' });
  await world.append(...range(21, 30).map(seatReserved));
  expect((await world.effectsOf(30)).map((effect) => effect.n)).toEqual(range(1, 30));
});

test('every connection cut again and again: it goes on without a restart, and the log and the effects agree', async () => {
  await world.start({ reader: 'reservations', react: (_, events) => createOnSeatReserved(events) });
  await world.start({ reader: 'reservations', react: (_, events) => createOnSeatReserved(events) });
  let failures = 0;
  for (const round of range(0, 7)) {
    await Promise.all([
      ...range(1, 20).map((i) => {
        return world.append(seatReserved(round * 20 + i)).catch((error: unknown) => {
          expect(error).toMatchObject({ kind: 'down' });
          failures += 1;
        });
      }),
      other.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
      ),
    ]);
  }
  await until('appending works again', () =>
    world.append(seatReserved(1_000)).then(
      () => true,
      () => false,
    ),
  );

  const events = await until('everything that is in the log has taken effect', async () => {
    const inLog = (await logged()).filter((event) => event.name === 'SeatReserved').map(numberOf);
    return (await world.effects()).length >= inLog.length && inLog;
  });
  expect(events.length).toBeGreaterThanOrEqual(161 - failures);
  const effects = (await world.effects()).map((effect) => effect.n);
  expect(effects).toEqual(events);
  const created = (await logged()).filter((event) => event.name === 'ReservationCreated').map(numberOf);
  expect(created.toSorted((a, b) => a - b)).toEqual(events.toSorted((a, b) => a - b));
});

test('what is too much for a slow database is taken in smaller sets', async () => {
  for (const n of range(1, 300)) await world.append(seatReserved(n));
  const { taken } = await world.start({
    reader: 'reservations',
    react: (_, events) => {
      if (events.length <= 100) return [];
      const cause = Object.assign(new Error('statement timeout'), { severity: 'ERROR', code: '57014' });
      throw new DatabaseFault('test.slow', cause);
    },
  });
  expect((await world.effectsOf(300)).map((effect) => effect.n)).toEqual(range(1, 300));
  expect(Math.max(...taken)).toBeLessThanOrEqual(100);
});
