/** A crowd joins one room over HTTP; then it is asked whether everybody has a place, in order, and what that cost. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { audited } from '../lib/audited.ts';
import { joinStep } from '../lib/audience.ts';
import { type Gate, joinAll, LONG_LINE } from '../lib/crowd.ts';
import { BY_WRK, DURABLE } from '../lib/conditions.ts';
import type { Part } from '../lib/part.ts';
import { peakMemoryMb, watchCores } from '../lib/cores.ts';
import { type LoadReport, type Outcome, runLoad } from '../lib/load.ts';
import { table } from '../lib/page.ts';
import { createPeople, writeCrowd } from '../lib/people.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { type JoinRecord, overtakings } from '../../rehearsal/history/line.ts';

/** At each instance. */
const CONNECTIONS = 1_024;
/** So many join one after the other, at an even pace, and keep what they were answered and when. */
const RECORDED_SHARE = 1 / 400;
const RECORDED_PER_S = 100;
const RECORDER_CONNECTIONS = 16;
const ASKED_SHARE = 1 / 50;
/** Nobody's turn ends for not being taken up while this runs. */
const SETTINGS = { ...LONG_LINE, CLAIM_WINDOW_MS: '600000' };

export const million: Part = {
  title: 'A crowd stands in one room',
  conditions: () => [
    'one run each; the crowd is sent by wrk (one thread and 1,024 connections for each instance, an access token for each person)',
    'beside it 16 connections join at 100 a second in all, and keep what they were answered: the order is judged from those',
    `the room lets 50 people in every 30 s; ${BY_WRK}`,
    DURABLE,
  ],
  measure: async (stage, { quick }) => ({
    page: await measureCrowds(stage, quick ? 100_000 : 1_000_000),
    findings: [],
  }),
};

/** With one instance, and with one for each of two cores: gives for each the rows of the page. */
async function measureCrowds(stage: Stage, people: number): Promise<string[]> {
  const [one, two] = [await measureCrowd(stage, people, 1), await measureCrowd(stage, people, 2)];
  return ['One instance:', '', ...one, '', 'Two instances, one for each core:', '', ...two];
}

/** Gives the rows: what, figure, aim. */
async function measureCrowd(stage: Stage, people: number, instances: number): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const database = await stage.freshDatabase();
  const recorded = Math.round(people * RECORDED_SHARE);
  const gates: Gate[] = [];
  for (let gate = 0; gate < instances; gate++) {
    const tokens = join(stage.folder, `crowd-${gate}`);
    await writeCrowd(tokens, Math.round((people - recorded) / instances));
    gates.push({ tokens, service: stack.use(await stage.startService(database, SETTINGS)) });
  }
  const [{ service }] = gates as [Gate];
  const pids = gates.map((gate) => gate.service.pid);
  const idleMb = await peakMemories(pids);

  const coresUsed = await watchCores(stage, service.pid, 'joins');
  const [{ seconds, reports }, history] = await Promise.all([
    joinAll(stage, gates, { database, connections: CONNECTIONS, count: people }),
    joinRecorded(service, recorded),
  ]);
  const cores = await coresUsed();
  const wrong = overtakings(history.outcomes.map(toJoin));
  if (wrong.length > 0)
    throw new Error(
      `out of order: ${wrong
        .slice(0, 3)
        .map(({ says }) => says)
        .join('; ')}`,
    );
  const joinedMb = await peakMemories(pids);

  const polls: Asked[] = [];
  for (const [gate, { tokens }] of gates.entries()) {
    // Whoever joined at one instance asks at another one, where there is one.
    const other = gates[(gate + 1) % gates.length] as Gate;
    const share = Math.round((people * ASKED_SHARE) / gates.length);
    polls.push(await askForPlaces(other.service, await pickLines(tokens, share)));
  }
  await audited(stage, database);
  const sizes = await measureSizes(stage, database);
  const heapMb = await heapOf(service);
  const peakMb = await peakMemories(pids);
  const count = (value: number) => Math.round(value).toLocaleString('en');
  const answers = reports.map(({ latency }) => `p50 ${ms(latency.p50)}, p99 ${ms(latency.p99)}`);
  return table(
    ['what', 'figure', 'aim'],
    [
      ['until all have a place', `${seconds.toFixed(1)} s`, '< 60 s for a million'],
      ['joins committed', `${count(people / seconds)} a second`, ''],
      ['answers to the crowd', answers.join('; '), ''],
      ['places', `${count(people)} people, numbers 1 to ${count(people)}, none twice`, 'all'],
      ['order', `${count(recorded)} recorded joins, 0 overtakings`, '0'],
      [
        'looks at the place',
        `${count(polls.reduce((sum, { asked }) => sum + asked, 0))} people at random, all right; ${polls.map(({ latency }) => latency).join('; ')}`,
        'all right',
      ],
      ['memory of each Node process, peak', peakMb, '< 400 MB'],
      ['… before anybody came', idleMb, ''],
      ['… until the last had joined', joinedMb, ''],
      ['JavaScript heap in use, afterwards', `${count(heapMb)} MB`, ''],
      ['database', `${count(sizes.database)} MB, of it the places ${count(sizes.places)} MB`, ''],
      [
        'cores while joining',
        `${instances > 1 ? 'the first ' : ''}service ${cores.process.toFixed(2)}, all ${cores.machine.toFixed(2)}`,
        '',
      ],
    ],
  );
}

