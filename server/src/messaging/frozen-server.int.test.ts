/** A server that does not react any more, as when its machine is paused: stopping does not wait for it. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../platform/clock.ts';
import { openDatabase } from '../platform/postgres/database.ts';
import { endClient } from '../platform/postgres/end-client.ts';
import { statement } from '../platform/postgres/statement.ts';
import { createMessaging } from './index.ts';

const PIDS = statement(`/* test.pids */ select pid from pg_stat_activity
  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`);

async function freezable() {
  const db = await createTestDatabase();
  const frozen = new Set<number>();
  onTestFinished(async () => {
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    await db[Symbol.asyncDispose]();
  });
  return {
    db,
    /** Stops every process of the server that serves the database, except the one that is asked here. */
    freeze: async (atLeast: number) => {
      const rows = await until('everybody is connected', async () => {
        const found = await db.database.rows<{ pid: number }>(PIDS, []);
        return found.length >= atLeast && found;
      });
      for (const { pid } of rows) {
        process.kill(pid, 'SIGSTOP');
        frozen.add(pid);
      }
    },
  };
}

const socketsOf = () =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap' || kind === 'PipeWrap').length;

test('messaging and the pool end within their bounds, and leave no socket that keeps the process', async () => {
  const { db, freeze } = await freezable();
  await db.database.rows(PIDS, []);
  const before = socketsOf();
  const database = openDatabase({
    connection: db.connection,
    connectionsMax: 4,
    settings: {},
    answerMaxMs: 1_000,
    onIdleError: () => {},
  });
  const messaging = createMessaging({
    database,
    connection: db.connection,
    instanceId: randomUUID(),
    clock: systemClock,
    logger: createLogRecorder().logger,
    retentionMs: 3_600_000,
    observe: () => {},
    onAppended: () => {},
    onParked: () => {},
  });
  const stop = new AbortController();
  const running = messaging.run(stop.signal);
  await until('the listener listens', async () => {
    const listening = statement(
      `/* test.listening */ select from pg_stat_activity where datname = current_database() and query like 'listen %'`,
    );
    return (await db.database.rows(listening, [])).length === 1;
  });
  await freeze(2);

  const startedMs = performance.now();
  stop.abort();
  await running;
  await database[Symbol.asyncDispose]();
  expect(performance.now() - startedMs).toBeLessThan(6_000);
  await until('the sockets are gone', () => socketsOf() <= before);
});

test('a connection of our own ends within a second or so, whether the server says goodbye or not', async () => {
  const { db, freeze } = await freezable();
  const clients = [new Client(db.connection), new Client(db.connection)] as const;
  for (const client of clients) {
    client.on('error', () => {});
    await client.connect();
  }
  await endClient(clients[0]); // the server is well
  await freeze(1);
  const startedMs = performance.now();
  await endClient(clients[1]);
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThan(900);
  expect(tookMs).toBeLessThan(3_000);
});
