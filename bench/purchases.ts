/** Whole purchases over HTTP (join, hold, pay) until everything has followed, beside pgbench writing the same rows. */
import { readFile } from 'node:fs/promises';
import { gather, holdStep, joinStep, openPerformance, payStep } from './lib/audience.ts';
import { runLoad } from './lib/load.ts';
import { runPgbench } from './lib/pgbench.ts';
import { laidOut } from './lib/seats.ts';
import type { Side } from './lib/sides.ts';
import type { Stage } from './lib/stage.ts';
import { migrate } from '../server/src/platform/postgres/migrate.ts';

const CLIENTS = 32;

/** Purchases a second, from the first request until the last seat is sold and the last turn is spent. */
export function ourPurchases(count: number, connections: number): Side {
  return {
    name: `Frontrow over HTTP, ${connections} connections`,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const performanceId = await openPerformance(service, count);
      const fans = await gather(service, count, false);
      await laidOut(stage, database, count);
      const { host, port } = service;
      const startedMs = performance.now();
      const report = await runLoad({
        host,
        port,
        connections,
        journeys: fans,
        steps: [joinStep, holdStep(performanceId), payStep],
      });
      const generatorStartMs = performance.now() - startedMs - report.durationMs;
      await complete(stage, database, count);
      const seconds = (performance.now() - startedMs - generatorStartMs) / 1_000;
      return { perSecond: count / seconds, latency: report.latencies['pay'] };
    },
  };
}

/** The same rows by pgbench: hold and pay are separate commits, what follows from them rides with the second. */
export function pgbenchPurchases(name: string, script: string, count: number): Side {
  return {
    name,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await migrate({ ...stage.postgres.connection, database });
      await stage.query(database, await readFile(new URL('sql/purchase-setup.sql', import.meta.url), 'utf8'));
      await stage.query(database, 'select bench_setup($1)', [count]);
      await stage.query(database, 'vacuum analyze');
      const transactionsPerClient = Math.floor(count / CLIENTS);
      const seconds = await runPgbench(stage.postgres, database, {
        script: await readFile(new URL(`sql/${script}`, import.meta.url), 'utf8'),
        clients: CLIENTS,
        transactionsPerClient,
        variables: { i: 0, performance: 1, per_client: transactionsPerClient },
      });
      const made = transactionsPerClient * CLIENTS;
      await complete(stage, database, made);
      return { perSecond: made / seconds };
    },
  };
}

/** Waits until so many purchases are complete in the tables; gives up when nothing moves any more. */
async function complete(stage: Stage, database: string, count: number): Promise<void> {
  let before = -1;
  let lastMoveMs = performance.now();
  for (;;) {
    const [row] = await stage.query<{ sold: number; paid: number; confirmed: number; spent: number }>(
      database,
      `select
        (select count(*)::int from seats.seat where state = 'S') as sold,
        (select count(*)::int from payments.payment where state = 'PAID') as paid,
        (select count(*)::int from reservations.reservation where status = 'CONFIRMED') as confirmed,
        (select count(*)::int from waiting_room.token where state = 'SPENT') as spent`,
    );
    const least = row === undefined ? 0 : Math.min(row.sold, row.paid, row.confirmed, row.spent);
    if (least === count) return;
    if (least !== before) lastMoveMs = performance.now();
    if (performance.now() - lastMoveMs > 10_000) throw new Error(`stuck: ${JSON.stringify(row)} of ${count}`);
    before = least;
  }
}
