import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createEmptyDatabase, type EmptyDatabase } from '../../../test/support/empty-database.ts';
import { type Database, openDatabase } from './database.ts';
import { statement } from './statement.ts';

const ONE = statement(`/* test.one */ select 1 as n`);
const TWO = statement(`/* test.two */ select 2 as n`);

let db: EmptyDatabase;
let database: Database;
beforeAll(async () => {
  db = await createEmptyDatabase();
  database = openDatabase({
    connection: db.connection,
    connectionsMax: 1,
    settings: {},
    onIdleError: () => {},
  });
  await database.rows(ONE, []); // connects
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});
afterEach(() => vi.restoreAllMocks());

/** How often something is handed to the system, whatever it is made of. */
function countWrites(): () => number {
  const prototype = Socket.prototype as unknown as Record<'_write' | '_writev', () => void>;
  const spies = [vi.spyOn(prototype, '_write'), vi.spyOn(prototype, '_writev')];
  return () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
}

test('a transaction is a write for each time that it waits for answers, and one for its end', async () => {
  const writes = countWrites();
  const read = await database.transaction(async (tx) => {
    const both = await Promise.all([tx.rows(ONE, []), tx.rows(TWO, [])]);
    tx.send(ONE, []);
    return [...both, await tx.rows(TWO, [])];
  });
  expect(read).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 2 }]]);
  expect(writes()).toBe(3);
});
