/** Polls of a long line, each by somebody else, beside a bare Fastify that answers the same bytes. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { audited } from '../lib/audited.ts';
import { BY_WRK, medians } from '../lib/conditions.ts';
import { showMs } from '../lib/figures.ts';
import { comparison } from '../lib/page.ts';
import { atMost, type Part, timesAtLeast, timesAtMost } from '../lib/part.ts';
import { LONG_LINE } from '../lib/crowd.ts';
import { type Answer, sampleAnswer, startBare } from '../lib/bare.ts';
import { costsOf, peakMemoryMb, watchCores } from '../lib/cores.ts';
import { formLine, placeSigner } from '../lib/line.ts';
import { runLoad } from '../lib/load.ts';
import type { Quantiles } from '../lib/quantiles.ts';
import {
  alsoFinding,
  compare,
  type Measured,
  type Side,
  sideFinding,
  type SideResult,
} from '../lib/sides.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { runWrk, warmUp } from '../lib/wrk.ts';

const PATH = '/api/v1/queue/tokens/me';
const CONNECTIONS = 64;
const FEW = 10_000;

/** Far below what an instance can do, and more than enough to see an answer that waits. */
const UNHURRIED_PER_S = 2_000;
const UNHURRIED_WARM_UP_SECONDS = 1;
const UNHURRIED_CONNECTIONS = 128;

const BARE = 'bare Fastify, the same bytes';
const P50 = 'p50 ms, unhurried';
const P99 = 'p99 ms, unhurried';
const TRANSACTIONS = 'transactions a poll';
const MEMORY = 'memory MB';

export const polls: Part = {
  title: 'Polls, each by somebody else in line',
  conditions: (run) => [
    medians(run),
    BY_WRK,
    'the reference sends the same bytes and headers, and looks at nothing',
  ],
  measure: async (stage, { quick, repeats }) => {
    const people = quick ? 20_000 : 1_000_000;
    const lines = createLines();
    const load = quick
      ? { warmUpSeconds: 0, seconds: 1, unhurriedSeconds: 1 }
      : { warmUpSeconds: 8, seconds: 10, unhurriedSeconds: 4 };
    const results = await compare(
      stage,
      [ours(lines, people, load), reference(lines, people, load), ...(quick ? [] : [ours(lines, FEW, load)])],
      repeats,
    );
    const [many, bare, short] = results;
    const inLine = `with ${people.toLocaleString('en')} in line`;
    const work = `polls ${inLine}`;
    return {
      page: [
        ...comparison('polls/s', results),
        '',
        `Below saturation, ${UNHURRIED_PER_S.toLocaleString('en')} polls a second (open loop, Node generator): p50 ${unhurried(many, P50)}, p99 ${unhurried(many, P99)}; of the bare Fastify p50 ${unhurried(bare, P50)}, p99 ${unhurried(bare, P99)}.`,
      ],
      findings: [
        sideFinding(work, 'polls/s', [many, bare], timesAtLeast(0.8)),
        ...(short === undefined
          ? []
          : [sideFinding(`${work}, beside few`, 'polls/s', [many, short], timesAtLeast(1 / 1.3))]),
        alsoFinding(work, 'transactions of the database a poll', [many, TRANSACTIONS], atMost(0.01)),
        alsoFinding(`${work}, below saturation`, 'ms, p99', [many, P99], atMost(10)),
        alsoFinding(`${work}, below saturation, beside it`, 'ms, p99', [many, P99], timesAtMost(1.5), bare),
        alsoFinding(
          `memory of an instance that is polled, ${people.toLocaleString('en')} in line`,
          'MB, peak of the Node process',
          [many, MEMORY],
          atMost(400),
        ),
      ],
    };
  },
};

function unhurried(side: SideResult | undefined, what: string): string {
  const figure = side?.also[what];
  return figure === undefined ? '' : showMs(figure);
}

interface Load {
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly unhurriedSeconds: number;
}

/** Lines by their length, made once: nobody writes to them but the service itself. */
type Lines = (stage: Stage, people: number) => Promise<Line>;

function createLines(): Lines {
  const lines = new Map<number, Promise<Line>>();
  return (stage, people) => {
    const line = lines.get(people) ?? openLine(stage, people);
    lines.set(people, line);
    return line;
  };
}

function ours(lines: Lines, people: number, load: Load): Side {
  return {
    name: `Frontrow, ${people.toLocaleString('en')} people in line`,
    run: async (stage) => {
      const { database, tokens } = await lines(stage, people);
      await using service = await stage.startService(database, LONG_LINE);
      const measured = await observed(stage, database, service, () => poll(stage, service, tokens, load));
      await audited(stage, database);
      return measured;
    },
  };
}

