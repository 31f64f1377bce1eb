/** Durable seat holds over HTTP, all checks on, beside pgbench writing the same rows. */
import { readFile } from 'node:fs/promises';
import { gather, holdStep, openPerformance } from './lib/audience.ts';
import { runLoad } from './lib/load.ts';
import { runPgbench } from './lib/pgbench.ts';
import { laidOut } from './lib/seats.ts';
import type { Side } from './lib/sides.ts';
import type { Stage } from './lib/stage.ts';
import { migrate } from '../server/src/platform/postgres/migrate.ts';

const CLIENTS = 32;

/** Committed holds a second, by us. */
export function ourHolds(count: number, connections: number): Side {
  return {
    name: `Frontrow over HTTP, ${connections} connections`,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const performanceId = await openPerformance(service, count);
      const fans = await gather(service, count, true);
      await laidOut(stage, database, count);
      const { host, port } = service;
      const report = await runLoad({
        host,
        port,
        connections,
        journeys: fans,
        steps: [holdStep(performanceId)],
      });
      return {
        perSecond: (await committed(stage, database, count)) / (report.durationMs / 1_000),
        latency: report.latencies['hold'],
      };
    },
  };
}

/** Committed holds a second, by pgbench. */
export function pgbenchHolds(name: string, script: string, count: number): Side {
  return {
    name,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await migrate({ ...stage.postgres.connection, database });
      await stage.query(
        database,
        `insert into seats.performance (performance_id, room, seat_count, seats_per_person, sale_opens_at, sale_closes_at)
         values (1, 'main', $1, 4, 'epoch', 'infinity')`,
        [count],
      );
      await stage.query(
        database,
        'insert into seats.seat (performance_id, seat_no, price_krw) select 1, n, 10000 from generate_series(1, $1::int) n',
        [count],
      );
      await stage.query(database, 'vacuum analyze seats.seat');
      const transactionsPerClient = Math.floor(count / CLIENTS);
      const seconds = await runPgbench(stage.postgres, database, {
        script: await readFile(new URL(`sql/${script}`, import.meta.url), 'utf8'),
        clients: CLIENTS,
        transactionsPerClient,
        variables: { i: 0, performance: 1, per_client: transactionsPerClient },
      });
      return { perSecond: (await committed(stage, database, transactionsPerClient * CLIENTS)) / seconds };
    },
  };
}

/** Counts rows, not answers. */
async function committed(stage: Stage, database: string, expected: number): Promise<number> {
  const [row] = await stage.query<{ n: number }>(
    database,
    `select count(*)::int as n from seats.hold h
     join seats.seat s on s.reservation_id = h.reservation_id and s.state <> 'F'`,
  );
  if (row?.n !== expected) throw new Error(`${row?.n} holds were committed, ${expected} expected`);
  return row.n;
}
