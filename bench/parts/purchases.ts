/** Whole purchases over HTTP (join, hold, pay) until everything has followed, beside pgbench writing the same rows. */
import { readFile } from 'node:fs/promises';
import { migrate } from '../../server/src/platform/postgres/migrate.ts';
import { audited } from '../lib/audited.ts';
import { gather, holdStep, joinStep, openPerformance, payStep } from '../lib/audience.ts';
import { BY_NODE, DURABLE, medians } from '../lib/conditions.ts';
import { costNote, watchCores } from '../lib/cores.ts';
import { runLoad } from '../lib/load.ts';
import { comparison } from '../lib/page.ts';
import { atLeast, type Part, timesAtLeast } from '../lib/part.ts';
import { runPgbench, withBestClients } from '../lib/pgbench.ts';
import { laidOut } from '../lib/seats.ts';
import { compare, type Side, sideFinding } from '../lib/sides.ts';
import type { Stage } from '../lib/stage.ts';

/** What the service has done before the clock starts: its code is compiled by then. */
const WARM_UP_SHARE = 0.2;
const STUCK_MS = 10_000;

export const purchases: Part = {
  title: 'Whole purchases: join, hold, pay → confirmed, sold, turn spent',
  conditions: (run) => [medians(run), BY_NODE, DURABLE],
  measure: async (stage, { quick, repeats }) => {
    const count = quick ? 640 : 6_000;
    const results = await compare(
      stage,
      [
        ourPurchases(count, 256),
        pgbenchPurchases('pgbench, usual transactions', 'purchase-transactions.sql', { count, quick }),
        pgbenchPurchases('pgbench, strongest statements', 'purchase-statements.sql', { count, quick }),
        ...(quick ? [] : [ourPurchases(count, 64)]),
      ],
      repeats,
    );
    const [ours, usual, strongest] = results;
    const work = 'whole purchases: join, hold, pay, confirmed, sold, turn spent';
    const unit = 'purchases/s';
    return {
      page: comparison(unit, results),
      findings: [
        sideFinding(work, unit, [ours, usual], timesAtLeast(1.5)),
        sideFinding(work, unit, [ours, strongest], timesAtLeast(1.2)),
        ...(ours === undefined
          ? []
          : [{ work, ours: { unit, figure: ours.perSecond }, aim: atLeast(4_000) }]),
      ],
    };
  },
};

/** Purchases a second, from the first request until the last seat is sold and the last turn is spent. */
function ourPurchases(count: number, connections: number): Side {
  return {
    name: `Frontrow over HTTP, ${connections} connections`,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const early = count * WARM_UP_SHARE;
      const performanceId = await openPerformance(service, count + early);
      const fans = await gather(service, count + early, { seatsPaidFor: 1 });
      await laidOut(stage, database, count + early);
      const { host, port } = service;
      const steps = [joinStep, holdStep(performanceId), payStep];
      const buy = (journeys: typeof fans) => runLoad({ host, port, connections, journeys, steps });
      await buy(fans.slice(0, early));
      await complete(stage, database, early);

      const startedMs = performance.now();
      const used = await watchCores(stage, service.pid);
      const report = await buy(fans.slice(early));
      const generatorStartMs = performance.now() - startedMs - report.durationMs;
      await complete(stage, database, count + early);
      const seconds = (performance.now() - startedMs - generatorStartMs) / 1_000;
      const cores = await used();
      await audited(stage, database);
      return {
        perSecond: count / seconds,
        latency: report.latencies['pay'],
        note: costNote(cores, count / seconds),
      };
    },
  };
}

/** The same rows by pgbench: hold and pay are separate commits, what follows from them rides with the second. */
function pgbenchPurchases(
  name: string,
  script: string,
  { count, quick }: { readonly count: number; readonly quick: boolean },
): Side {
  return {
    name,
    run: withBestClients(quick, async (stage, clients) => {
      const database = await stage.freshDatabase();
      await migrate({ ...stage.postgres.connection, database });
      const setup = await readFile(new URL('../sql/purchase-setup.sql', import.meta.url), 'utf8');
      await stage.query(database, setup);
      await stage.query(database, 'select bench_setup($1)', [count]);
      await stage.query(database, 'vacuum analyze');
      const each = Math.floor(count / clients);
      const seconds = await runPgbench(stage.postgres, database, {
        script: await readFile(new URL(`../sql/${script}`, import.meta.url), 'utf8'),
        clients,
        transactionsPerClient: each,
        variables: { i: 0, performance: 1, per_client: each },
      });
      await complete(stage, database, each * clients);
      return (each * clients) / seconds;
    }),
  };
}

/** Waits until so many purchases, of one seat each, are complete in the tables. */
export function complete(stage: Stage, database: string, count: number): Promise<void> {
  return allComplete(stage, database, { seats: count, purchases: count });
}

/** The same of so many seats; gives up when nothing moves any more. */
export async function allComplete(
  stage: Stage,
  database: string,
  expected: { readonly seats: number; readonly purchases: number },
): Promise<void> {
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
    const { sold = 0, paid = 0, confirmed = 0, spent = 0 } = row ?? {};
    const least = Math.min(paid, confirmed, spent);
    if (least === expected.purchases && sold === expected.seats) return;
    const now = least + sold;
    if (now !== before) lastMoveMs = performance.now();
    if (performance.now() - lastMoveMs > STUCK_MS)
      throw new Error(`stuck: ${JSON.stringify(row)} of ${JSON.stringify(expected)}`);
    before = now;
  }
}
