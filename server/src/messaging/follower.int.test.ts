/**
 * What an instance remembers must stay true to the tables, whatever commits in which order. Followers run on real
 * transactions; where a test is about rings, the poll is switched off.
 */
import type { AnyEvent } from '#contract/events.ts';
import { Client } from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  appendOn,
  clockWithoutPolling,
  createLogWorld,
  type LogInstance,
  type LogWorld,
  numberOf,
  paymentProcessed,
  seatReleased,
  seatReserved,
} from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Projection } from './follower.ts';

let world: LogWorld;
/** A connection of its own, for transactions that somebody else holds open. */
let other: Client;

beforeEach(async () => {
  world = await createLogWorld();
  other = await connect();
  return async () => {
    await other.end();
    await world[Symbol.asyncDispose]();
  };
});

async function connect(): Promise<Client> {
  const client = new Client(world.db.connection);
  await client.connect();
  return client;
}

interface Memory extends Projection {
  readonly events: AnyEvent[];
  /** The numbers of the events, each once, in the order in which they were heard first. */
  numbers(): number[];
  timesLost: number;
}

function memory(...names: Projection['names']): Memory {
  const events: AnyEvent[] = [];
  const made: Memory = {
    names: names.length > 0 ? names : ['SeatReserved'],
    events,
    timesLost: 0,
    numbers: () => [...new Set(events.map(numberOf))],
    heard: (heard) => void events.push(...heard),
    lost: () => {
      made.timesLost += 1;
      events.length = 0;
    },
  };
  return made;
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const INSERT = 'insert into messaging.log (names, events, event_count) values ($1, $2, 1)';

async function insert(client: Client, event: AnyEvent): Promise<void> {
  await client.query(INSERT, [[event.name], JSON.stringify([event])]);
}

/** An instance that follows, with its position known. */
async function follow(
  projections: readonly Projection[],
  options: { clock?: Clock; database?: Database } = {},
): Promise<LogInstance> {
  const instance = await world.start({ projections, ...options });
  await instance.messaging.following();
  return instance;
}

const heard = (mind: Memory, count: number) =>
  until(`${count} events were heard`, () => mind.numbers().length >= count);

/** A database whose statement of this name can be made to fail, or be counted. */
function watched(database: Database, name: string) {
  const watch = { asked: 0, fault: undefined as Error | undefined };
  const rows: Database['rows'] = (statement, values) => {
    if (statement.name !== name) return database.rows(statement, values);
    watch.asked += 1;
    return watch.fault === undefined ? database.rows(statement, values) : Promise.reject(watch.fault);
  };
  return { watch, database: { ...database, rows } as Database };
}

function movableClock() {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  return {
    clock,
    pass: (ms: number) => {
      aheadMs += ms;
    },
  };
}

describe('what is committed', () => {
  test('by others is heard once each, in the order of the log, a lower id that is committed later too', async () => {
    const mind = memory();
    await follow([mind]);
    const second = await world.start();
    await world.append(seatReserved(1));
    await appendOn(second, [seatReserved(2), seatReleased(99), seatReserved(3)]);
    await heard(mind, 3);

    await other.query('begin');
    await insert(other, seatReserved(4));
    await world.append(seatReserved(5));
    await appendOn(second, [seatReserved(6)]);
    await other.query('commit');
    await heard(mind, 6);
    // Transactions in their order, and 4's began first.
    expect(mind.events.map(numberOf)).toEqual(range(1, 6));
    expect(mind.timesLost).toBe(0);
  });

  test('but stands above the horizon is heard when the older transaction has ended, without a ring', async () => {
    const { watch, database } = watched(await world.db.open(), 'messaging.fetch');
    const mind = memory();
    await follow([mind], { database, clock: clockWithoutPolling });
    await other.query('begin');
    await other.query('select pg_current_xact_id()');
    await world.append(seatReserved(1));
    const before = watch.asked;
    await until('it was looked for several times', () => watch.asked >= before + 4);
    expect(mind.events).toEqual([]);
    await other.query('rollback');
    await heard(mind, 1);
  });

  test('on the instance itself is heard with the commit, and what is rolled back never', async () => {
    const mind = memory();
    const instance = await follow([mind], { clock: clockWithoutPolling });
    await appendOn(instance, [seatReserved(1), seatReleased(9)]);
    expect(mind.events).toEqual([seatReserved(1)]);
    await expect(
      instance.database.transaction(async (tx) => {
        instance.messaging.append(tx, [seatReserved(2)]);
        throw new Error('the use case thinks better of it');
      }),
    ).rejects.toThrow('thinks better');
    // The next event of another one brings everything: the own one for the second time.
    await world.append(seatReserved(3));
    await heard(mind, 2);
    expect(mind.events).toEqual([seatReserved(1), seatReserved(1), seatReserved(3)]);
  });

  test('on another instance is heard by its notification, without the poll', async () => {
    const mind = memory();
    await follow([mind], { clock: clockWithoutPolling });
    for (const n of range(1, 5)) {
      await world.append(seatReserved(n));
      await heard(mind, n);
    }
  });

  test('without a notification is found by the poll', async () => {
    const mind = memory();
    await follow([mind]);
    await insert(other, seatReserved(1));
    await heard(mind, 1);
  });

  test('in a crowd of events of which few concern the projection is heard all the same', async () => {
    const mind = memory('PaymentProcessed');
    await follow([mind]);
    await world.append(...range(1, 3_000).map(seatReserved));
    for (const n of range(1, 300)) await world.append(n % 100 === 0 ? paymentProcessed(n) : seatReleased(n));
    await heard(mind, 3);
    expect(mind.numbers()).toEqual([100, 200, 300]);
  });

  test('is heard by each projection that names it, and by no other', async () => {
    const minds = [memory(), memory('SeatReleased'), memory('SeatReserved', 'SeatReleased')];
    await follow(minds);
    await world.append(seatReserved(1), seatReleased(2));
    await until('all have heard', () => minds.every((mind) => mind.events.length > 0));
    expect(minds.map((mind) => mind.numbers())).toEqual([[1], [2], [1, 2]]);
  });
});

test('state that is read after `following`, and what is heard from then on, are together what was committed', async () => {
  await world.rows('create table effects.taken (n int primary key)');
  const writers = await Promise.all(range(1, 4).map(connect));
  let next = 1;
  const over = new AbortController();
  const writing = writers.map(async (writer, index) => {
    while (!over.signal.aborted) {
      const n = next++;
      await writer.query('begin');
      await writer.query('insert into effects.taken values ($1)', [n]);
      await insert(writer, seatReserved(n));
      // Some take longer: many a lower id is committed after higher ones.
      if (index === 0) await writer.query('select pg_sleep(0.02)');
      await writer.query(n % 10 === 0 ? 'rollback' : 'commit');
    }
  });

  const followers: { mind: Memory; loaded: number[] }[] = [];
  for (let round = 0; round < 12; round++) {
    const mind = memory();
    const { messaging } = await follow([mind]);
    const rows = await world.rows<{ n: number }>('select n from effects.taken');
    followers.push({ mind, loaded: rows.map((row) => row.n) });
    await messaging.following();
  }
  over.abort();
  await Promise.all(writing);
  await Promise.all(writers.map((writer) => writer.end()));

  await world.append(seatReserved(next));
  const rows = await world.rows<{ n: number }>('select n from effects.taken order by n');
  const committed = [...rows.map((row) => row.n), next];
  expect(committed.length).toBeGreaterThan(50);
  for (const { mind, loaded } of followers) {
    await until('the last one was heard', () => mind.numbers().includes(next));
    const known = [...new Set([...loaded, ...mind.numbers()])].toSorted((a, b) => a - b);
    expect(known).toEqual(committed);
    expect(mind.timesLost).toBe(0);
  }
}, 60_000);

describe('a follower', () => {
  test('whose connections are cut goes on where it was', async () => {
    const mind = memory();
    await follow([mind]);
    for (const n of range(1, 10)) {
      await insert(other, seatReserved(n));
      await other.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
    }
    await heard(mind, 10);
    expect(mind.events.map(numberOf)).toEqual(range(1, 10));
    expect(mind.timesLost).toBe(0);
  });

  test('that has not looked for half a minute forgets everything and begins anew', async () => {
    const { clock, pass } = movableClock();
    const { watch, database } = watched(await world.db.open(), 'messaging.fetch');
    const mind = memory();
    const { messaging } = await follow([mind], { clock, database });
    await insert(other, seatReserved(1));
    await heard(mind, 1);

    pass(29_000);
    await insert(other, seatReserved(2));
    await heard(mind, 2);
    expect(mind.timesLost).toBe(0);

    // As after a process that stood still: what it finds in the log may not be all that there was.
    watch.fault = new Error('away');
    await until('it looks in vain', () => world.log.lines.some(({ text }) => text.includes('trying again')));
    await insert(other, seatReserved(3));
    pass(31_000);
    await until('it has lost track', () => mind.timesLost === 1);
    watch.fault = undefined;
    await messaging.following();
    await insert(other, seatReserved(4));
    await until('it hears what comes now', () => mind.numbers().includes(4));
    expect(mind).toMatchObject({ timesLost: 1 });
    // The horizon is the server's: a transaction elsewhere may hold it below the third.
    expect(mind.numbers().filter((number) => number !== 3)).toEqual([4]);
  });

  test('that stood still between its question and the answer forgets everything too', async () => {
    const { clock, pass } = movableClock();
    const database = await world.db.open();
    let stand = false;
    const standing: Database = {
      ...database,
      rows: async (statement, values) => {
        if (stand && statement.name === 'messaging.fetch') {
          stand = false;
          pass(31_000);
        }
        return database.rows(statement, values);
      },
    };
    const mind = memory();
    const { messaging } = await follow([mind], { clock, database: standing });
    await insert(other, seatReserved(1));
    await heard(mind, 1);
    stand = true;
    await until('it has lost track', () => mind.timesLost === 1);
    await messaging.following();
    await insert(other, seatReserved(2));
    await heard(mind, 1);
    expect(mind.numbers()).toEqual([2]);
  });

  test('forgets everything when the data begin a new life, and goes on in it', async () => {
    const mind = memory();
    const { messaging } = await follow([mind]);
    await insert(other, seatReserved(1));
    await heard(mind, 1);
    await other.query('update messaging.epoch set epoch = epoch + 1');
    await insert(other, seatReserved(2));
    await until('it has lost track', () => mind.timesLost === 1);
    await messaging.following();
    await insert(other, seatReserved(3));
    await until('the next is heard', () => mind.numbers().includes(3));
    expect(mind.numbers()).not.toContain(1);
  });

  test('finds out that it is another life within seconds, even when nothing is appended in it', async () => {
    const { clock, pass } = movableClock();
    const mind = memory();
    await follow([mind], { clock });
    await other.query('update messaging.epoch set epoch = epoch + 1');
    pass(6_000);
    await until('it has lost track', () => mind.timesLost === 1);
  });

  test('says at once when its position cannot be found, and finds it when it can', async () => {
    const { watch, database } = watched(await world.db.open(), 'messaging.find-horizon');
    watch.fault = new Error('away');
    const mind = memory();
    const { messaging } = await world.start({ projections: [mind], database });
    await expect(messaging.following()).rejects.toThrow('away');
    watch.fault = undefined;
    await until('the position is known', () =>
      messaging.following().then(
        () => true,
        () => false,
      ),
    );
    await world.append(seatReserved(1));
    await heard(mind, 1);
  });

  test('does not look at the log when there is nobody to tell', async () => {
    const { watch, database } = watched(await world.db.open(), 'messaging.find-horizon');
    const instance = await world.start({ reader: 'seats', database });
    await world.append(seatReserved(1));
    await instance[Symbol.asyncDispose]();
    expect(watch.asked).toBe(0);
  });
});

describe('a projection that fails', () => {
  test('starts over; the others and the next events are not touched', async () => {
    const good = memory();
    const bad = memory();
    const failing: Projection = {
      names: ['SeatReserved'],
      heard: (events) => {
        if (events.some((event) => numberOf(event) === 2)) throw new Error('a bug');
        bad.heard(events);
      },
      lost: () => {
        bad.lost();
        throw new Error('another one');
      },
    };
    const instance = await follow([failing, good]);
    await world.append(seatReserved(1));
    await heard(good, 1);
    await world.append(seatReserved(2));
    await heard(good, 2);
    await world.append(seatReserved(3));
    await heard(good, 3);
    expect(bad.timesLost).toBe(1);
    expect(bad.numbers()).toEqual([3]);
    expect(good.timesLost).toBe(0);

    // The transaction whose event it fails on is none the worse for it.
    await appendOn(instance, [seatReserved(2)]);
    expect(bad.timesLost).toBe(2);
    expect(world.log.lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toContain(
      'a projection failed and starts over',
    );
  });

  test('because an event is not what its schema says starts over as well', async () => {
    const minds = [memory(), memory('SeatReleased')] as const;
    await follow(minds);
    await insert(other, { ...seatReserved(1), seats: [] });
    await insert(other, seatReleased(2));
    await heard(minds[1], 1);
    expect(minds.map((mind) => mind.timesLost)).toEqual([1, 0]);
    expect(minds[0].events).toEqual([]);
  });
});
