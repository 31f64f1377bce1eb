import type { AnyEvent } from '#contract/events.ts';
import { Client } from 'pg';
import { beforeEach, expect, test } from 'vitest';
import {
  createLogWorld,
  creationFailed,
  INDIGESTIBLE,
  type LogInstance,
  type LogWorld,
  numberOf,
  paymentProcessed,
  type React,
  reservationCreated,
  seatReserved,
} from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
import { statement } from '../platform/postgres/statement.ts';
import { countParked, hurryParked, listParked } from './index.ts';

let world: LogWorld;

beforeEach(async () => {
  world = await createLogWorld();
  return () => world[Symbol.asyncDispose]();
});

interface ParkedRow extends Record<string, unknown> {
  readonly parked_id: number;
  readonly reader: string;
  readonly event: AnyEvent;
  readonly error: string;
  readonly attempts: number;
  readonly settled_by: string | null;
}

function parkedRows(): Promise<ParkedRow[]> {
  return world.rows<ParkedRow>('select * from messaging.parked order by parked_id');
}

function oneParked(description: string, condition: (row: ParkedRow) => boolean): Promise<ParkedRow> {
  return until(description, async () => {
    const [row] = await parkedRows();
    return row !== undefined && condition(row) && row;
  });
}

const hurry = (parkedId: number) => world.db.database.transaction((tx) => hurryParked(tx, parkedId));

/** What would take its time otherwise: every parked event is due at once, again and again. */
async function untilHurried<T>(description: string, condition: () => Promise<T | false>): Promise<T> {
  return until(description, async () => {
    // One that is being tried in this moment is locked.
    for (const row of await parkedRows()) await hurry(row.parked_id).catch(() => {});
    return condition();
  });
}

async function emitted(): Promise<AnyEvent[]> {
  const rows = await world.rows<{ events: AnyEvent[] }>(
    'select events from messaging.log order by epoch, xid, id',
  );
  return rows.flatMap((row) => row.events).filter((event) => event.name.startsWith('Reservation'));
}

const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Fails on the numbers as long as they are in the set. */
function failingOn(bad: ReadonlySet<number>): React {
  return (_, events) => {
    if (events.some((event) => bad.has(numberOf(event)))) throw new Error('the reaction has a bug');
    return events.map((event) => reservationCreated(numberOf(event)));
  };
}

async function startReservations(react: React, giveUp?: (event: AnyEvent) => AnyEvent): Promise<LogInstance> {
  return world.start({ reader: 'reservations', react, ...(giveUp && { giveUp }) });
}

test('one of two hundred that the database refuses is parked; the others take effect, and so do later ones', async () => {
  const numbers = [...range(1, 100), INDIGESTIBLE, ...range(101, 200)];
  await world.append(...numbers.map(seatReserved));
  const instance = await startReservations((_, events) =>
    events.map((event) => reservationCreated(numberOf(event))),
  );
  const effects = await world.effectsOf(200);
  expect(effects.map((effect) => effect.n)).toEqual(range(1, 200));
  await world.append(seatReserved(201));
  expect((await world.effectsOf(201)).at(-1)?.n).toBe(201);

  expect(await parkedRows()).toMatchObject([
    { reader: 'reservations', event: seatReserved(INDIGESTIBLE), settled_by: null },
  ]);
  expect((await parkedRows())[0]?.error).toContain('violates check constraint');
  expect((await emitted()).map(numberOf)).toEqual(range(1, 201));
  expect(instance.parked).toEqual(['SeatReserved']);
  expect(world.log.lines).toContainEqual(
    expect.objectContaining({ level: 'error', text: 'an event was parked' }),
  );
});

/** Fails as PostgreSQL does when something is damaged, or takes too long. */
const RAISE = statement(`/* test.raise */ select effects.fail($1)`);

async function makeFailing(): Promise<void> {
  await world.rows(`create function effects.fail(code text) returns void language plpgsql as $$ begin
    if exists (select from effects.effect where n = -1) then return; end if;
    raise exception using errcode = code, message = 'it cannot be done now';
  end $$`);
}

/** From now on the cause is gone. */
const heal = () => world.rows(`insert into effects.effect (reader, event, n) values ('seats', 'test', -1)`);

const others = async () => (await world.effects()).map((effect) => effect.n).filter((n) => n > 0);

