/** Open streams of the line and of a seat map, of which each is told something once a second. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { audited } from '../lib/audited.ts';
import { gather, openPerformance, SEATS_PER_PERSON } from '../lib/audience.ts';
import { BY_NODE, runsOf } from '../lib/conditions.ts';
import { memoryMb, peakMemoryMb, watchCores } from '../lib/cores.ts';
import { type Figure, figureOf, show, showMs } from '../lib/figures.ts';
import { type Heard, listen, type StreamGroup } from '../lib/listeners.ts';
import type { Journey } from '../lib/load.ts';
import { operate } from '../lib/operate.ts';
import { table } from '../lib/page.ts';
import { atLeast, atMost, type Finding, type Part, timesAtMost } from '../lib/part.ts';
import { startPulse } from '../lib/pulse.ts';
import { freeSeats } from '../lib/sale.ts';
import { laidOut } from '../lib/seats.ts';
import type { RunningService, Stage } from '../lib/stage.ts';

const LINE = 'line';
/** Let in each second. */
const ADMITTED_PER_S = 5;
const HOLDS_PER_S = 12;
/** After so many seconds the same seats are held again: they are free by then on a busy machine, too. */
const BEATS_APART = 10;
/** The room lets everybody in whose seats are seen, and nobody's turn is over while this runs. */
const SETTINGS = { ACTIVE_TTL_MS: '86400000', CLAIM_WINDOW_MS: '3600000' };
const SLOW_STREAMS = 300;
const SLOW_SECONDS_MAX = 400;
/** Some 20 KB a second for each, because a kernel keeps up to 4 MB for a connection to its own machine. */
const SLOW_HOLDS_PER_S = 250;
/** Of the service and the listener, besides the streams: connections to the database, logs, libraries. */
const OTHER_FILES = 500;

export const streams: Part = {
  title: 'Streams of the line and of a seat map',
  conditions: (run) => [
    `${runsOf(run.repeats)}, each on a service that was started for it; of the streams that nobody reads, one`,
    BY_NODE,
    'half of the streams are of places in one line, half of one seat map of 100,000 seats; each of a person of their own',
    `each second ${ADMITTED_PER_S} people are let in, one joins, and one in front of all gives up, so that each place is told anew and not by one frame for all`,
    `each second ${HOLDS_PER_S * SEATS_PER_PERSON} seats are held and as many given back, over HTTP, all at one moment`,
    'an instance opens 20,000 streams by its own limits (server/src/limits.ts), and three for each person: no setting was changed for them; it and the listener need an open file for each (`ulimit -n`)',
    'added: the cores of the service with the streams less those of the same changes before the first was opened',
    'audited after every run',
  ],
  measure: async (stage, { quick, repeats }) => {
    const count = quick ? 500 : 10_000;
    const size = quick
      ? { seats: 5_000, inFront: 300, buyers: 200 }
      : { seats: 100_000, inFront: 3_000, buyers: 1_000 };
    const times = quick
      ? { warmUpSeconds: 1, quietSeconds: 1, seconds: 3 }
      : { warmUpSeconds: 10, quietSeconds: 20, seconds: 30 };
    checkOpenFiles(count);
    const told: Told[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) told.push(await listenToAll(stage, size, count, times));
    const slow = quick ? undefined : await slowReaders(stage, size);
    const added = figureOf(told.map(({ cores, coresQuiet }) => cores - coresQuiet));
    const share = figureOf(told.map(({ heard }) => 100 * Math.min(...heard.map(({ shareMin }) => shareMin))));
    const pace = figureOf(told.map(({ heard }) => Math.min(...heard.map(({ perSecond }) => perSecond))));
    const [alive, opened] = [
      figureOf(told.map(({ memory }) => memory.alive)),
      figureOf(told.map(({ memory }) => memory.aliveBefore)),
    ];
    const work = `${count.toLocaleString('en')} streams, an update a second to each`;
    return {
      page: [...pageOf(told, added), ...(slow === undefined ? [] : ['', pageOfSlow(slow)])],
      findings: [
        { work, ours: { unit: 'cores, added by the streams', figure: added }, aim: atMost(0.4) },
        { work, ours: { unit: '% of the streams got each update', figure: share }, aim: atLeast(100) },
        { work, ours: { unit: 'updates/s at each', figure: pace }, aim: atLeast(0.95) },
        {
          work: `memory with ${count.toLocaleString('en')} streams, after ${times.seconds} s`,
          ours: { unit: 'MB of the heap, alive', figure: alive },
          reference: { name: 'when the last was open', unit: 'MB of the heap, alive', figure: opened },
          aim: timesAtMost(1.1),
        },
        ...(slow === undefined ? [] : [findingOfSlow(slow)]),
      ],
    };
  },
};

interface Size {
  readonly seats: number;
  /** In front of everybody who listens: they are let in and give up meanwhile. */
  readonly inFront: number;
  readonly buyers: number;
}

