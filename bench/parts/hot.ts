/** A crowd on the same few seats, beside the same crowd on seats that nobody else wants. */
import { join } from 'node:path';
import { audited } from '../lib/audited.ts';
import { cancelStep, gather, holdAnywhereStep, openPerformance } from '../lib/audience.ts';
import { BY_WRK, DURABLE, medians } from '../lib/conditions.ts';
import { type CoreUse, costsOf, watchCores } from '../lib/cores.ts';
import { type Journey, type LoadReport, runLoad } from '../lib/load.ts';
import { comparison } from '../lib/page.ts';
import { atMost, type Part, timesAtLeast } from '../lib/part.ts';
import { writeRequests } from '../lib/requests.ts';
import { laidOut } from '../lib/seats.ts';
import { alsoFinding, compare, type Side, sideFinding } from '../lib/sides.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { runWrk, type WrkReport } from '../lib/wrk.ts';

const BUYERS = 1_000;
/** So many of them ask at the same moment. */
const CONNECTIONS = 500;
const HOT_SEATS = 50;
/** The most that a performance may allow: the fewer performances it takes to let everybody have what they try for. */
const PER_PERSON = 10;
/** What the service has done before the clock starts, at another performance: its code is compiled by then. */
const WARM_UP_SHARE = 0.5;
const SECONDS_MAX = 120;
const UNHURRIED_SECONDS = 4;
const UNHURRIED_CONNECTIONS = 256;
const P99 = 'p99 ms, half of it';

const GRANTED = 201;
const CONFLICT = 409;

export const hot: Part = {
  title: '1,000 buyers on the same 50 seats',
  conditions: (run) => [
    medians(run),
    BY_WRK,
    'a decision is a hold that was answered, granted (201) or refused because the seat is taken (409); each has a key of its own',
    '1,000 buyers with turns, 500 of them at a time, and the next one as soon as one is answered; which of the seats is chance',
    'beside it the same buyers and as many holds, one seat each, all of them of seats that nobody else wants: all are granted',
    'given back: whoever is granted a seat gives it back as soon as it is answered, so that the rows decide again and again; sent by the Node generator, which takes more of the cores',
    `at half of the rate that was reached in the same run, in open loop, for ${UNHURRIED_SECONDS} s at another 50 seats (Node generator)`,
    DURABLE,
  ],
  measure: async (stage, { quick, repeats }) => {
    const attempts = quick ? 2 : 30;
    const unhurriedSeconds = quick ? 1 : UNHURRIED_SECONDS;
    const results = await compare(
      stage,
      [
        contested(attempts, unhurriedSeconds),
        uncontended(attempts),
        ...(quick ? [] : [givenBack(attempts / 5)]),
      ],
      repeats,
    );
    const [same, distinct] = results;
    const work = '1,000 buyers on the same 50 seats';
    return {
      page: [
        ...comparison('decisions/s', results),
        '',
        `At half of the first rate, p99 was ${same?.also[P99]?.median.toFixed(1)} ms.`,
      ],
      findings: [
        sideFinding(work, 'decisions/s', [same, distinct], timesAtLeast(1)),
        alsoFinding(`${work}, at half of that rate`, 'ms, p99', [same, P99], atMost(100)),
      ],
    };
  },
};

