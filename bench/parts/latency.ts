/** How soon a hold and a payment are answered, and how soon what follows from a payment is done: idle, and half loaded. */
import { type Alone, statementsAlone } from '../lib/alone.ts';
import { audited } from '../lib/audited.ts';
import { gather, holdStep, joinStep, openPerformance, payStep } from '../lib/audience.ts';
import { complete } from '../lib/complete.ts';
import { BY_NODE, DURABLE, runsOf } from '../lib/conditions.ts';
import { type Costs, costsOf, watchCores } from '../lib/cores.ts';
import { type Figure, figureOf, show, showMs } from '../lib/figures.ts';
import { type Journey, type LoadReport, runLoad, secondsSince, type Step } from '../lib/load.ts';
import { costNote, table } from '../lib/page.ts';
import { type Aim, atMost, type Finding, type Part } from '../lib/part.ts';
import { type Quantiles, quantilesOf } from '../lib/quantiles.ts';
import { laidOut } from '../lib/seats.ts';
import { costsOver } from '../lib/sides.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { watchLog } from '../lib/watch-log.ts';

/** One request at a time: a join, a hold and a payment each 125 ms, and nothing in the 40 ms after each. */
const IDLE = { what: 'idle', connections: 1, perSecond: 8, afterMs: 40 };
/** A fan who knows what to do. What follows from the hold is done by then, as it is for anybody who looks at a screen. */
const HALF = { what: 'half', connections: 512, afterMs: 250 };
const SATURATING_CONNECTIONS = 256;

export const latency: Part = {
  title: 'How soon a hold and a payment are answered, and what follows from a payment is done',
  conditions: ({ repeats }) => [
    `${runsOf(repeats)}, each on a service that was started for it and warmed up`,
    'journeys are join, hold, pay; a request counts from the moment at which it was due (open loop), on a timer that may be a millisecond late where it is not idle',
    'idle: one request at a time, 24 a second, 40 ms apart',
    'saturated: whole purchases a second in the same run, as in the part of that name (256 connections); half: journeys begin at half of that rate, 250 ms between hold and pay',
    'beside it: the same use case, a set of one, through pg on the same server, without HTTP, door and reactions, at about the same pace',
    'lag: from the commit of the payment until seat sold and turn spent are committed, both; every purchase, as a connection sees it that reads the log each 1 to 2 ms, on the same cores; told too long by a look rather than too short; measured in a load of its own',
    BY_NODE,
    DURABLE,
  ],
  measure: async (stage, { quick, repeats }) => {
    const size = quick
      ? { warmUp: 64, idle: 5, saturating: 128, halfSeconds: 1 }
      : { warmUp: 2_000, idle: 120, saturating: 4_000, halfSeconds: 8 };
    const runs: Measured[] = [];
    for (let run = 0; run < repeats; run++) {
      const measured = await measureRun(stage, size);
      runs.push(measured);
      const { saturated, idle, half } = measured;
      const p50 = (of: Quantiles) => of.p50.toFixed(1);
      process.stderr.write(
        `  saturated at ${Math.round(saturated)}/s; p50 of hold ${p50(idle.hold)} and ${p50(half.hold)} ms\n`,
      );
    }
    return { page: pageOf(runs), findings: findingsOf(runs) };
  },
};

interface Size {
  readonly warmUp: number;
  readonly idle: number;
  readonly saturating: number;
  readonly halfSeconds: number;
}

interface Answers {
  readonly hold: Quantiles;
  readonly pay: Quantiles;
  readonly lag: Quantiles;
  readonly costs: Costs;
}

interface Measured {
  /** Purchases a second. */
  readonly saturated: number;
  readonly idle: Answers;
  readonly half: Answers;
  readonly alone: Alone;
}

async function measureRun(stage: Stage, size: Size): Promise<Measured> {
  const { idle: count, warmUp } = size;
  const alone = await statementsAlone(stage, { early: warmUp / 2, count, perSecond: IDLE.perSecond * 3 });
  const database = await stage.freshDatabase();
  await using service = await stage.startService(database);
  const sale: Sale = { stage, service, database, count: 0 };
  await buy(sale, size.warmUp, { what: 'warm-up', connections: SATURATING_CONNECTIONS });
  const idle = await answersOf(sale, size.idle, IDLE);
  const saturated = await saturate(sale, size.saturating);
  const perSecond = saturated / 2;
  const half = await answersOf(sale, Math.ceil(perSecond * size.halfSeconds), { ...HALF, perSecond });
  await complete(stage, database, sale.count);
  await audited(stage, database);
  return { saturated, idle, half, alone };
}

/** Twice the same load: what is answered is timed in one, what follows is watched in the other. */
async function answersOf(sale: Sale, count: number, pace: Pace): Promise<Answers> {
  const { latencies, costs } = await buy(sale, count, pace);
  const { hold, pay } = latencies;
  if (hold === undefined || pay === undefined) throw new Error('nothing was bought');
  await complete(sale.stage, sale.database, sale.count);
  let lags: Promise<number[]> = Promise.resolve([]);
  const watch = async () => {
    const watched = await watchLog(sale.stage, sale.database);
    lags = watched.lags(count);
    lags.catch(() => {}); // told when the load is over
  };
  await buy(sale, count, { ...pace, what: `${pace.what}, while the log is watched` }, watch);
  return { hold, pay, lag: quantilesOf(await lags), costs };
}

