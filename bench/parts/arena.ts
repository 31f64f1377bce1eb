/** An arena that sells out to four times as many fans as it has seats, from the opening of the room to the last seat. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ArenaFan, type ArenaReport, runArena } from '../lib/arena.ts';
import { audited } from '../lib/audited.ts';
import { chargeStep, gather, holdStep, joinStep, openPerformance, payStep } from '../lib/audience.ts';
import { allComplete } from '../lib/complete.ts';
import { BY_NODE, DURABLE } from '../lib/conditions.ts';
import { type CoreUse, watchCores } from '../lib/cores.ts';
import { joinAll } from '../lib/crowd.ts';
import { type Figure, figureOf, show, showMs } from '../lib/figures.ts';
import { runLoad } from '../lib/load.ts';
import { operate } from '../lib/operate.ts';
import { table } from '../lib/page.ts';
import { atMost, type Part } from '../lib/part.ts';
import { createSigner, writeCrowd } from '../lib/people.ts';
import { writeRequests } from '../lib/requests.ts';
import { laidOut } from '../lib/seats.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { runWrk, type WrkReport } from '../lib/wrk.ts';

const ROOM = 'main';
/** Seats that fans want, in turn: two each on average. */
const WANTS = [2, 1, 2, 4, 2, 1, 3, 2, 1, 2];
const SEATS_EACH = 2;
const SEATS_MAX = 4;
/** Everybody's turn lasts until all is over, and so does the time to take it up. */
const SETTINGS = { CLAIM_WINDOW_MS: '600000' };
const JOIN_CONNECTIONS = 500;
const POLL_CONNECTIONS = 200;
const POLL_PAUSE_MS = 100;
const CHARGE_CONNECTIONS = 128;
const FAN_CONNECTIONS = 400;
const SECONDS_MAX = 600;
const DAY_SECONDS = 86_400;

export const arena: Part = {
  title: 'An arena of 50,000 seats sells out to 200,000 fans',
  conditions: (run) => [
    `median of ${run.repeats} runs (lowest–highest), each on a service that was started for it and warmed up by whole purchases`,
    'all fans have joined before the room opens; nobody is let in until then; those who may buy have money',
    'the time runs from the request that opens the room until the last seat is sold, the last reservation confirmed and the last turn spent, in committed rows',
    'fans are let in strictly in order, at most 3,000 at the same time; that is looked up in the rows, too',
    'each looks at the own place within a second of being let in, then at the map (binary, 12.5 KB), takes a free seat by chance and the next free ones beside it, and pays 250 to 500 ms later; who comes too late for a seat looks at the map again after as long',
    'of ten fans three want one seat, five want two, one wants three and one four: 25,000 purchases; those in the room share 400 connections, as behind a load balancer',
    'those in line look at their places at the same time, up to 2,000 a second in all (wrk); if all 200,000 did as they are told it would be some 16,000 a second',
    'the tokens of the line are signed by the benchmark with the key of the service, for the places in its table',
    BY_NODE,
    DURABLE,
  ],
  measure: async (stage, run) => {
    const size = run.quick
      ? { seats: 400, people: 1_600, capacity: 200, warmUp: 100 }
      : { seats: 50_000, people: 200_000, capacity: 3_000, warmUp: 4_000 };
    const runs: Sold[] = [];
    for (let index = 0; index < run.repeats; index++) {
      const sold = await sellOut(stage, size);
      runs.push(sold);
      process.stderr.write(`  sold out in ${sold.seconds.toFixed(1)} s\n`);
    }
    const figure = figureOf(runs.map(({ seconds }) => seconds));
    const work = `selling ${size.seats.toLocaleString('en')} seats to ${size.people.toLocaleString('en')} fans`;
    return { page: pageOf(runs), findings: [{ work, ours: { unit: 's', figure }, aim: atMost(15) }] };
  },
};

interface Size {
  readonly seats: number;
  readonly people: number;
  readonly capacity: number;
  readonly warmUp: number;
}

