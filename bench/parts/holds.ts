/** Durable seat holds over HTTP, all checks on, beside pgbench writing the same rows. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../../server/src/platform/postgres/migrate.ts';
import { audited } from '../lib/audited.ts';
import { gather, holdStep, openPerformance } from '../lib/audience.ts';
import { BY_WRK, DURABLE, medians } from '../lib/conditions.ts';
import { costsOf, watchCores } from '../lib/cores.ts';
import { allDue } from '../lib/complete.ts';
import { comparison } from '../lib/page.ts';
import { type Part, timesAtLeast } from '../lib/part.ts';
import { type PgbenchWork, runPgbench, withBestClients } from '../lib/pgbench.ts';
import { writeRequests } from '../lib/requests.ts';
import { laidOut } from '../lib/seats.ts';
import { compare, type Side, sideFinding } from '../lib/sides.ts';
import type { Stage } from '../lib/stage.ts';
import { runWrk } from '../lib/wrk.ts';

/**
 * How often the service has held as many seats before the clock starts, at other performances. V8 goes on compiling for some
 * forty thousand holds: right after three thousand a hold takes a fifth more of the service.
 */
const WARM_UPS = 3;
const SECONDS_MAX = 120;

export const holds: Part = {
  title: 'Durable seat holds, distinct seats and buyers',
  conditions: (run) => [medians(run), BY_WRK, DURABLE],
  measure: async (stage, { quick, repeats }) => {
    const count = quick ? 1_500 : 15_000;
    const results = await compare(
      stage,
      [
        ourHolds(count, 1_024, quick ? 1 : WARM_UPS),
        pgbenchHolds('pgbench, usual transaction', 'hold-transaction.sql', { count, quick }),
        pgbenchHolds('pgbench, strongest single statement', 'hold-statement.sql', { count, quick }),
        ...(quick ? [] : [ourHolds(count, 64, WARM_UPS)]),
      ],
      repeats,
    );
    const [ours, usual, strongest] = results;
    const work = 'durable seat holds, distinct seats';
    return {
      page: comparison('holds/s', results),
      findings: [
        sideFinding(work, 'holds/s', [ours, usual], timesAtLeast(2)),
        sideFinding(work, 'holds/s', [ours, strongest], timesAtLeast(1.5)),
      ],
    };
  },
};

/** Committed holds a second, by us. */
function ourHolds(count: number, connections: number, warmUps: number): Side {
  return {
    name: `Frontrow over HTTP, ${connections} connections`,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const before: number[] = [];
      while (before.length < warmUps) before.push(await openPerformance(service, count));
      const performanceId = await openPerformance(service, count);
      const fans = await gather(service, count, { join: true });
      await laidOut(stage, database, (warmUps + 1) * count);
      const write = async (name: string, journeys: typeof fans, id: number) => {
        const file = join(stage.folder, name);
        await writeRequests(file, holdStep(id), journeys);
        return { file, count: journeys.length };
      };
      const requests = await write('holds', fans, performanceId);
      const { host, port } = service;
      const load = { host, port, connections, seconds: SECONDS_MAX };
      for (const id of before) {
        const early = fans.map(({ known }) => ({ known: { ...known, key: `${id}-${known['key']}` } }));
        await runWrk({ ...load, requests: await write('early-holds', early, id) });
      }
      await allDue(stage, database, warmUps * count);
      // Nobody looks after what the warm-up wrote while the clock runs, as nobody does beside pgbench.
      await stage.query(database, 'vacuum analyze');
      await stage.query(database, 'checkpoint');
      const startedMs = performance.now();
      const used = await watchCores(stage, service.pid, `holds, ${connections} connections`);
      const { seconds, latency } = await runWrk({ ...load, requests });
      const behind = await allDue(stage, database, (warmUps + 1) * count);
      const dueS = (performance.now() - startedMs) / 1_000;
      const costs = costsOf(await used(), count / dueS);
      const perSecond = (await committed(stage, database, performanceId, count)) / seconds;
      await audited(stage, database);
      const note = `when the last was answered, ${behind} of the reservations and payments that follow were still to be written`;
      return { perSecond, latency, costs, note };
    },
  };
}

/** Committed holds a second, by pgbench. */
function pgbenchHolds(
  name: string,
  script: string,
  { count, quick }: { readonly count: number; readonly quick: boolean },
): Side {
  return { name, run: withBestClients({ count, quick }, (stage, work) => pgbenchRun(stage, script, work)) };
}

async function pgbenchRun(stage: Stage, script: string, work: PgbenchWork): Promise<number> {
  const database = await stage.freshDatabase();
  await migrate({ ...stage.postgres.connection, database });
  const count = work.transactionsPerClient * work.clients;
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
  const seconds = await runPgbench(stage.postgres, database, {
    script: await readFile(new URL(`../sql/${script}`, import.meta.url), 'utf8'),
    ...work,
    variables: { i: 0, performance: 1, per_client: work.transactionsPerClient },
  });
  return (await committed(stage, database, 1, count)) / seconds;
}

/** Counts rows, not answers. */
async function committed(
  stage: Stage,
  database: string,
  performanceId: number,
  expected: number,
): Promise<number> {
  const [row] = await stage.query<{ n: number }>(
    database,
    `select count(*)::int as n from seats.hold h
     join seats.seat s on s.reservation_id = h.reservation_id and s.state <> 'F'
     where h.performance_id = $1`,
    [performanceId],
  );
  if (row?.n !== expected) throw new Error(`${row?.n} holds were committed, ${expected} expected`);
  return row.n;
}