/** Purchases a second, from the first request until the last seat is sold and the last turn is spent. */
async function saturate(sale: Sale, count: number): Promise<number> {
  const report = await buy(sale, count, { what: 'saturated', connections: SATURATING_CONNECTIONS });
  await complete(sale.stage, sale.database, sale.count);
  return count / secondsSince(report);
}

/** What was sold so far, one performance after the other. */
interface Sale {
  readonly stage: Stage;
  readonly service: RunningService;
  readonly database: string;
  count: number;
}

interface Pace {
  readonly what: string;
  readonly connections: number;
  readonly perSecond?: number;
  readonly afterMs?: number;
}

interface Bought extends LoadReport {
  /** Of a purchase, what followed from it while others still bought included. */
  readonly costs: Costs;
}

/** So many people buy the seats of a performance of their own; `ready` when all is prepared. */
async function buy(
  sale: Sale,
  count: number,
  { what, connections, perSecond, afterMs }: Pace,
  ready: () => Promise<void> = async () => {},
): Promise<Bought> {
  const { stage, service, database } = sale;
  const performanceId = await openPerformance(service, count);
  const journeys: Journey[] = await gather(service, count, { seatsPaidFor: 1 });
  sale.count += count;
  await laidOut(stage, database, sale.count);
  await stage.query(database, 'checkpoint'); // nobody waits for what the load before wrote
  const pause = afterMs === undefined ? {} : { afterMs };
  const steps: Step[] = [joinStep, { ...holdStep(performanceId), ...pause }, { ...payStep, ...pause }];
  const { host, port } = service;
  await ready();
  const pace = perSecond === undefined ? {} : { perSecond };
  const [startedMs, used] = [performance.now(), await watchCores(stage, service.pid, what)];
  const report = await runLoad({ host, port, connections, journeys, steps, ...pace });
  const costs = costsOf(await used(), count / ((performance.now() - startedMs) / 1_000));
  if (report.statuses['pay']?.[201] !== count)
    throw new Error(`not all could buy: ${JSON.stringify(report.statuses)}`);
  return { ...report, costs };
}

type Of = (run: Measured) => Quantiles;

const over = (runs: readonly Measured[], of: (run: Measured) => number): Figure => figureOf(runs.map(of));

function pageOf(runs: readonly Measured[]): string[] {
  const row = (name: string, of: Of) => [
    name,
    showMs(over(runs, (run) => of(run).p50)),
    showMs(over(runs, (run) => of(run).p99)),
    showMs(over(runs, (run) => of(run).max)),
  ];
  const costs = costsOver(runs.map(({ half }) => half.costs));
  return [
    `Saturated: ${show(over(runs, ({ saturated }) => saturated))} purchases/s. Core time of a purchase at half, medians: ${costNote(costs)}.`,
    '',
    ...table(
      ['what', 'p50', 'p99', 'longest'],
      [
        row('hold, idle', ({ idle }) => idle.hold),
        row('hold, statements alone', ({ alone }) => alone.hold),
        row('pay, idle', ({ idle }) => idle.pay),
        row('pay, statements alone', ({ alone }) => alone.pay),
        row('paid → sold and spent, idle', ({ idle }) => idle.lag),
        row('hold, half', ({ half }) => half.hold),
        row('pay, half', ({ half }) => half.pay),
        row('paid → sold and spent, half', ({ half }) => half.lag),
      ],
    ),
  ];
}

function findingsOf(runs: readonly Measured[]): Finding[] {
  const finding = (work: string, at: 'p50' | 'p99', [of, beside]: readonly [Of, Of?], aim: Aim): Finding => {
    const unit = `ms, ${at}`;
    const ours = { unit, figure: over(runs, (run) => of(run)[at]) };
    if (beside === undefined) return { work, ours, aim };
    const figure = over(runs, (run) => beside(run)[at]);
    return { work, ours, reference: { name: 'the same statements alone', unit, figure }, aim };
  };
  const answers = (['hold', 'pay'] as const).flatMap((what) => {
    const [idle, half, alone]: [Of, Of, Of] = [
      (run) => run.idle[what],
      (run) => run.half[what],
      (run) => run.alone[what],
    ];
    return [
      finding(`${what}, idle`, 'p50', [idle, alone], atMost(3)),
      finding(`${what}, at half of saturation`, 'p50', [half, alone], atMost(8)),
      finding(`${what}, at half of saturation`, 'p99', [half, alone], atMost(30)),
    ];
  });
  const work = 'reaction lag: paid → seat sold and turn spent';
  return [
    ...answers,
    finding(`${work}, idle`, 'p50', [(run) => run.idle.lag], atMost(8)),
    finding(`${work}, at half of saturation`, 'p99', [(run) => run.half.lag], atMost(50)),
  ];
}