interface Sold {
  readonly seconds: number;
  readonly fans: ArenaReport;
  readonly polls: WrkReport;
  readonly cores: CoreUse;
  /** The most who were past the line at the same moment. */
  readonly inside: number;
}

async function sellOut(stage: Stage, size: Size): Promise<Sold> {
  const { seats, people, capacity, warmUp } = size;
  const database = await stage.freshDatabase();
  await using service = await stage.startService(database, SETTINGS);
  await warm(stage, service, database, warmUp);
  const performanceId = await openPerformance(service, seats, { seatsPerPerson: SEATS_MAX });
  await operate(service, 'PATCH', `/admin/queue/rooms/${ROOM}`, { state: 'PAUSED', capacity });
  const line = await formLine(stage, service, database, { people, warmUp });
  // Whoever is let in may buy: all who find seats, those who are inside when there are none, and some more.
  const buyers = Math.ceil((seats / SEATS_EACH) * 1.1) + capacity;
  const fans = await prepareFans(stage, service, line.slice(0, buyers));
  const polling = join(stage.folder, 'polling');
  await pipeline(Readable.from(tokensOf(line.slice(buyers))), createWriteStream(polling));
  await laidOut(stage, database, warmUp + seats);
  await stage.query(database, 'checkpoint');

  const { host, port } = service;
  const stop = new AbortController();
  const polls = poll(service, polling, stop.signal);
  polls.catch(() => {}); // told when the fans are done
  const job = { host, port, room: ROOM, performanceId, connections: FAN_CONNECTIONS };
  const running = runArena(stage, { ...job, fans, firstNumber: warmUp + 1 });
  running.catch(() => {});
  const used = await watchCores(stage, service.pid, 'the arena sells out');
  const startedMs = performance.now();
  await operate(service, 'PATCH', `/admin/queue/rooms/${ROOM}`, { state: 'OPEN' });
  const report = await running.finally(() => stop.abort());
  await allComplete(stage, database, { seats: warmUp + seats, purchases: warmUp + report.bought });
  const seconds = (performance.now() - startedMs) / 1_000;
  const cores = await used();
  const inside = await checkLine(stage, database, size);
  await audited(stage, database);
  return { seconds, fans: report, polls: await polls, cores, inside };
}

/** Whole purchases at another performance, while the room lets everybody in. */
async function warm(stage: Stage, service: RunningService, database: string, count: number): Promise<void> {
  const performanceId = await openPerformance(service, count);
  const journeys = await gather(service, count, { seatsPaidFor: 1 });
  await laidOut(stage, database, count);
  const { host, port } = service;
  const steps = [joinStep, holdStep(performanceId), payStep];
  await runLoad({ host, port, connections: CHARGE_CONNECTIONS, journeys, steps });
  await allComplete(stage, database, { seats: count, purchases: count });
}

interface Place {
  readonly number: number;
  readonly userId: string;
}

/** Everybody joins; gives them in the order of their numbers. */
async function formLine(
  stage: Stage,
  service: RunningService,
  database: string,
  { people, warmUp }: { people: number; warmUp: number },
): Promise<Place[]> {
  const tokens = join(stage.folder, 'crowd');
  await writeCrowd(tokens, people);
  const crowd = { database, connections: JOIN_CONNECTIONS, count: warmUp + people };
  await joinAll(stage, [{ service, tokens }], crowd);
  return stage.query<{ number: number; userId: string }>(
    database,
    `select number::int as number, user_id as "userId" from waiting_room.token
     where room = $1 and number > $2 order by number`,
    [ROOM, warmUp],
  );
}

/** With money for what they want. */
async function prepareFans(
  stage: Stage,
  service: RunningService,
  places: readonly Place[],
): Promise<ArenaFan[]> {
  const run = crypto.randomUUID().slice(0, 8);
  const signer = createSigner();
  const journeys = places.map(({ userId, number }) => ({
    known: { accessToken: signer.sign('account', { sub: userId }), key: `charge-${run}-${number}` },
  }));
  const file = join(stage.folder, 'charges');
  await writeRequests(file, chargeStep(SEATS_MAX), journeys);
  const { host, port } = service;
  const requests = { file, count: journeys.length };
  await runWrk({ host, port, connections: CHARGE_CONNECTIONS, seconds: SECONDS_MAX, requests });
  const tokens = [...tokensOf(places)];
  return places.map(({ number }, index) => ({
    token: tokens[index]?.trimEnd() ?? '',
    key: `arena-${run}-${number}`,
    wants: WANTS[number % WANTS.length] ?? 1,
  }));
}

