import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createEmptyDatabase, type EmptyDatabase } from '../../../test/support/empty-database.ts';
import { until } from '../../../test/support/until.ts';
import { type Database, openDatabase, type Tx } from './database.ts';
import { DatabaseFault } from './faults.ts';
import { statement } from './statement.ts';

const INSERT = statement(`/* test.insert */ insert into item (name) values ($1) returning item_id`);
const SELECT = statement(`/* test.select */ select name from item order by item_id`);
const PID = statement(`/* test.pid */ select pg_backend_pid() as pid`);
const SLEEP = statement(`/* test.sleep */ select pg_sleep($1)`);

let db: EmptyDatabase;
/** One connection: whatever a test leaves behind on it, the next statement meets. */
let database: Database;
let admin: Client;

beforeAll(async () => {
  db = await createEmptyDatabase();
  admin = new Client(db.connection);
  await admin.connect();
  await admin.query(`
    create table item (item_id int generated always as identity primary key, name text not null unique);
    create table slow (name text);
    create function sleep_at_commit() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return null; end $$;
    create constraint trigger slow_commit after insert on slow deferrable initially deferred
      for each row execute function sleep_at_commit()`);
  database = open();
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await admin.end();
  await db[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await admin.query('truncate item restart identity');
});

function open(options: { settings?: Record<string, string>; answerMaxMs?: number } = {}): Database {
  const { settings = {}, ...others } = options;
  return openDatabase({
    connection: db.connection,
    connectionsMax: 1,
    settings,
    onIdleError: () => {},
    ...others,
  });
}

async function names(): Promise<string[]> {
  return (await database.rows<{ name: string }>(SELECT, [])).map((row) => row.name);
}

async function faultOf(work: Promise<unknown>): Promise<DatabaseFault> {
  const fault = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof DatabaseFault)) throw new Error(`expected a fault, got ${String(fault)}`);
  return fault;
}

async function pidOf(tx: Tx): Promise<number> {
  const [row] = await tx.rows<{ pid: number }>(PID, []);
  return row?.pid ?? 0;
}

test('what is committed is there, and what the work gives is given back', async () => {
  const id = await database.transaction(async (tx) => {
    const [row] = await tx.rows<{ item_id: number }>(INSERT, ['a']);
    return row?.item_id;
  });
  expect(id).toBe(1);
  expect(await names()).toEqual(['a']);
});

test('a failed statement takes everything back, and its fault says why', async () => {
  const fault = await faultOf(
    database.transaction(async (tx) => {
      await tx.rows(INSERT, ['a']);
      await tx.rows(INSERT, ['a']);
    }),
  );
  expect(fault).toMatchObject({ kind: 'data', sqlstate: '23505', constraint: 'item_name_key' });
  expect(fault.message).toMatch(/^test\.insert: /);
  expect(await names()).toEqual([]);
});

test('an error of the work takes everything back and comes out as it is', async () => {
  const error = new RangeError('not today');
  const work = database.transaction(async (tx) => {
    await tx.rows(INSERT, ['a']);
    throw error;
  });
  await expect(work).rejects.toBe(error);
  expect(await names()).toEqual([]);
});

test('a statement that was only sent fails the transaction', async () => {
  const fault = await faultOf(
    database.transaction(async (tx) => {
      await tx.rows(INSERT, ['a']);
      tx.send(INSERT, ['b']);
      tx.send(INSERT, ['a']);
      tx.send(INSERT, ['c']);
    }),
  );
  expect(fault).toMatchObject({ sqlstate: '23505', kind: 'data' });
  expect(await names()).toEqual([]);
});

test('what failed is told, not that a statement behind it could not run', async () => {
  const fault = await faultOf(
    database.transaction(async (tx) => {
      await tx.rows(INSERT, ['a']);
      tx.send(INSERT, ['a']);
      await tx.rows(INSERT, ['b']);
    }),
  );
  expect(fault).toMatchObject({ sqlstate: '23505', kind: 'data' });
  expect(await names()).toEqual([]);
});

test('work that hides a failure cannot commit: the answer to its COMMIT is a fault', async () => {
  const hook = vi.fn<() => void>();
  const fault = await faultOf(
    database.transaction(async (tx) => {
      tx.onCommit(hook);
      await tx.rows(INSERT, ['a']);
      await tx.rows(INSERT, ['a']).catch(() => {});
    }),
  );
  expect(fault.message).toBe('commit: answered ROLLBACK');
  expect(fault.kind).toBe('data');
  expect(hook).not.toHaveBeenCalled();
  expect(await names()).toEqual([]);
});

test('statements that travel together run in their order', async () => {
  await database.transaction(async (tx) => {
    tx.send(INSERT, ['first']);
    const rows = Array.from({ length: 50 }, (_, i) => tx.rows<{ item_id: number }>(INSERT, [`n${i}`]));
    const ids = (await Promise.all(rows)).map(([row]) => row?.item_id);
    expect(ids).toEqual(Array.from({ length: 50 }, (_, i) => i + 2));
    tx.send(INSERT, ['last']);
  });
  expect((await names()).at(0)).toBe('first');
  expect((await names()).at(-1)).toBe('last');
});

