import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createEmptyDatabase, type EmptyDatabase } from '../../../test/support/empty-database.ts';
import { type Database, openDatabase } from './database.ts';
import { exactWrite, statement } from './statement.ts';

const CREATE = statement(`/* test.create */ create table item (name text primary key)`);
const CLEAR = statement(`/* test.clear */ delete from item`);
const INSERT = statement(`/* test.insert */ insert into item (name) values ($1)`);
const SELECT = statement(`/* test.select */ select name from item order by name`);
const RENAME = exactWrite(`/* test.rename */ update item set name = name || $2 where name = any($1::text[])`);

let db: EmptyDatabase;
let database: Database;

beforeAll(async () => {
  db = await createEmptyDatabase();
  const connection = { connection: db.connection, connectionsMax: 1, settings: {} };
  database = openDatabase({ ...connection, onIdleError: () => {} });
  await database.rows(CREATE, []);
});

afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

beforeEach(() => database.rows(CLEAR, []));

const names = async () => (await database.rows<{ name: string }>(SELECT, [])).map((row) => row.name);

test('a write of as many rows as it was to write is committed', async () => {
  await database.transaction(async (tx) => {
    for (const name of ['a', 'b']) tx.send(INSERT, [name]);
    tx.send(RENAME, [['a', 'b'], '!', 2]);
  });
  expect(await names()).toEqual(['a!', 'b!']);
});

test.each([1, 3])(
  'a write of 2 rows that was to be of %i takes everything back, and says so',
  async (rows) => {
    const work = database.transaction(async (tx) => {
      for (const name of ['a', 'b']) tx.send(INSERT, [name]);
      tx.send(RENAME, [['a', 'b'], '!', rows]);
      tx.send(INSERT, ['c']);
    });
    await expect(work).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringMatching(`test\\.rename.*2 rows were written, not ${rows}`),
    });
    expect(await names()).toEqual([]);
  },
);