interface Times {
  readonly warmUpSeconds: number;
  readonly quietSeconds: number;
  readonly seconds: number;
}

interface Told {
  /** Of the service. */
  readonly cores: number;
  /** … before anybody listened. */
  readonly coresQuiet: number;
  /** Of the line, of the map. */
  readonly heard: readonly Heard[];
  readonly seconds: number;
  readonly memory: {
    readonly before: number;
    readonly begin: number;
    readonly end: number;
    readonly peak: number;
    /** Of the heap, when the last stream was open and at the end: what is garbage goes by the mood of the collector. */
    readonly aliveBefore: number;
    readonly alive: number;
  };
}

interface Hall {
  readonly database: string;
  readonly service: RunningService;
  readonly performanceId: number;
  readonly buyers: readonly Journey[];
  readonly seats: readonly string[];
  readonly leavers: readonly Journey[];
}

/** A stadium whose room lets everybody in, and beside it a line that moves. */
async function openHall(stage: Stage, database: string, service: RunningService, size: Size): Promise<Hall> {
  const performanceId = await openPerformance(service, size.seats);
  await operate(service, 'POST', '/admin/queue/rooms', {
    room: LINE,
    rateCount: ADMITTED_PER_S,
    rateWindowMs: 1_000,
    capacity: 1_000_000,
  });
  const buyers = await gather(service, size.buyers, { join: true });
  const inFront = await gather(service, size.inFront, { join: true, room: LINE });
  await laidOut(stage, database, size.seats);
  const sets = { sets: BEATS_APART * HOLDS_PER_S, each: SEATS_PER_PERSON };
  const seats = await freeSeats(stage, database, performanceId, sets);
  // The last of them are let in last.
  return { database, service, performanceId, buyers, seats, leavers: inFront.toReversed() };
}

const beatsOf = (
  { service, performanceId, buyers, seats, leavers }: Hall,
  holdsPerBeat: number = HOLDS_PER_S,
) => startPulse(service, { performanceId, buyers, seats, holdsPerBeat, room: LINE, leavers });

async function groupsOf({ service, performanceId }: Hall, count: number): Promise<StreamGroup[]> {
  const tokensOf = (fans: readonly Journey[]) => fans.map(({ known }) => known['token'] ?? '');
  const inLine = await gather(service, count / 2, { join: true, room: LINE });
  const choosing = await gather(service, count / 2, { join: true });
  return [
    { path: '/api/v1/queue/tokens/me/stream', tokens: tokensOf(inLine) },
    { path: `/api/v1/performances/${performanceId}/seats/stream`, tokens: tokensOf(choosing) },
  ];
}

/** The same changes all the time: first without anybody who listens, then with all of them. */
async function listenToAll(
  stage: Stage,
  size: Size,
  count: number,
  { warmUpSeconds, quietSeconds, seconds }: Times,
): Promise<Told> {
  const database = await stage.freshDatabase();
  await using service = await stage.startService(database, SETTINGS, { isInspected: true });
  const { inspector } = service;
  assert(inspector !== undefined, 'it is inspected');
  const hall = await openHall(stage, database, service, size);
  const groups = await groupsOf(hall, count);
  const pulse = beatsOf(hall);
  await delay(warmUpSeconds * 1_000);
  const coresQuiet = await coresFor(stage, service, quietSeconds, 'the same changes, without streams');
  const before = await memoryMb(service.pid);
  await using listeners = await listen(stage, service, groups, { isReading: true });
  // A collection of everything leaves V8 little room for what is new; while it warms up again that grows back.
  const aliveBefore = await inspector.liveHeapMb();
  await delay(warmUpSeconds * 1_000);
  const begin = await memoryMb(service.pid);
  listeners.begin();
  const cores = await coresFor(stage, service, seconds, 'with all streams open');
  const heard = await listeners.end();
  const [end, peak] = [await memoryMb(service.pid), await peakMemoryMb(service.pid)];
  const memory = { before, begin, end, peak, aliveBefore, alive: await inspector.liveHeapMb() };
  await pulse.stop();
  await audited(stage, database);
  const lost = heard.reduce((sum, { lost: closed }) => sum + closed, 0);
  if (lost > 0) throw new Error(`${lost} streams were closed by the service`);
  process.stderr.write(`  ${count} streams: ${cores.toFixed(3)} cores, none: ${coresQuiet.toFixed(3)}\n`);
  return { cores, coresQuiet, heard, seconds, memory };
}

async function coresFor(
  stage: Stage,
  { pid }: RunningService,
  seconds: number,
  what: string,
): Promise<number> {
  const used = await watchCores(stage, pid, what);
  await delay(seconds * 1_000);
  return (await used()).process;
}

interface Slow {
  readonly cut: number;
  readonly seconds: number;
  readonly memoryMb: { readonly before: number; readonly most: number };
}