test.each([
  ['a damaged page', 'XX001'],
  ['an unreadable file', '58030'],
  ['a statement that takes too long', '57014'],
  ['a deadlock again and again', '40P01'],
])(
  '%s (%s) under one event: it is parked, the others go on, and it settles afterwards',
  async (_, sqlstate) => {
    await makeFailing();
    const instance = await startReservations(async (tx, events) => {
      if (events.some((event) => numberOf(event) === 50)) await tx.rows(RAISE, [sqlstate]);
      return events.map((event) => reservationCreated(numberOf(event)));
    });
    await world.append(...range(1, 100).map(seatReserved));
    await until('it is parked', () => instance.parked.length === 1);
    expect(await others()).toEqual(range(1, 100).filter((n) => n !== 50));
    await world.append(seatReserved(101));
    await until('later ones take effect', async () => (await others()).includes(101));
    expect((await parkedRows())[0]?.event).toEqual(seatReserved(50));

    await heal();
    await untilHurried('it is settled', async () => (await parkedRows())[0]?.settled_by === 'retried');
    expect(ascending(await others())).toEqual(range(1, 101));
    expect(ascending((await emitted()).map(numberOf))).toEqual(range(1, 101));
    expect(await parkedRows()).toHaveLength(1);
  },
);

/** As an operator's session does that is left open: no limit of ours ends it. */
async function lockSeat(n: number): Promise<AsyncDisposable & { lost: boolean }> {
  const client = new Client(world.db.connection);
  const session = { lost: false, [Symbol.asyncDispose]: () => client.end() };
  client.on('error', () => (session.lost = true));
  await client.connect();
  await client.query('begin');
  await client.query('select from effects.seat where n = $1 for update', [n]);
  return session;
}

test('a row that somebody keeps locked holds up its own event alone, and nothing is given up for it', async () => {
  await world.rows('create table effects.seat (n int primary key)');
  await world.rows('insert into effects.seat select generate_series(1, 100)');
  const take = statement(`/* test.take */ select n from effects.seat where n = any($1::int[]) for update`);
  // Before the lock: what is appended after it waits for that session, like everything above the horizon.
  await world.append(...range(1, 100).map(seatReserved));
  {
    await using somebody = await lockSeat(50);
    const instance = await startReservations(
      async (tx, events) => {
        await tx.rows(take, [events.map(numberOf)]);
        return events.map((event) => reservationCreated(numberOf(event)));
      },
      (event) => creationFailed(numberOf(event)),
    );
    await until('it is parked', () => instance.parked.length === 1);
    expect(await others()).toEqual(range(1, 100).filter((n) => n !== 50));
    // By now an event whose own fault it is would have been answered with its compensating event.
    await untilHurried('it was tried often', async () => ((await parkedRows())[0]?.attempts ?? 0) >= 7);
    expect(somebody.lost).toBe(false);
  }
  await untilHurried('it is settled', async () => (await parkedRows())[0]?.settled_by === 'retried');
  expect(ascending((await emitted()).map(numberOf))).toEqual(range(1, 100));
});

test('a parked event that keeps timing out does not starve the others', async () => {
  await makeFailing();
  const bad = new Set([1, 2, 3]);
  const instance = await startReservations(async (tx, events) => {
    if (events.some((event) => numberOf(event) === 1)) await tx.rows(RAISE, ['57014']);
    return failingOn(bad)(tx, events);
  });
  await world.append(...range(1, 3).map(seatReserved));
  await until('all are parked', () => instance.parked.length === 3);
  // It is, and stays, the one that has been due for the longest time.
  await world.rows(`update messaging.parked set retry_at = 'epoch' where event = $1`, [
    JSON.stringify(seatReserved(1)),
  ]);
  bad.clear();
  await until('the others are settled', async () =>
    (await parkedRows()).every((row) => numberOf(row.event) === 1 || row.settled_by === 'retried'),
  );
  const stuck = (await parkedRows()).find((row) => numberOf(row.event) === 1);
  expect(stuck).toMatchObject({ settled_by: null, error: expect.stringContaining('it cannot be done now') });
  await heal();
  await untilHurried('it is settled too', async () => (await parkedRows()).every((row) => row.settled_by));
  expect(ascending(await others())).toEqual([1, 2, 3]);
});