async function peakMemories(pids: readonly number[]): Promise<string> {
  const peaks = await Promise.all(pids.map(peakMemoryMb));
  return `${peaks.map((peak) => Math.round(peak)).join(' and ')} MB`;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

function joinRecorded({ host, port }: RunningService, count: number): Promise<LoadReport> {
  const person = createPeople();
  return runLoad({
    host,
    port,
    connections: RECORDER_CONNECTIONS,
    perSecond: RECORDED_PER_S,
    collect: true,
    journeys: Array.from({ length: count }, (_, index) => ({
      known: { accessToken: person(), userId: String(index) },
    })),
    steps: [{ ...joinStep, takes: ['number'] }],
  });
}

function toJoin({ known, sentAtMs, answeredAtMs }: Outcome, id: number): JoinRecord {
  const number = Number(known['number']);
  if (!(number > 0)) throw new Error('a recorded join got no number');
  const told = { number, fresh: true };
  return { id, userId: known['userId'] ?? '', sentMs: sentAtMs, answeredMs: answeredAtMs, told };
}

interface Asked {
  readonly asked: number;
  readonly latency: string;
}

/** They join again, which gives them the place that they have, and ask with its token where they stand. */
async function askForPlaces(service: RunningService, accessTokens: readonly string[]): Promise<Asked> {
  const { host, port } = service;
  const common = { host, port, connections: 64, collect: true };
  const again = await runLoad({
    ...common,
    journeys: accessTokens.map((accessToken) => ({ known: { accessToken } })),
    steps: [{ ...joinStep, takes: ['token', 'number'] }],
  });
  if (again.statuses['join']?.[200] !== accessTokens.length)
    throw new Error(`not all had a place: ${JSON.stringify(again.statuses)}`);
  const headBefore = await headOf(service);
  const looks = await runLoad({
    ...common,
    journeys: again.outcomes.map(({ known }) => ({
      known: { token: known['token'] ?? '', given: known['number'] ?? '' },
    })),
    steps: [
      {
        name: 'look',
        method: 'GET',
        path: '/api/v1/queue/tokens/me',
        headers: { authorization: 'Bearer {token}' },
        takes: ['number', 'state', 'ahead'],
      },
    ],
  });
  const headAfter = await headOf(service);
  for (const { known } of looks.outcomes) {
    const [given, number, ahead] = [known['given'], known['number'], known['ahead']].map(Number);
    const right =
      given !== undefined &&
      ahead !== undefined &&
      given === number &&
      (known['state'] === 'WAITING'
        ? ahead <= given - headBefore - 1 && ahead >= given - headAfter - 1
        : known['state'] === 'ACTIVE' && given <= headAfter && ahead === 0);
    if (!right)
      throw new Error(`a wrong place: ${JSON.stringify(known)}, head ${headBefore} to ${headAfter}`);
  }
  const { p50 = 0, p99 = 0 } = looks.latencies['look'] ?? {};
  return { asked: looks.outcomes.length, latency: `p50 ${ms(p50)}, p99 ${ms(p99)} with 64 at once` };
}

async function headOf({ host, port }: RunningService): Promise<number> {
  const response = await fetch(`http://${host}:${port}/api/v1/queue/rooms/main`);
  const { head } = (await response.json()) as { head: number };
  return head;
}

/** So many lines of the file, taken evenly from a random first one on. */
async function pickLines(file: string, count: number): Promise<string[]> {
  const lines: string[] = [];
  const every = Math.round(1 / ASKED_SHARE);
  let left = Math.floor(Math.random() * every);
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (left-- > 0) continue;
    lines.push(line);
    if (lines.length === count) break;
    left = every - 1;
  }
  return lines;
}

async function measureSizes(stage: Stage, database: string): Promise<{ database: number; places: number }> {
  const [row] = await stage.query<{ database: number; places: number }>(
    database,
    `select pg_database_size(current_database()) / 1e6 as database,
       pg_total_relation_size('waiting_room.token') / 1e6 as places`,
  );
  return { database: Number(row?.database), places: Number(row?.places) };
}

async function heapOf({ host, port }: RunningService): Promise<number> {
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
  return Number(/^nodejs_heap_size_used_bytes (\d+)/m.exec(text)?.[1]) / 1e6;
}
