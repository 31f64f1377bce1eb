/** Whole purchases over HTTP (join, hold, pay) until everything has followed, beside pgbench writing the same rows. */
import { readFile } from 'node:fs/promises';
import { migrate } from '../../server/src/platform/postgres/migrate.ts';
import { audited } from '../lib/audited.ts';
import { gather, holdStep, joinStep, openPerformance, payStep } from '../lib/audience.ts';
import { complete } from '../lib/complete.ts';
import { BY_NODE, DURABLE, medians } from '../lib/conditions.ts';
import { costsOf, watchCores } from '../lib/cores.ts';
import { runLoad, secondsSince } from '../lib/load.ts';
import { comparison } from '../lib/page.ts';
import { atLeast, type Part, timesAtLeast } from '../lib/part.ts';
import { runPgbench, withBestClients } from '../lib/pgbench.ts';
import { laidOut } from '../lib/seats.ts';
import { compare, type Side, sideFinding } from '../lib/sides.ts';

/** What the service has done before the clock starts: its code is compiled by then, but for a quick look. */
const WARM_UP_SHARE = { quick: 0.2, full: 2 };

export const purchases: Part = {
  title: 'Whole purchases: join, hold, pay → confirmed, sold, turn spent',
  conditions: (run) => [medians(run), BY_NODE, DURABLE],
  measure: async (stage, { quick, repeats }) => {
    const count = quick ? 320 : 6_000;
    const share = WARM_UP_SHARE[quick ? 'quick' : 'full'];
    const results = await compare(
      stage,
      [
        ourPurchases(count, { connections: 256, early: count * share }),
        pgbenchPurchases('pgbench, usual transactions', 'purchase-transactions.sql', { count, quick }),
        pgbenchPurchases('pgbench, strongest statements', 'purchase-statements.sql', { count, quick }),
        ...(quick ? [] : [ourPurchases(count, { connections: 64, early: count * share })]),
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
function ourPurchases(
  count: number,
  { connections, early }: { readonly connections: number; readonly early: number },
): Side {
  return {
    name: `Frontrow over HTTP, ${connections} connections`,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const performanceId = await openPerformance(service, count + early);
      const fans = await gather(service, count + early, { seatsPaidFor: 1 });
      await laidOut(stage, database, count + early);
      const { host, port } = service;
      const steps = [joinStep, holdStep(performanceId), payStep];
      const buy = (journeys: typeof fans) => runLoad({ host, port, connections, journeys, steps });
      await buy(fans.slice(0, early));
      await complete(stage, database, early);

      const used = await watchCores(stage, service.pid, `purchases, ${connections} connections`);
      const report = await buy(fans.slice(early));
      await complete(stage, database, count + early);
      const seconds = secondsSince(report);
      const cores = await used();
      await audited(stage, database);
      return {
        perSecond: count / seconds,
        latency: report.latencies['pay'],
        costs: costsOf(cores, count / seconds),
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
    run: withBestClients({ count, quick }, async (stage, work) => {
      const database = await stage.freshDatabase();
      await migrate({ ...stage.postgres.connection, database });
      const setup = await readFile(new URL('../sql/purchase-setup.sql', import.meta.url), 'utf8');
      await stage.query(database, setup);
      const bought = work.clients * work.transactionsPerClient;
      await stage.query(database, 'select bench_setup($1)', [bought]);
      await stage.query(database, 'vacuum analyze');
      const seconds = await runPgbench(stage.postgres, database, {
        script: await readFile(new URL(`../sql/${script}`, import.meta.url), 'utf8'),
        ...work,
        variables: { i: 0, performance: 1, per_client: work.transactionsPerClient },
      });
      await complete(stage, database, bought);
      return bought / seconds;
    }),
  };
}