test('a parked event is tried again until it succeeds, then it is settled, once', async () => {
  const bad = new Set([2, 3]);
  await startReservations(failingOn(bad));
  await world.append(...range(1, 4).map(seatReserved));
  await world.effectsOf(2);
  await untilHurried('both have failed again', async () =>
    (await parkedRows()).every((row) => row.attempts >= 3),
  );
  expect((await world.effects()).map((effect) => effect.n)).toEqual([1, 4]);

  bad.clear();
  await untilHurried('both are settled', async () =>
    (await parkedRows()).every((row) => row.settled_by === 'retried'),
  );
  expect(ascending((await world.effects()).map((effect) => effect.n))).toEqual([1, 2, 3, 4]);
  expect(ascending((await emitted()).map(numberOf))).toEqual([1, 2, 3, 4]);
  // Settled is settled: it is not tried again, however often it is hurried.
  const [first] = await parkedRows();
  expect(await hurry(first?.parked_id ?? 0)).toBeUndefined();
});

test('an event that fails for good is answered with the compensating event of its reaction', async () => {
  let tries = 0;
  const instance = await startReservations(
    () => {
      tries += 1;
      throw new Error('for good');
    },
    (event) => creationFailed(numberOf(event)),
  );
  await world.append(seatReserved(7));
  await untilHurried('it is compensated', async () => (await parkedRows())[0]?.settled_by === 'compensated');
  expect(await emitted()).toEqual([creationFailed(7)]);
  expect(await world.effects()).toEqual([]);
  // As a whole, alone, and then five times more.
  expect(tries).toBe(7);
  expect((await parkedRows())[0]?.attempts).toBe(5);
  expect(instance.appended).toEqual(['ReservationCreationFailed']);
});

test('an event without a compensating one is tried for ever, with growing pauses', async () => {
  await startReservations(
    () => {
      throw new Error('for good');
    },
    (event) => creationFailed(numberOf(event)),
  );
  await world.append(paymentProcessed(7)); // its reaction emits nothing
  await untilHurried('it was tried often', async () => ((await parkedRows())[0]?.attempts ?? 0) >= 9);
  // From 0.2 s after the first retry to 51.2 s after the ninth; the next try is not before that.
  const pause = await until('it was postponed after the last try', async () => {
    const [row] = await world.rows<{ seconds: number }>(
      `select extract(epoch from retry_at - clock_timestamp())::float8 as seconds from messaging.parked`,
    );
    return row !== undefined && row.seconds > 10 && row.seconds;
  });
  expect(pause).toBeLessThanOrEqual(0.1 * 2 ** 11);
  expect((await parkedRows())[0]?.settled_by).toBeNull();
  expect(await emitted()).toEqual([]);
});

test('a compensating event that the saga map does not allow is not given', async () => {
  await startReservations(
    () => {
      throw new Error('for good');
    },
    (event) => paymentProcessed(numberOf(event)),
  );
  await world.append(seatReserved(7));
  await untilHurried('it was to be compensated', async () => ((await parkedRows())[0]?.attempts ?? 0) >= 8);
  expect((await parkedRows())[0]?.error).toContain('does not say that reservations emits PaymentProcessed');
  expect((await parkedRows())[0]?.settled_by).toBeNull();
});

test('an event that is not what its schema says is parked, and the others take effect', async () => {
  const { amountKrw: _, ...withoutAmount } = seatReserved(2);
  const malformed = [
    withoutAmount,
    { ...seatReserved(3), amountKrw: -1 },
    { ...seatReserved(4), more: true },
    { ...seatReserved(5), reservationId: 5 },
  ] as unknown as AnyEvent[];
  const instance = await startReservations((__, events) =>
    events.map((event) => reservationCreated(numberOf(event))),
  );
  await world.append(seatReserved(1), ...malformed, seatReserved(6));
  const effects = await world.effectsOf(2);
  expect(effects.map((effect) => effect.n)).toEqual([1, 6]);
  await until('all four are parked', () => instance.parked.length === 4);
  const parked = await parkedRows();
  expect(parked.map((row) => row.event)).toEqual(malformed);
  expect(parked.every((row) => row.error.includes('SeatReserved does not match its schema'))).toBe(true);
});

test('what is no event at all stops nobody', async () => {
  const nonsense = [null, 7, 'SeatReserved', [], {}, { name: null }, { name: 'SeatsVanished' }];
  await world.rows(`insert into messaging.log (names, events, event_count) values ($1, $2, $3)`, [
    ['SeatReserved'],
    JSON.stringify([...nonsense, seatReserved(1)]),
    nonsense.length + 1,
  ]);
  await startReservations(() => []);
  expect((await world.effectsOf(1)).map((effect) => effect.n)).toEqual([1]);
  expect(await parkedRows()).toEqual([]);
});

