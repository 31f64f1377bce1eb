import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEmptyDatabase, type EmptyDatabase } from '../../../test/support/empty-database.ts';
import { type Database, openDatabase } from './database.ts';
import { statement } from './statement.ts';

const SETS = statement(`/* test.sets */
select n, id::text as id, at, name, bytes
from unnest($1::int[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bytea[]) as s (n, id, at, name, bytes)
order by n`);

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
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

const INSTANTS = ['1970-01-01T00:00:00.000Z', '1999-12-31T23:59:59.999Z', '2026-11-29T12:00:00.123Z', null];
const NAMES = ['', 'null', 'a "quoted", {braced} \\ text', '공연', null];

test('a set arrives as it was given, whatever its elements travel as', async () => {
  const rows = Array.from({ length: 300 }, (_, n) => ({
    n,
    id: n % 7 === 0 ? null : randomUUID(),
    at: INSTANTS[n % INSTANTS.length],
    name: NAMES[n % NAMES.length],
    bytes: n % 5 === 0 ? null : Buffer.from([0, n % 256, 255]),
  }));
  const values = [
    rows.map((row) => row.n),
    rows.map((row) => row.id),
    rows.map((row) => row.at),
    rows.map((row) => row.name),
    rows.map((row) => row.bytes),
  ];
  expect(await database.rows(SETS, values)).toEqual(rows);
});

test('no element at all is an empty set', async () => {
  expect(await database.rows(SETS, [[], [], [], [], []])).toEqual([]);
});

test.each([
  ['an id', [[1], ['no id'], [null], [null], [null]]],
  ['an instant', [[1], [randomUUID()], ['no instant'], [null], [null]]],
])('what is no %s is refused by the server', async (_, values) => {
  await expect(database.rows(SETS, values)).rejects.toMatchObject({ kind: 'data' });
});