/** Everybody tries for the same seats: fifty times the row grants, and after that there is nothing to be had. */
function contested(attempts: number, unhurriedSeconds: number): Side {
  return {
    name: 'the same 50 seats',
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const open = () => openPerformance(service, HOT_SEATS, { seatsPerPerson: PER_PERSON });
      const [before, saturated, unhurried] = [await open(), await open(), await open()];
      const buyers = await gather(service, BUYERS, { join: true });
      await laidOut(stage, database, 3 * HOT_SEATS);
      const tries = (performanceId: number, count: number) =>
        triesOf(buyers, count, () => ({ performance: performanceId, seat: randomSeat() }));

      await decide(stage, service, tries(before, Math.ceil(attempts * WARM_UP_SHARE)));
      const { seconds, latency, cores } = await decide(stage, service, tries(saturated, attempts));
      await granted(stage, database, saturated, HOT_SEATS);
      const perSecond = (attempts * BUYERS) / seconds;

      const unhurriedTries = Math.ceil((perSecond / 2) * (unhurriedSeconds / BUYERS));
      const report = await decideUnhurried(service, perSecond / 2, tries(unhurried, unhurriedTries));
      await granted(stage, database, unhurried, HOT_SEATS);
      await audited(stage, database);
      const also = { [P99]: report.latencies['hold']?.p99 ?? Number.NaN };
      return { perSecond, latency, also, costs: costsOf(cores, perSecond), note: '50 granted' };
    },
  };
}

/** Everybody tries for seats of their own: all are granted. */
function uncontended(attempts: number): Side {
  return {
    name: 'as many seats as holds',
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const early = Math.ceil(attempts * WARM_UP_SHARE);
      const [warmUps, houses] = [await openHouses(service, early), await openHouses(service, attempts)];
      const buyers = await gather(service, BUYERS, { join: true });
      await laidOut(stage, database, seatsIn(warmUps) + seatsIn(houses));
      await decide(stage, service, triesOf(buyers, early, ownSeat(warmUps)));
      const { seconds, latency, cores } = await decide(
        stage,
        service,
        triesOf(buyers, attempts, ownSeat(houses)),
      );
      const count = attempts * BUYERS;
      for (const performanceId of houses)
        await granted(stage, database, performanceId, count / houses.length);
      await audited(stage, database);
      const perSecond = count / seconds;
      return { perSecond, latency, costs: costsOf(cores, perSecond), note: 'all granted' };
    },
  };
}

/** As many performances as it takes to let each buyer have so many seats. */
async function openHouses(service: RunningService, seatsEach: number): Promise<number[]> {
  const houses: number[] = [];
  for (let left = seatsEach; left > 0; left -= PER_PERSON)
    houses.push(await openPerformance(service, BUYERS * PER_PERSON, { seatsPerPerson: PER_PERSON }));
  return houses;
}

const seatsIn = (houses: readonly number[]) => houses.length * BUYERS * PER_PERSON;

/** Everybody's tries go through the performances in turn, so that each gets as many of them. */
function ownSeat(houses: readonly number[]): Choice {
  return (buyer, attempt) => ({
    performance: houses[attempt % houses.length] ?? 0,
    seat: 1 + buyer * PER_PERSON + Math.floor(attempt / houses.length),
  });
}

/** The same seats again and again: each row decides as often as it is free. */
function givenBack(attempts: number): Side {
  return {
    name: 'the same 50 seats, given back',
    run: async (stage) => {
      const database = await stage.freshDatabase();
      await using service = await stage.startService(database);
      const performanceId = await openPerformance(service, HOT_SEATS, { seatsPerPerson: PER_PERSON });
      const buyers = await gather(service, BUYERS, { join: true });
      await laidOut(stage, database, HOT_SEATS);
      const { host, port } = service;
      const steps = [holdAnywhereStep, cancelStep];
      const run = (count: number) =>
        runLoad({
          host,
          port,
          connections: CONNECTIONS,
          journeys: triesOf(buyers, count, () => ({ performance: performanceId, seat: randomSeat() })),
          steps,
        });
      const early = checked(await run(Math.ceil(attempts * WARM_UP_SHARE)));
      const used = await watchCores(stage, service.pid, 'seats that are given back');
      const report = await run(attempts);
      const cores = await used();
      const count = checked(report);
      await givenBackAgain(stage, database, early + count);
      await audited(stage, database);
      const perSecond = (attempts * BUYERS) / (report.durationMs / 1_000);
      const share = ((100 * count) / (attempts * BUYERS)).toFixed(0);
      return {
        perSecond,
        latency: report.latencies['hold'],
        costs: costsOf(cores, perSecond),
        note: `${share} % granted and given back in the last run`,
      };
    },
  };
}

