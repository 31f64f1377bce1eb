/**
 * Aim: when the data begin another life, in which positions of the log are used again, no reader skips an event and no
 * projection keeps what is lost. Method: the log is emptied, and rows are written at positions that were passed before.
 */
import { beforeEach, expect, test } from 'vitest';
import type { AnyEvent } from '#contract/events.ts';
import {
  createLogWorld,
  type LogWorld,
  numberOf,
  seatReleased,
  seatReserved,
} from '../../test/support/log-world.ts';
import { until } from '../../test/support/until.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createCursor } from './cursor.ts';
import type { ReaderName } from './saga-map.ts';

let world: LogWorld;
beforeEach(async () => {
  world = await createLogWorld();
  return () => world[Symbol.asyncDispose]();
});

const at = (xid: string) => ({ epoch: 1, xid, id: 1 });
const BEGINNING = { epoch: 0, xid: '0', id: 0 };

/** At a position of long ago. */
async function insertAt(xid: string, event: AnyEvent): Promise<void> {
  await world.rows(
    `insert into messaging.log (xid, id, names, events, event_count) values ($1::text::xid8, 1, $2, $3, 1)`,
    [xid, [event.name], JSON.stringify([event])],
  );
}

async function positionOf(reader: string): Promise<unknown> {
  const [row] = await world.rows(
    'select epoch, xid::text as xid, id from messaging.cursor where reader = $1',
    [reader],
  );
  return row;
}

/** Tells from where the log was looked at the last time. */
function watched(database: Database) {
  const watch = { from: '' };
  const rows: Database['rows'] = (statement, values) => {
    if (statement.name === 'messaging.fetch') watch.from = String(values[1]);
    return database.rows(statement, values);
  };
  return { watch, database: { ...database, rows } as Database };
}

test('a reader takes an event whose position it had passed', async () => {
  const { watch, database } = watched(await world.db.open());
  const { messaging } = await world.start({ reader: 'reservations', database });
  await world.append(seatReleased(1));
  await until('it has passed what does not concern it', () => Number(watch.from) > 5);
  await world.rows('delete from messaging.log');
  await insertAt('5', seatReserved(2));
  messaging.forget();
  expect((await world.effectsOf(1)).map(({ n }) => n)).toEqual([2]);
});

/** At its row, with a clock that the test moves. */
async function cursorOf(reader: ReaderName) {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  const cursor = createCursor(world.db.database, clock, reader);
  expect(await cursor.position()).toEqual(BEGINNING);
  return { cursor, pass: (ms: number) => void (aheadMs += ms) };
}

test('a cursor that has forgotten is where its row is, and what is under way moves it nowhere', async () => {
  const { cursor, pass } = await cursorOf('seats');
  cursor.pass(at('90'));
  cursor.forget();
  cursor.pass(at('91'));
  pass(60_000);
  await cursor.persist();
  expect(await positionOf('seats')).toEqual(BEGINNING);
  expect(await cursor.position()).toEqual(BEGINNING);
  // Without that it writes down how far it has looked.
  cursor.pass(at('92'));
  pass(60_000);
  await cursor.persist();
  expect(await positionOf('seats')).toEqual(at('92'));
});

test('a cursor that has looked beyond the horizon is of another life, and is not written down', async () => {
  const { cursor, pass } = await cursorOf('payments');
  cursor.pass(at('1099511627776'));
  pass(60_000);
  await cursor.persist();
  expect(await positionOf('payments')).toEqual(BEGINNING);
  expect(await cursor.position()).toEqual(BEGINNING);
});

test('a set that was found before is not taken after it: the row is looked at again', async () => {
  const cursor = createCursor(world.db.database, systemClock, 'seats');
  await cursor.position();
  cursor.forget();
  const { database } = world.db;
  expect(await database.transaction((tx) => cursor.lock(tx))).toBe('elsewhere');
  expect(await database.transaction((tx) => cursor.lock(tx))).toBe('here');
});

test('a projection forgets everything, what is just being looked at too, and hears what comes', async () => {
  const heard: number[] = [];
  let timesLost = 0;
  const released = Promise.withResolvers<undefined>();
  const looking = Promise.withResolvers<undefined>();
  const database = await world.db.open();
  let isHeld = false;
  const held: Database = {
    ...database,
    rows: async (statement, values) => {
      const rows = await database.rows<never>(statement, values);
      if (isHeld && statement.name === 'messaging.fetch' && rows.length > 0) {
        looking.resolve(undefined);
        await released.promise;
      }
      return rows;
    },
  };
  const projection = {
    names: ['SeatReserved'] as const,
    heard: (events: readonly AnyEvent[]) => void heard.push(...events.map(numberOf)),
    lost: () => void timesLost++,
  };
  const { messaging } = await world.start({ projections: [projection], database: held });
  await messaging.following();
  isHeld = true;
  await world.append(seatReserved(1));
  await looking.promise;
  messaging.forget();
  expect(timesLost).toBe(1);
  isHeld = false;
  released.resolve(undefined);
  await messaging.following();
  await world.append(seatReserved(2));
  await until('it hears what comes', () => heard.includes(2));
  expect(timesLost).toBe(1);
});

test('whoever waits for the position while it is forgotten gets the new one', async () => {
  const database = await world.db.open();
  const found = Promise.withResolvers<undefined>();
  let asked = 0;
  const slow: Database = {
    ...database,
    rows: async (statement, values) => {
      if (statement.name === 'messaging.find-horizon' && asked++ === 0) await found.promise;
      return database.rows(statement, values);
    },
  };
  const projection = { names: ['SeatReserved'] as const, heard: () => {}, lost: () => {} };
  const { messaging } = await world.start({ projections: [projection], database: slow });
  const waiting = messaging.following();
  await until('it looks for the position', () => asked === 1);
  messaging.forget();
  found.resolve(undefined);
  await waiting;
  expect(asked).toBe(2);
});
