/** How a transaction ends: what is run after its commit, and what is not to be kept. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createEmptyDatabase, type EmptyDatabase } from '../../../test/support/empty-database.ts';
import { type Database, openDatabase } from './database.ts';
import { DatabaseFault } from './faults.ts';
import { statement } from './statement.ts';

const CREATE = statement(`/* test.create */ create table item (name text not null unique)`);
const TRUNCATE = statement(`/* test.truncate */ truncate item`);
const INSERT = statement(`/* test.insert */ insert into item (name) values ($1)`);
const SELECT = statement(`/* test.select */ select name from item order by name`);

let db: EmptyDatabase;
/** One connection: whatever a test leaves behind on it, the next statement meets. */
let database: Database;
/** Sees what is committed. */
let other: Database;

beforeAll(async () => {
  db = await createEmptyDatabase();
  const open = () =>
    openDatabase({ connection: db.connection, connectionsMax: 1, settings: {}, onIdleError: () => {} });
  database = open();
  other = open();
  await other.rows(CREATE, []);
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await other.rows(TRUNCATE, []);
});

async function names(): Promise<string[]> {
  return (await other.rows<{ name: string }>(SELECT, [])).map((row) => row.name);
}

test('hooks run after the commit, in order, and only then', async () => {
  const seen: string[] = [];
  const isCommitted = async () => (await names()).length === 1;
  let committedBefore: boolean | undefined;
  await database.transaction(async (tx) => {
    tx.onCommit(() => seen.push('first'));
    await tx.rows(INSERT, ['a']);
    tx.onCommit(() => seen.push('second'));
    committedBefore = await isCommitted();
    expect(seen).toEqual([]);
  });
  expect(committedBefore).toBe(false);
  expect(seen).toEqual(['first', 'second']);

  const failed = database.transaction(async (tx) => {
    tx.onCommit(() => seen.push('never'));
    await tx.rows(INSERT, ['a']);
  });
  await expect(failed).rejects.toBeInstanceOf(DatabaseFault);
  expect(seen).toEqual(['first', 'second']);
});

test('what is abandoned is rolled back, runs no hook, and is no fault', async () => {
  const hook = vi.fn<() => void>();
  const answer = await database.transaction(async (tx) => {
    tx.onCommit(hook);
    await tx.rows(INSERT, ['a']);
    tx.abandon();
    return 'nothing';
  });
  expect(answer).toBe('nothing');
  expect(hook).not.toHaveBeenCalled();
  expect(await names()).toEqual([]);
  await database.transaction((tx) => tx.rows(INSERT, ['b']));
  expect(await names()).toEqual(['b']);
});

test('what was sent before it was abandoned is a fault when it failed', async () => {
  const abandoned = database.transaction((tx) => {
    tx.send(INSERT, [null]);
    tx.abandon();
    return Promise.resolve();
  });
  await expect(abandoned).rejects.toMatchObject({ kind: 'data', sqlstate: '23502' });
});

test('a hook that throws does not make a commit look like a failure, nor keep the others from running', async () => {
  const uncaught: (() => void)[] = [];
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => uncaught.push(callback));
  const hook = vi.fn<() => void>();
  await database.transaction(async (tx) => {
    tx.onCommit(() => {
      throw new Error('a bug');
    });
    tx.onCommit(hook);
    await tx.rows(INSERT, ['a']);
  });
  expect(hook).toHaveBeenCalledTimes(1);
  expect(await names()).toEqual(['a']);
  // It is thrown where nobody catches it.
  expect(() => uncaught[0]?.()).toThrow('a bug');
});