const randomSeat = () => 1 + Math.floor(Math.random() * HOT_SEATS);

/** What somebody tries for, with which of the tries. */
type Choice = (buyer: number, attempt: number) => { readonly performance: number; readonly seat: number };

/** So many tries of each buyer, in turns: a buyer asks again only when everybody else has asked, too. */
function triesOf(buyers: readonly Journey[], attempts: number, choose: Choice): Journey[] {
  const run = crypto.randomUUID().slice(0, 8);
  return Array.from({ length: attempts * buyers.length }, (_, index) => {
    const buyer = index % buyers.length;
    const { performance, seat } = choose(buyer, Math.floor(index / buyers.length));
    const known = { ...buyers[buyer]?.known, key: `hot-${run}-${index}` };
    return { known: { ...known, performance: String(performance), seat: String(seat) } };
  });
}

interface Decided extends WrkReport {
  readonly cores: CoreUse;
}

/** All of them, as fast as they are decided; ends when all are. */
async function decide(
  stage: Stage,
  { host, port, pid }: RunningService,
  tries: readonly Journey[],
): Promise<Decided> {
  const file = join(stage.folder, 'hot');
  await writeRequests(file, holdAnywhereStep, tries);
  const requests = { file, count: tries.length, answers: [GRANTED, CONFLICT] };
  const used = await watchCores(stage, pid, 'warm-up and tries');
  const report = await runWrk({ host, port, connections: CONNECTIONS, seconds: SECONDS_MAX, requests });
  return { ...report, cores: await used() };
}

async function decideUnhurried(
  { host, port }: RunningService,
  perSecond: number,
  journeys: readonly Journey[],
): Promise<LoadReport> {
  const job = {
    host,
    port,
    connections: UNHURRIED_CONNECTIONS,
    perSecond,
    journeys,
    steps: [holdAnywhereStep],
  };
  const report = await runLoad(job);
  checked(report);
  return report;
}

/** Gives how many were granted; throws where a hold was neither granted nor refused, or a seat not given back. */
function checked({ statuses: { hold = {}, cancel = {} } }: LoadReport): number {
  const isKnown = Object.keys(hold).every((status) => [GRANTED, CONFLICT].includes(Number(status)));
  const areGivenBack = Object.keys(cancel).every((status) => status === '204');
  if (!isKnown || !areGivenBack) throw new Error(`not all were decided: ${JSON.stringify({ hold, cancel })}`);
  return hold[GRANTED] ?? 0;
}

/** Counts rows, not answers: exactly so many holds of one seat each, and as many seats that are held. */
async function granted(stage: Stage, database: string, performanceId: number, expected: number) {
  const [row] = await stage.query<{ holds: number; held: number }>(
    database,
    `select (select count(*)::int from seats.hold where performance_id = $1) as holds,
       (select count(*)::int from seats.seat where performance_id = $1 and state = 'H') as held`,
    [performanceId],
  );
  if (row?.holds !== expected || row.held !== expected)
    throw new Error(`${row?.holds} holds of ${row?.held} seats were committed, ${expected} expected`);
}

/** As many holds as were granted, and each of them closed once what follows from giving back is done. */
async function givenBackAgain(stage: Stage, database: string, expected: number): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const [row] = await stage.query<{ holds: number; open: number; held: number }>(
      database,
      `select (select count(*)::int from seats.hold) as holds,
         (select count(*)::int from seats.hold where state <> 'R') as open,
         (select count(*)::int from seats.seat where state <> 'F') as held`,
    );
    if (row?.holds === expected && row.open === 0 && row.held === 0) return;
    if (performance.now() > deadlineMs)
      throw new Error(`${JSON.stringify(row)}, ${expected} holds expected, all of them given back`);
  }
}