function reference(lines: Lines, people: number, load: Load): Side {
  return {
    name: BARE,
    run: async (stage) => {
      const { sample, tokens } = await lines(stage, people);
      await using bare = await startBare(stage, sample);
      return await poll(stage, bare, tokens, load);
    },
  };
}

/** How long somebody waits for the answer when the instance is not kept busy: open loop. */
async function pollUnhurried(
  stage: Stage,
  { host, port, pid }: RunningService,
  tokens: string,
  { warmUpSeconds, unhurriedSeconds }: Load,
): Promise<Quantiles> {
  const journeys: { known: { token: string } }[] = [];
  for await (const token of createInterface({ input: createReadStream(tokens) })) {
    journeys.push({ known: { token } });
    if (journeys.length === UNHURRIED_PER_S * unhurriedSeconds) break;
  }
  const headers = { authorization: 'Bearer {token}' };
  const common = {
    host,
    port,
    connections: UNHURRIED_CONNECTIONS,
    perSecond: UNHURRIED_PER_S,
    steps: [{ name: 'look', method: 'GET', path: PATH, headers } as const],
  };
  await runLoad({
    ...common,
    journeys: journeys.slice(0, UNHURRIED_PER_S * Math.min(warmUpSeconds, UNHURRIED_WARM_UP_SECONDS)),
  });
  const sampled = await stage.profile(pid, `${UNHURRIED_PER_S} polls a second`);
  const { latencies, statuses } = await runLoad({ ...common, journeys });
  await sampled();
  if (statuses['look']?.[200] !== journeys.length || latencies['look'] === undefined)
    throw new Error(`not all were told: ${JSON.stringify(statuses)}`);
  return latencies['look'];
}

/** As fast as they are answered, then at an even pace. */
async function poll(stage: Stage, service: RunningService, tokens: string, load: Load): Promise<Measured> {
  const { host, port, pid } = service;
  const requests = { tokens, method: 'GET', path: PATH, again: true } as const;
  const { warmUpSeconds, seconds } = load;
  const run = { host, port, connections: CONNECTIONS, requests };
  await warmUp({ ...run, seconds: warmUpSeconds });
  const used = await watchCores(stage, pid, 'as many polls as are answered');
  const { perSecond, latency } = await runWrk({ ...run, seconds });
  const costs = costsOf(await used(), perSecond);
  const { p50, p99 } = await pollUnhurried(stage, service, tokens, load);
  return { perSecond, latency, costs, also: { [P50]: p50, [P99]: p99 } };
}

interface Line {
  readonly database: string;
  /** The file with everybody's queue token, in the order of the line. */
  readonly tokens: string;
  /** What somebody in the middle is told. */
  readonly sample: Answer;
}

/** A room with that many people in line. */
async function openLine(stage: Stage, people: number): Promise<Line> {
  const database = await stage.freshDatabase({ kept: true });
  const tokens = join(stage.folder, `line-of-${people}`);
  await using service = await stage.startService(database, LONG_LINE); // makes the room
  await formLine(stage, database, { room: 'main', people, tokens });
  const headers = { authorization: `Bearer ${placeSigner('main')(Math.ceil(people / 2))}` };
  return { database, tokens, sample: await sampleAnswer(service, PATH, headers) };
}

/** Says beside the figure how many transactions the database did meanwhile, and what memory the service took. */
async function observed(
  stage: Stage,
  database: string,
  { pid }: RunningService,
  run: () => Promise<Measured>,
): Promise<Measured> {
  const before = await transactions(stage, database);
  const startedMs = performance.now();
  const measured = await run();
  const done = (await transactions(stage, database)) - before;
  const perSecond = done / ((performance.now() - startedMs) / 1_000);
  const peakMb = await peakMemoryMb(pid);
  return {
    ...measured,
    also: { ...measured.also, [TRANSACTIONS]: perSecond / measured.perSecond, [MEMORY]: peakMb },
    note: `${Math.round(perSecond)} transactions/s in the database; at most ${Math.round(peakMb)} MB in the process`,
  };
}

async function transactions(stage: Stage, database: string): Promise<number> {
  const [row] = await stage.query<{ n: number }>(
    database,
    'select xact_commit::int as n from pg_stat_database where datname = $1',
    [database],
  );
  return row?.n ?? 0;
}