test('a reaction that emits what the saga map does not say is parked, with nothing of it in the log', async () => {
  await startReservations((_, events) => events.map((event) => paymentProcessed(numberOf(event))));
  await world.append(seatReserved(1));
  const row = await oneParked('it is parked', () => true);
  expect(row.error).toContain(
    'the saga map does not say that reservations emits PaymentProcessed on SeatReserved',
  );
  expect(await world.effects()).toEqual([]);
  expect(await emitted()).toEqual([]);
});

test('a reaction that emits what the log cannot hold is parked, and the others take effect', async () => {
  await startReservations((_, events) =>
    events.map((event) => ({
      ...reservationCreated(numberOf(event)),
      ...(numberOf(event) === 2 && { userId: 'a character that jsonb refuses: \0' }),
    })),
  );
  await world.append(...range(1, 4).map(seatReserved));
  expect((await world.effectsOf(3)).map((effect) => effect.n)).toEqual([1, 3, 4]);
  const row = await oneParked('it is parked', () => true);
  expect(row.event).toEqual(seatReserved(2));
  expect((await emitted()).map(numberOf)).toEqual([1, 3, 4]);
});

test('a reaction that hides its failure is parked too, instead of stopping the reader', async () => {
  await startReservations(async (tx, events) => {
    if (events.some((event) => numberOf(event) === 2)) {
      await tx.rows({ name: 'test.fails', text: 'select 1 / 0' }, []).catch(() => {});
    }
    return [];
  });
  await world.append(...range(1, 3).map(seatReserved));
  expect((await world.effectsOf(2)).map((effect) => effect.n)).toEqual([1, 3]);
  expect((await oneParked('it is parked', () => true)).event).toEqual(seatReserved(2));
});

test('an error with a character that PostgreSQL refuses is written down all the same', async () => {
  await startReservations(() => {
    throw new Error(`before\0after ${'x'.repeat(1_000)}`);
  });
  await world.append(seatReserved(1));
  const row = await oneParked('it is parked', () => true);
  expect(row.error).toMatch(/^Error: beforeafter x+$/);
  expect(row.error).toHaveLength(500);
});

test('every single event of a set may be a culprit', async () => {
  const bad = new Set(range(1, 100));
  const instance = await startReservations(failingOn(bad));
  await world.append(...range(1, 100).map(seatReserved));
  await until('all are parked', () => instance.parked.length === 100);
  expect(await world.effects()).toEqual([]);
  bad.clear();
  await untilHurried('all are settled', async () =>
    (await parkedRows()).every((row) => row.settled_by === 'retried'),
  );
  expect(ascending((await world.effects()).map((effect) => effect.n))).toEqual(range(1, 100));
});

test('two instances that try parked events never settle one twice', async () => {
  const bad = new Set(range(1, 40));
  const instances = [await startReservations(failingOn(bad)), await startReservations(failingOn(bad))];
  await world.append(...range(1, 40).map(seatReserved));
  await until('all are parked', async () => (await parkedRows()).length === 40);
  bad.clear();
  await untilHurried('all are settled', async () =>
    (await parkedRows()).every((row) => row.settled_by === 'retried'),
  );
  expect(ascending((await world.effects()).map((effect) => effect.n))).toEqual(range(1, 40));
  expect((await emitted()).length).toBe(40);
  expect(instances.flatMap((instance) => instance.parked)).toHaveLength(40);
});

test('the operator sees what is parked now, page by page, and not what is settled', async () => {
  const bad = new Set([1, 2, 3]);
  await startReservations(failingOn(bad));
  await world.append(...range(1, 4).map(seatReserved));
  await until('three are parked', async () => (await countParked(world.db.database)) === 3);
  const page = await listParked(world.db.database, 0, 2);
  expect(page.map((parked) => numberOf(parked.event))).toEqual([1, 2]);
  const rest = await listParked(world.db.database, page.at(-1)?.parked_id ?? 0, 2);
  expect(rest.map((parked) => numberOf(parked.event))).toEqual([3]);
  expect(page[0]).toMatchObject({ reader: 'reservations', error: 'Error: the reaction has a bug' });
  expect(page[0]?.parked_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  bad.clear();
  await untilHurried('nothing is parked any more', async () => (await countParked(world.db.database)) === 0);
  expect(await listParked(world.db.database, 0, 10)).toEqual([]);
});