test('one of several that travel together fails: the others take no effect, and the connection goes on', async () => {
  const late = statement(`/* test.only-here */ insert into item (name) values ($1)`);
  const fault = await faultOf(
    database.transaction((tx) =>
      Promise.all([
        tx.rows(INSERT, ['a']),
        tx.rows(INSERT, [null]),
        tx.rows(late, ['b']),
        tx.rows(late, ['c']),
      ]),
    ),
  );
  expect(fault).toMatchObject({ sqlstate: '23502' });
  // The statement that was first prepared in the failed transaction can be prepared again.
  await database.transaction((tx) => tx.rows(late, ['d']));
  expect(await names()).toEqual(['d']);
});

test('work that goes on after its transaction has ended is refused, not run in somebody else’s', async () => {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let straggler: Promise<unknown> | undefined;
  const failed = database.transaction(async (tx) => {
    const late = async () => {
      await ended;
      await tx.rows(INSERT, ['stray']);
    };
    straggler = late();
    await Promise.all([straggler, tx.rows(INSERT, [null])]);
  });
  await expect(failed).rejects.toBeInstanceOf(DatabaseFault);
  await database.transaction(async (tx) => {
    await tx.rows(INSERT, ['other']);
    end();
    await expect(straggler).rejects.toThrow('test.insert came after the end of its transaction');
  });
  expect(await names()).toEqual(['other']);
});

test('a connection that is lost during the work is a fault, and the next one works', async () => {
  const hook = vi.fn<() => void>();
  const fault = await faultOf(
    database.transaction(async (tx) => {
      tx.onCommit(hook);
      await tx.rows(INSERT, ['a']);
      const pid = await pidOf(tx);
      const terminate = async () => {
        // Before the statement has arrived, its own write may be what finds the connection gone.
        await until('the backend is asleep', async () => {
          const asleep = `select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`;
          return (await admin.query(asleep, [pid])).rowCount === 1;
        });
        await admin.query('select pg_terminate_backend($1)', [pid]);
      };
      await Promise.all([tx.rows(SLEEP, [20]), terminate()]);
    }),
  );
  expect(fault).toMatchObject({ kind: 'down', sqlstate: '57P01' });
  expect(hook).not.toHaveBeenCalled();
  expect(await names()).toEqual([]);
});

test('a connection that is lost between two statements is a fault, and the next one works', async () => {
  const fault = await faultOf(
    database.transaction(async (tx) => {
      await tx.rows(INSERT, ['a']);
      const pid = await pidOf(tx);
      await admin.query('select pg_terminate_backend($1)', [pid]);
      await until('the backend is gone', async () => {
        const { rowCount } = await admin.query('select from pg_stat_activity where pid = $1', [pid]);
        return rowCount === 0;
      });
      await tx.rows(INSERT, ['b']);
    }),
  );
  expect(fault.kind).toBe('down');
  expect(await names()).toEqual([]);
});

test('a connection that is lost during the commit is a fault: nobody says that it was done', async () => {
  const hook = vi.fn<() => void>();
  const slow = statement(`/* test.slow */ insert into slow values ($1)`);
  const work = database.transaction(async (tx) => {
    tx.onCommit(hook);
    await tx.rows(slow, ['a']);
  });
  const committing = until('the commit is under way', async () => {
    const { rows } = await admin.query<{ pid: number }>(
      `select pid from pg_stat_activity where query = 'commit' and state = 'active' and datname = current_database()`,
    );
    return rows[0]?.pid;
  });
  const [fault] = await Promise.all([
    faultOf(work),
    committing.then((pid) => admin.query('select pg_terminate_backend($1)', [pid])),
  ]);
  expect(fault).toMatchObject({ kind: 'down' });
  expect(fault.message).toMatch(/^commit: /);
  expect(hook).not.toHaveBeenCalled();
  expect((await admin.query('select from slow')).rowCount).toBe(0);
  expect(await names()).toEqual([]);
  expect(database.stats).toEqual({ total: 1, idle: 1, waiting: 0 });
});

test('a server that does not answer is given up, and the next connection works', async () => {
  await using impatient = open({ answerMaxMs: 200 });
  expect(await faultOf(impatient.rows(SLEEP, [20]))).toMatchObject({ kind: 'down' });
  expect(await faultOf(impatient.transaction((tx) => tx.rows(SLEEP, [20])))).toMatchObject({ kind: 'down' });
  await expect(impatient.rows(PID, [])).resolves.toHaveLength(1);
});

