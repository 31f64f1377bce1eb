/** Joins over HTTP, strictly in the order of the numbers, beside pgbench inserting places. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { audited } from '../lib/audited.ts';
import { BY_WRK, DURABLE, medians } from '../lib/conditions.ts';
import { costNote, watchCores } from '../lib/cores.ts';
import { comparison } from '../lib/page.ts';
import { atLeast, type Part, timesAtLeast } from '../lib/part.ts';
import { writeCrowd } from '../lib/people.ts';
import { runPgbench } from '../lib/pgbench.ts';
import { compare, type Side, sideFinding } from '../lib/sides.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { runWrk, type WrkReport } from '../lib/wrk.ts';
import { migrate } from '../../server/src/platform/postgres/migrate.ts';

/** A line forms only where few are let in: these are the settings that a service starts with. */
export const LONG_LINE = { QUEUE_RATE_COUNT: '50', QUEUE_CAPACITY: '1000' };
/** Longer than any run; a crowd's load ends when all are in. */
const JOIN_SECONDS_MAX = 600;

/** Of a crowd: the code is compiled by then. */
const WARM_UP_SHARE = 0.1;

export const joins: Part = {
  title: 'Joins, strictly in the order of the numbers, distinct people',
  conditions: (run) => [medians(run), BY_WRK, DURABLE, 'each join with an access token of its own, verified'],
  measure: async (stage, { quick, repeats }) => {
    const count = quick ? 3_000 : 60_000;
    const results = await compare(
      stage,
      [
        ourJoins(count, 512),
        pgbenchJoins(
          'pgbench, a sequence gives numbers (no order of answers)',
          'join-sequence.sql',
          count,
          64,
        ),
        // One commit at a time: the room's row is locked until each.
        pgbenchJoins('pgbench, the room counts', 'join-counter.sql', count / 20, 16),
        ...(quick ? [] : [ourJoins(count, 64)]),
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
      const early = count * WARM_UP_SHARE;
      await using service = await stage.startService(database, LONG_LINE);
      await writeCrowd(tokens, early);
      const inLine = (there: number) => ({ database, connections, count: there });
      await joinAll(stage, [{ service, tokens }], inLine(early));
      await writeCrowd(tokens, count);
      const used = await watchCores(stage, service.pid);
      const { seconds, reports } = await joinAll(stage, [{ service, tokens }], inLine(early + count));
      const cores = await used();
      await audited(stage, database);
      const perSecond = count / seconds;
      return { perSecond, latency: reports[0]?.latency, note: costNote(cores, perSecond) };
    },
  };
}

/** Committed joins a second, by pgbench. */
function pgbenchJoins(name: string, script: string, count: number, clients: number): Side {
  return {
    name: `${name}, ${clients} clients`,
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await migrate({ ...stage.postgres.connection, database });
      await stage.query(
        database,
        `insert into waiting_room.room (room, allowance, rate_count, rate_window_ms) values ('main', 0, 1, 1000)`,
      );
      await stage.query(database, 'create sequence bench_number');
      const transactionsPerClient = Math.floor(count / clients);
      const seconds = await runPgbench(stage.postgres, database, {
        script: await readFile(new URL(`../sql/${script}`, import.meta.url), 'utf8'),
        clients,
        transactionsPerClient,
        variables: {},
      });
      return { perSecond: (await committed(stage, database, transactionsPerClient * clients)) / seconds };
    },
  };
}

/** An instance, and the file with an access token for each who joins there. */
export interface Gate {
  readonly service: RunningService;
  readonly tokens: string;
}

export interface Crowd {
  readonly database: string;
  /** At each gate. */
  readonly connections: number;
  /** How many places there must be in the end. */
  readonly count: number;
}

/** Lets the whole crowd join; ends when that many places are committed. */
export async function joinAll(
  stage: Stage,
  gates: readonly Gate[],
  { database, connections, count }: Crowd,
): Promise<{ seconds: number; reports: WrkReport[] }> {
  const stop = new AbortController();
  const startedMs = performance.now();
  const loads = gates.map(({ service: { host, port }, tokens }) =>
    runWrk({
      host,
      port,
      connections,
      seconds: JOIN_SECONDS_MAX,
      stop: stop.signal,
      requests: { tokens, method: 'POST', path: '/api/v1/queue/tokens', body: '{}', again: false },
    }),
  );
  const [seconds, reports] = await Promise.all([
    allIn(stage, database, count)
      .then(() => (performance.now() - startedMs) / 1_000)
      .finally(() => stop.abort()),
    Promise.all(loads),
  ]);
  await committed(stage, database, count);
  return { seconds, reports };
}

/** Waits until the room has given that many numbers; gives up when it gives none any more. */
async function allIn(stage: Stage, database: string, count: number): Promise<void> {
  let before = -1;
  let lastMoveMs = performance.now();
  for (;;) {
    const [row] = await stage.query<{ n: number }>(
      database,
      `select last_number::int as n from waiting_room.room where room = 'main'`,
    );
    if (row?.n === count) return;
    if (row?.n !== before) lastMoveMs = performance.now();
    if (performance.now() - lastMoveMs > 10_000) throw new Error(`stuck: ${row?.n} of ${count} are in line`);
    before = row?.n ?? -1;
    await delay(20);
  }
}

/** Counts rows, not answers: as many people as places, and no number left out. */
async function committed(stage: Stage, database: string, expected: number): Promise<number> {
  const [row] = await stage.query<{ people: number; last: number }>(
    database,
    `select count(distinct user_id)::int as people, max(number)::int as last from waiting_room.token where room = 'main'`,
  );
  if (row?.people !== expected || row.last !== expected)
    throw new Error(`${row?.people} people joined up to number ${row?.last}, ${expected} expected`);
  return expected;
}