/** Streams of the map that are opened and not read, until all are cut off. */
async function slowReaders(stage: Stage, size: Size): Promise<Slow> {
  const [count, seconds] = [SLOW_STREAMS, SLOW_SECONDS_MAX];
  const database = await stage.freshDatabase();
  await using service = await stage.startService(database, SETTINGS);
  const hall = await openHall(stage, database, service, size);
  const choosing = (await groupsOf(hall, 2 * count)).slice(1);
  const sets = { sets: BEATS_APART * SLOW_HOLDS_PER_S, each: SEATS_PER_PERSON };
  const seats = await freeSeats(stage, database, hall.performanceId, sets);
  await using listeners = await listen(stage, service, choosing, { isReading: false });
  const before = await memoryMb(service.pid);
  const pulse = beatsOf({ ...hall, seats }, SLOW_HOLDS_PER_S);
  const startedMs = performance.now();
  let [cut, tookS, mostMb] = [0, seconds, before];
  while (cut < count && performance.now() - startedMs < seconds * 1_000) {
    await delay(500);
    cut = await cutForSlowness(service);
    tookS = (performance.now() - startedMs) / 1_000;
    mostMb = Math.max(mostMb, await memoryMb(service.pid));
  }
  await pulse.stop();
  await listeners.end();
  await audited(stage, database);
  return { cut, seconds: tookS, memoryMb: { before, most: mostMb } };
}

function pageOfSlow({ cut, seconds, memoryMb: { before, most } }: Slow): string {
  const changing = 2 * SLOW_HOLDS_PER_S * SEATS_PER_PERSON;
  return `Of ${SLOW_STREAMS} streams of the map that nobody reads, while ${changing.toLocaleString('en')} seats change each second, ${cut} were cut off within ${seconds.toFixed(0)} s. One is cut when 64 KiB wait in the process, behind what the kernel takes: 4 MB by Linux's defaults, some 370 KB with net.ipv4.tcp_notsent_lowat=131072. The process had ${before.toFixed(0)} MB before, and ${most.toFixed(0)} MB at most meanwhile.`;
}

function findingOfSlow({ cut }: Slow): Finding {
  return {
    work: `${SLOW_STREAMS} streams that nobody reads`,
    ours: { unit: '% of them were cut off', figure: figureOf([(100 * cut) / SLOW_STREAMS]) },
    aim: atLeast(100),
  };
}

async function cutForSlowness({ host, port }: RunningService): Promise<number> {
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text();
  return Number(/^\w*stream\w*\{[^}]*ending="slow"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0);
}

function checkOpenFiles(count: number): void {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
  const needed = count + OTHER_FILES;
  if (limit < needed)
    throw new Error(`${count} streams need ${needed} open files, the limit is ${limit}: ulimit -n ${needed}`);
}

function pageOf(told: readonly Told[], added: Figure): string[] {
  const of = (pick: (run: Told) => number) => figureOf(told.map(pick));
  const streamsOf = ({ heard }: Told) => heard.reduce((sum, group) => sum + group.streams, 0);
  const memory = (pick: (run: Told['memory']) => number) => `${show(of((run) => pick(run.memory)))} MB`;
  const groups = ['line', 'seat map'].map((name, group) => {
    const each = (pick: (heard: Heard, run: Told) => number) =>
      of((run) => {
        const heard = run.heard[group];
        return heard === undefined ? 0 : pick(heard, run);
      });
    return [
      name,
      show(each(({ updates }, { seconds }) => updates / seconds)),
      show(each(({ perSecond }) => perSecond)),
      `${show(each(({ shareMin }) => 100 * shareMin))} %`,
      showMs(each(({ silentMsMax }) => silentMsMax)),
      showMs(each(({ spreadsMs }) => figureOf(spreadsMs).median)),
      showMs(each(({ spreadsMs }) => Math.max(...spreadsMs))),
      show(each(({ bytes, events }) => bytes / events)),
    ];
  });
  return [
    ...table(
      [
        'streams of',
        'updates/s',
        'got by each stream/s',
        'share of the streams that the worst update reached',
        'longest silence of any',
        'first to last stream, median',
        '… worst',
        'bytes an update',
      ],
      groups,
    ),
    '',
    ...table(
      ['what', 'figure'],
      [
        ['cores of the service', show(of(({ cores }) => cores))],
        ['… the same changes without streams', show(of(({ coresQuiet }) => coresQuiet))],
        ['… added by the streams', show(added)],
        ['memory before the streams', memory(({ before }) => before)],
        ['… with all of them open, warmed up', memory(({ begin }) => begin)],
        [
          '… for each stream',
          `${show(of((run) => ((run.memory.begin - run.memory.before) * 1_000) / streamsOf(run)))} KB`,
        ],
        ['… at the end', memory(({ end }) => end)],
        ['… peak of the process', memory(({ peak }) => peak)],
        ['heap that is alive, when the last was open', memory(({ aliveBefore }) => aliveBefore)],
        ['… at the end', memory(({ alive }) => alive)],
      ],
    ),
  ];
}