test('a patient transaction outlasts both limits, and the next one on its connection has the usual ones', async () => {
  await using strict = open({ settings: { statement_timeout: '100ms' }, answerMaxMs: 200 });
  expect(await faultOf(strict.transaction((tx) => tx.rows(SLEEP, [0.4])))).toMatchObject({
    kind: 'broken',
    sqlstate: '57014',
  });
  const pid = await strict.transaction(async (tx) => {
    tx.bePatient(10_000);
    await tx.rows(SLEEP, [0.4]);
    return pidOf(tx);
  });
  const limit = statement(`/* test.limit */ select current_setting('statement_timeout') as limit`);
  const usual = await strict.transaction((tx) => Promise.all([pidOf(tx), tx.rows(limit, [])]));
  expect(usual).toEqual([pid, [{ limit: '100ms' }]]);
  // The server keeps a patient transaction's own limit too.
  const fault = await faultOf(
    strict.transaction((tx) => {
      tx.bePatient(150);
      return tx.rows(SLEEP, [20]);
    }),
  );
  expect(fault).toMatchObject({ kind: 'broken', sqlstate: '57014' });
});

test('a transaction that the server ends because it was idle too long is down, not bad data', async () => {
  await using strict = open({ settings: { idle_in_transaction_session_timeout: '50ms' } });
  const fault = await faultOf(
    strict.transaction(async (tx) => {
      const pid = await pidOf(tx);
      await until('the backend is gone', async () => {
        const { rowCount } = await admin.query('select from pg_stat_activity where pid = $1', [pid]);
        return rowCount === 0;
      });
      await tx.rows(INSERT, ['a']);
    }),
  );
  expect(fault.kind).toBe('down');
});

test('no server at all is down at once', async () => {
  await using nowhere = openDatabase({
    connection: { ...db.connection, port: 1 },
    connectionsMax: 1,
    settings: {},
    onIdleError: () => {},
  });
  const fault = await faultOf(nowhere.transaction((tx) => tx.rows(PID, [])));
  expect(fault).toMatchObject({ kind: 'down', sqlstate: undefined });
  expect(fault.message).toMatch(/^connect: /);
});

test('every session has the settings, with spaces too', async () => {
  await using set = open({
    settings: {
      lock_timeout: '123ms',
      default_transaction_isolation: 'repeatable read',
      timezone: 'Asia/Seoul',
    },
  });
  const show = statement(`/* test.show */ select current_setting('lock_timeout') as lock_timeout,
    current_setting('transaction_isolation') as isolation, current_setting('timezone') as timezone`);
  const expected = [{ lock_timeout: '123ms', isolation: 'repeatable read', timezone: 'Asia/Seoul' }];
  expect(await set.transaction((tx) => tx.rows(show, []))).toEqual(expected);
});

test.each([
  ['int8', `9007199254740991::int8`, Number.MAX_SAFE_INTEGER],
  ['int8[]', `array[1, null, -9007199254740991]::int8[]`, [1, null, Number.MIN_SAFE_INTEGER]],
  ['timestamptz', `'2026-11-21 14:00:00.123456+09'::timestamptz`, '2026-11-21T05:00:00.123Z'],
  ['timestamptz without a fraction', `'2026-11-21 05:00:00+00'::timestamptz`, '2026-11-21T05:00:00.000Z'],
  ['date', `'2026-11-21'::date`, '2026-11-21'],
  ['timestamp', `'2026-11-21 05:00:00'::timestamp`, '2026-11-21 05:00:00'],
  ['jsonb', `'{"a":[1,null]}'::jsonb`, { a: [1, null] }],
  ['bytea', `'\\xdeadbeef'::bytea`, Buffer.from('deadbeef', 'hex')],
])('%s becomes a value that is exactly it', async (type, sql, expected) => {
  const name = `test.type ${type}`;
  const [row] = await database.rows<{ value: unknown }>({ name, text: `select ${sql} as value` }, []);
  expect(row?.value).toEqual(expected);
});

test.each(['Asia/Seoul', 'Asia/Kolkata', 'UTC'])(
  'an instant is the same in the time zone %s',
  async (timezone) => {
    await using zoned = open({ settings: { timezone } });
    const instant = statement(`/* test.instant */ select '2026-11-21 05:00:00.5+00'::timestamptz as at`);
    expect(await zoned.rows(instant, [])).toEqual([{ at: '2026-11-21T05:00:00.500Z' }]);
  },
);

test.each([
  ['test.too-large', `9007199254740992::int8`],
  ['test.too-small', `'-9223372036854775808'::int8`],
  ['test.one-of-many', `array[1, 9007199254740993]::int8[]`],
  ['test.no-instant', `'infinity'::timestamptz`],
])(
  '%s: a value that JavaScript cannot hold is refused as a bug, and the connection goes on',
  async (name, sql) => {
    const text = `select ${sql} as value`;
    await expect(database.rows({ name, text }, [])).rejects.toThrow('the database gave');
    await expect(database.transaction((tx) => tx.rows({ name, text }, []))).rejects.toMatchObject({
      code: 'ERR_ASSERTION',
    });
    await expect(database.rows(PID, [])).resolves.toHaveLength(1);
  },
);
