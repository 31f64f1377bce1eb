/** Joins over HTTP, strictly in the order of the numbers, beside pgbench inserting places. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { audited } from '../lib/audited.ts';
import { BY_WRK, DURABLE, medians } from '../lib/conditions.ts';
import { costsOf, watchCores } from '../lib/cores.ts';
import { joinAll, joined, LONG_LINE } from '../lib/crowd.ts';
import { comparison } from '../lib/page.ts';
import { atLeast, type Part, timesAtLeast } from '../lib/part.ts';
import { writeCrowd } from '../lib/people.ts';
import { type PgbenchAmount, runPgbench, withBestClients } from '../lib/pgbench.ts';
import { compare, type Side, sideFinding } from '../lib/sides.ts';
import { migrate } from '../../server/src/platform/postgres/migrate.ts';

/** Of a crowd: the code is compiled by then. */
const WARM_UP_SHARE = 1;
/** They wait for each other. */
const FEW_CLIENTS = [1, 2, 4, 8, 16];

export const joins: Part = {
  title: 'Joins, strictly in the order of the numbers, distinct people',
  conditions: (run) => [medians(run), BY_WRK, DURABLE, 'each join with an access token of its own, verified'],
  measure: async (stage, { quick, repeats }) => {
    const count = quick ? 2_000 : 60_000;
    const results = await compare(
      stage,
      [
        ourJoins(count, 1_024),
        pgbenchJoins('pgbench, a sequence gives numbers (no order of answers)', 'join-sequence.sql', {
          count,
          quick,
        }),
        ...(quick ? [] : [inOrder({ count: count / 10, quick }), ourJoins(count, 64)]),
      ],
      repeats,
    );
    const [ours, sequence] = results;
    const work = 'joins, strictly in order';
    return {
      page: comparison('joins/s', results),
      findings: [
        sideFinding(work, 'joins/s', [ours, sequence], timesAtLeast(2)),
        ...(ours === undefined
          ? []
          : [{ work, ours: { unit: 'joins/s', figure: ours.perSecond }, aim: atLeast(25_000) }]),
      ],
    };
  },
};

/** Committed joins a second, by us. */
function ourJoins(count: number, connections: number): Side {
  return {
    name: `Frontrow over HTTP, ${connections} connections`,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      const tokens = join(stage.folder, 'crowd');
      const early = Math.ceil(count * WARM_UP_SHARE);
      await using service = await stage.startService(database, LONG_LINE);
      await writeCrowd(tokens, early);
      const inLine = (there: number) => ({ database, connections, count: there });
      await joinAll(stage, [{ service, tokens }], inLine(early));
      await writeCrowd(tokens, count);
      const used = await watchCores(stage, service.pid, `joins, ${connections} connections`);
      const { seconds, reports } = await joinAll(stage, [{ service, tokens }], inLine(early + count));
      const cores = await used();
      await audited(stage, database);
      const perSecond = count / seconds;
      return { perSecond, latency: reports[0]?.latency, costs: costsOf(cores, perSecond) };
    },
  };
}

/** Strictly in order, as we do it: one commit at a time, because the room's row is locked until each. */
function inOrder(amount: PgbenchAmount): Side {
  return pgbenchJoins('pgbench, the room counts', 'join-counter.sql', {
    ...amount,
    clientCounts: FEW_CLIENTS,
  });
}

/** Committed joins a second, by pgbench. */
function pgbenchJoins(name: string, script: string, transactions: PgbenchAmount): Side {
  return {
    name,
    run: withBestClients(transactions, async (stage, work) => {
      const database = await stage.freshDatabase();
      await migrate({ ...stage.postgres.connection, database });
      await stage.query(
        database,
        `insert into waiting_room.room (room, allowance, rate_count, rate_window_ms) values ('main', 0, 1, 1000)`,
      );
      await stage.query(database, 'create sequence bench_number');
      const seconds = await runPgbench(stage.postgres, database, {
        script: await readFile(new URL(`../sql/${script}`, import.meta.url), 'utf8'),
        ...work,
        variables: {},
      });
      return (await joined(stage, database, work.transactionsPerClient * work.clients)) / seconds;
    }),
  };
}
