/** Goal: each mode of the proxy does to a real session what its name says, and nothing when it is over. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createChance } from '../../scripts/support/random.ts';
import { createTestDatabase, type TestDatabase } from '../../server/test/support/database.ts';
import { until } from '../../server/test/support/until.ts';
import { openProxy, type Proxy } from './proxy.ts';

/** In whichever words the driver learns it. */
const GONE = /ECONNRESET|Connection terminated|EPIPE/;

let db: TestDatabase;
let proxy: Proxy;
beforeAll(async () => {
  db = await createTestDatabase();
  const { host = '', port = 5432 } = db.connection;
  proxy = await openProxy({ target: join(host, `.s.PGSQL.${port}`), chance: createChance(1) });
  await direct('create table noted (what text)');
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

async function direct(sql: string) {
  return db.database.rows<{ what: string }>({ name: `test.${sql}`, text: sql }, []);
}

/** A session by the proxy, ended with the test. */
async function session(): Promise<Client & AsyncDisposable> {
  const client = new Client({ ...db.connection, host: '127.0.0.1', port: proxy.port, pipeline: true });
  client.on('error', () => {});
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

test('passes a session on, as it is', async () => {
  await using client = await session();
  expect((await client.query('select 6 * 7 as answer')).rows).toEqual([{ answer: 42 }]);
});

test('what was committed is there, though the answer was cut off', async () => {
  await using client = await session();
  await client.query('begin');
  await client.query("insert into noted values ('cut')");
  proxy.disturb({ kind: 'cut-answers', everyCommits: 1 });
  await expect(client.query('commit')).rejects.toThrow(GONE);
  proxy.disturb({ kind: 'pass' });
  expect(proxy.answersCut).toBe(1);
  expect(await direct("select what from noted where what = 'cut'")).toHaveLength(1);
});

test('only every so many answers are cut off, of all sessions together', async () => {
  const cutBefore = proxy.answersCut;
  proxy.disturb({ kind: 'cut-answers', everyCommits: 3 });
  for (let n = 0; n < 6; n++) {
    await using client = await session();
    await client.query('begin');
    await client.query('commit').catch(() => {});
  }
  proxy.disturb({ kind: 'pass' });
  expect(proxy.answersCut - cutBefore).toBe(2);
});

test('makes what is sent late, and keeps its order', async () => {
  await using client = await session();
  proxy.disturb({ kind: 'latency', ms: 150, jitterMs: 50 });
  const startedMs = performance.now();
  const asked: Promise<number | undefined>[] = [];
  for (let n = 0; n < 8; n++) {
    asked.push(client.query<{ n: number }>(`select ${n} as n`).then(({ rows }) => rows[0]?.n));
    for (let turns = 0; turns < 5; turns++) await nextTurn(); // so that each is carried by itself
  }
  expect(await Promise.all(asked)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(performance.now() - startedMs).toBeGreaterThan(99);
  proxy.disturb({ kind: 'pass' });
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('holds back what is sent into the dark, and carries it on afterwards', async () => {
  await using client = await session();
  proxy.disturb({ kind: 'blackhole' });
  let isAnswered = false;
  const asked = client.query("insert into noted values ('late')").then(() => (isAnswered = true));
  // Meanwhile the server is asked directly, more than once: there is nothing.
  for (let n = 0; n < 5; n++) {
    expect(await direct("select what from noted where what = 'late'")).toHaveLength(0);
  }
  expect(isAnswered).toBe(false);
  proxy.disturb({ kind: 'pass' });
  await asked;
  expect(await direct("select what from noted where what = 'late'")).toHaveLength(1);
});

test('resets what there is and what comes, until it passes again', async () => {
  await using client = await session();
  let hasEnded = false;
  client.once('end', () => (hasEnded = true));
  proxy.disturb({ kind: 'reset' });
  await until('the session has ended', () => hasEnded);
  await expect(session()).rejects.toThrow(GONE);
  proxy.disturb({ kind: 'pass' });
  await using again = await session();
  expect((await again.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});