/** The token of each place, as the service gave it at the join. */
function* tokensOf(places: readonly Place[]): Iterable<string> {
  const signer = createSigner();
  const exp = Math.floor(Date.now() / 1_000) + DAY_SECONDS;
  for (const { number, userId } of places)
    yield `${signer.sign('queue', { sub: userId, room: ROOM, epoch: 1, n: number, exp })}\n`;
}

function poll({ host, port }: RunningService, tokens: string, stop: AbortSignal): Promise<WrkReport> {
  return runWrk({
    host,
    port,
    connections: POLL_CONNECTIONS,
    seconds: SECONDS_MAX,
    stop,
    mayBeRefused: true,
    requests: {
      tokens,
      method: 'GET',
      path: '/api/v1/queue/tokens/me',
      again: true,
      pauseMs: POLL_PAUSE_MS,
    },
  });
}

/** Who was let in came in order, and never more than the room may hold were inside. Gives the most there were. */
async function checkLine(stage: Stage, database: string, { capacity, warmUp }: Size): Promise<number> {
  const [row] = await stage.query<{ called: number; last: number; inside: number }>(
    database,
    `with place as (
       select number, admitted_at, ended_at from waiting_room.token where room = $1 and number > $2 and admitted_at is not null
     ),
     step as (
       select admitted_at as at, 1 as by from place
       union all select ended_at, -1 from place where ended_at is not null
     )
     select (select count(*)::int from place) as called, (select max(number)::int - $2::int from place) as last,
       (select max(inside)::int from (select sum(by) over (order by at, by) as inside from step) as s) as inside`,
    [ROOM, warmUp],
  );
  if (row === undefined || row.called !== row.last || row.inside > capacity)
    throw new Error(`the line was not kept: ${JSON.stringify(row)}, at most ${capacity} inside`);
  return row.inside;
}

function pageOf(runs: readonly Sold[]): string[] {
  const over = (of: (run: Sold) => number): Figure => figureOf(runs.map(of));
  const shown = (of: (run: Sold) => number) => show(over(of));
  const answers = (name: string) => [
    `${name}: p50, p99`,
    `${showMs(over(({ fans }) => fans.latencies[name]?.p50 ?? 0))}, ${showMs(over(({ fans }) => fans.latencies[name]?.p99 ?? 0))}`,
  ];
  return table(
    ['what', 'figure'],
    [
      ['until the last seat is sold and the last turn spent', `${shown(({ seconds }) => seconds)} s`],
      ['purchases a second', shown(({ seconds, fans }) => fans.bought / seconds)],
      ['fans who were let in and came', shown(({ fans }) => fans.came)],
      ['… and bought', shown(({ fans }) => fans.bought)],
      ['holds that came too late', shown(({ fans }) => fans.tooLate)],
      ['most inside at the same moment', shown(({ inside }) => inside)],
      ['looks at places of those in line, a second', shown(({ polls }) => polls.perSecond)],
      [
        '… p50, p99',
        `${showMs(over(({ polls }) => polls.latency.p50))}, ${showMs(over(({ polls }) => polls.latency.p99))}`,
      ],
      [
        'refused because the service was busy (503), of the fans and of those in line',
        `${shown(({ fans }) => fans.busy)}; ${shown(({ polls }) => polls.refused)}`,
      ],
      ...['place', 'map', 'hold', 'pay'].map(answers),
      [
        'cores: service, PostgreSQL, all',
        `${shown(({ cores }) => cores.process)}; ${shown(({ cores }) => cores.postgres)}; ${shown(({ cores }) => cores.machine)}`,
      ],
    ],
  );
}
