/** What a hold, a look at the map and a poll cost in a small house without a line, and in a huge one with a long line. */
import { join } from 'node:path';
import { audited } from '../lib/audited.ts';
import { cancelStep, gather, holdAnywhereStep, openPerformance } from '../lib/audience.ts';
import { sampleAnswer } from '../lib/bare.ts';
import { medians } from '../lib/conditions.ts';
import { watchCores } from '../lib/cores.ts';
import { type Figure, figureOf, show } from '../lib/figures.ts';
import { formLine } from '../lib/line.ts';
import { type Journey, runLoad } from '../lib/load.ts';
import { operate } from '../lib/operate.ts';
import { table } from '../lib/page.ts';
import { type Finding, type Part, timesAtMost } from '../lib/part.ts';
import { freeSeats, letAllIn, openSales, SALE_SEATS, SALE_SOLD, saleRoom } from '../lib/sale.ts';
import { laidOut } from '../lib/seats.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { runWrk, warmUp, type WrkRun } from '../lib/wrk.ts';

const FEW_SEATS = 50;
const HOLD_CONNECTIONS = 256;
const CONNECTIONS = 64;
const FANS = 500;
/** In a huge house, all over it. */
const HELD_OF_EACH = 500;
const MAP_TYPE = 'application/vnd.frontrow.seat-map';
/** The houses are used for longer than a usual turn. */
const LONG_TURNS = { ACTIVE_TTL_MS: '86400000', CLAIM_WINDOW_MS: '3600000' };
/** The line stands still but for one person: in the small house there would be nobody left in it to ask. */
const STANDING_STILL = { rateCount: 1, rateWindowMs: 3_600_000 };
/** Whoever comes first is let in at once, and does not ask. */
const LET_IN = 1;
/** A seat that was given back is free a moment later: in small houses, the next one may come a little too soon. */
const REFUSED_SHARE_MAX = 0.02;

const WORKS = ['hold, given back', 'seat map', 'poll'] as const;
type Work = (typeof WORKS)[number];

interface Size {
  /** One house of fifty seats does not keep a crowd busy, and what a small set costs says little about its rows. */
  readonly smallHouses: number;
  readonly performances: number;
  /** Of each. */
  readonly seats: number;
  readonly waiting: number;
}

interface Amounts {
  readonly holds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export const flat: Part = {
  title: 'What a request costs in a small house and in a huge one',
  conditions: (run) => [
    medians(run),
    `small: 40 performances of ${FEW_SEATS} seats, and nobody in line but the 50 who ask where they stand`,
    `huge: 20 performances of 100,000 seats, of the first ${SALE_SOLD}, and 1,000,000 people in the line of its room`,
    'cost: the time of all cores that the service and PostgreSQL took, for each request, at saturation; the load (wrk, one thread; for holds Node) has the rest of the cores',
    `a hold is of one seat and is given back, with all that follows; by ${HOLD_CONNECTIONS} connections; in the small houses on all seats in turn, in the huge one on ${HELD_OF_EACH} of each performance at random`,
    'maps are asked for by one of the fans in binary form with gzip, polls by somebody else each time where there is somebody else',
    'audited after every run',
  ],
  measure: async (stage, { quick, repeats }) => {
    const size = quick
      ? { smallHouses: 6, performances: 2, seats: 5_000, waiting: 20_000 }
      : { smallHouses: 40, performances: 20, seats: SALE_SEATS, waiting: 1_000_000 };
    const amounts = quick
      ? { holds: 200, seconds: 1, warmUpSeconds: 0 }
      : { holds: 6_000, seconds: 5, warmUpSeconds: 5 };
    const [small, huge] = [await openSmallHouses(stage, size), await openHugeHouse(stage, size)];
    const costs: Record<'small' | 'huge', Costs[]> = { small: [], huge: [] };
    for (let repeat = 0; repeat < repeats; repeat++) {
      costs.small.push(await measureHouse(stage, small, amounts));
      costs.huge.push(await measureHouse(stage, huge, amounts));
    }
    return { page: pageOf(costs), findings: WORKS.map((work) => findingOf(work, size, costs)) };
  },
};

interface House {
  readonly name: string;
  readonly database: string;
  /** Of which the map is asked for. */
  readonly performanceId: number;
  /** With an account and a turn. */
  readonly fans: readonly Journey[];
  /** What they hold, in turn. */
  readonly seats: readonly { readonly performance: string; readonly seat: string }[];
  /** Of people in line. */
  readonly tokens: string;
}

async function openSmallHouses(stage: Stage, { smallHouses }: Size): Promise<House> {
  const database = await stage.freshDatabase({ kept: true });
  await using service = await stage.startService(database, LONG_TURNS);
  const performances: number[] = [];
  for (let house = 0; house < smallHouses; house++)
    performances.push(await openPerformance(service, FEW_SEATS));
  await laidOut(stage, database, smallHouses * FEW_SEATS);
  const seats = Array.from({ length: FEW_SEATS }, (_, index) => String(index + 1)).flatMap((seat) =>
    performances.map((performance) => ({ performance: String(performance), seat })),
  );
  const fans = await gather(service, FANS, { join: true });
  const tokens = await stopTheLine(stage, database, service, { room: 'main', people: 50 });
  return { name: 'small', database, performanceId: performances[0] ?? 0, fans, seats, tokens };
}

async function openHugeHouse(
  stage: Stage,
  { performances, seats: seatCount, waiting }: Size,
): Promise<House> {
  const database = await stage.freshDatabase({ kept: true });
  await openSales(stage, database, 1, seatCount);
  await using service = await stage.startService(database, LONG_TURNS);
  const performanceId = 1;
  const room = saleRoom(performanceId);
  const all = [performanceId];
  for (let more = 1; more < performances; more++)
    all.push(await openPerformance(service, seatCount, { room }));
  await laidOut(stage, database, performances * seatCount);
  await letAllIn(service, room);
  const fans = await gather(service, FANS, { join: true, room });
  const tokens = await stopTheLine(stage, database, service, { room, people: waiting });
  const sets = { sets: HELD_OF_EACH, each: 1 };
  const free = await Promise.all(all.map((id) => freeSeats(stage, database, id, sets)));
  const seats = Array.from({ length: HELD_OF_EACH }, (_, index) =>
    all.map((id, at) => ({ performance: String(id), seat: free[at]?.[index] ?? '' })),
  ).flat();
  await stage.query(database, 'vacuum analyze');
  await stage.query(database, 'checkpoint');
  return { name: 'huge', database, performanceId, fans, seats, tokens };
}

/** From then on people stand in line. Gives the file with the tokens of those who ask. */
async function stopTheLine(
  stage: Stage,
  database: string,
  service: RunningService,
  { room, people }: { readonly room: string; readonly people: number },
): Promise<string> {
  await operate(service, 'PATCH', `/admin/queue/rooms/${room}`, STANDING_STILL);
  const first = join(stage.folder, `${database}-first`);
  await formLine(stage, database, { room, people: LET_IN, tokens: first });
  const tokens = join(stage.folder, `${database}-line`);
  await formLine(stage, database, { room, people, tokens });
  return tokens;
}

interface Cost {
  readonly perSecond: number;
  /** Microseconds for each, of the service, of PostgreSQL. */
  readonly service: number;
  readonly postgres: number;
}

type Costs = Readonly<Record<Work, Cost>>;

async function measureHouse(stage: Stage, house: House, amounts: Amounts): Promise<Costs> {
  await using service = await stage.startService(house.database, LONG_TURNS);
  const { host, port } = service;
  const { seconds, warmUpSeconds } = amounts;
  const token = house.fans[0]?.known['token'] ?? '';
  const common = { host, port, connections: CONNECTIONS };
  const map = {
    path: `/api/v1/performances/${house.performanceId}/seats`,
    headers: { accept: MAP_TYPE, 'accept-encoding': 'gzip', authorization: `Bearer ${token}` },
  };
  const path = '/api/v1/queue/tokens/me';
  const polls = { tokens: house.tokens, method: 'GET', path, again: true } as const;
  const ask = async (work: Work, requests: WrkRun['requests']) => {
    await warmUp({ ...common, requests, seconds: warmUpSeconds });
    return costOf(stage, service, `${house.name}: ${work}`, async () => {
      const report = await runWrk({ ...common, requests, seconds });
      return report.requests;
    });
  };
  await sampleAnswer(service, map.path, map.headers); // it has read the board
  // Before the holds: PostgreSQL looks after their tables for a while.
  const read = { 'seat map': await ask('seat map', map), poll: await ask('poll', polls) };
  await hold(service, house, amounts.holds / 4);
  const held = await costOf(stage, service, `${house.name}: ${WORKS[0]}`, () =>
    hold(service, house, amounts.holds),
  );
  const costs = { ...read, 'hold, given back': held };
  await audited(stage, house.database);
  for (const work of WORKS) process.stderr.write(`  ${house.name}, ${work}: ${shown(costs[work])}\n`);
  return costs;
}

/** Of what `run` does, and says how often. */
async function costOf(
  stage: Stage,
  { pid }: RunningService,
  what: string,
  run: () => Promise<number>,
): Promise<Cost> {
  const startedMs = performance.now();
  const used = await watchCores(stage, pid, what);
  const done = await run();
  const { process: service, postgres } = await used();
  const perSecond = done / ((performance.now() - startedMs) / 1_000);
  const us = 1e6 / perSecond;
  return { perSecond, service: service * us, postgres: postgres * us };
}

/** Fans hold a seat each and give it back, as fast as they are answered. Gives how many did. */
async function hold({ host, port }: RunningService, { fans, seats }: House, count: number): Promise<number> {
  const run = crypto.randomUUID();
  const journeys = Array.from({ length: count }, (_, index) => ({
    known: {
      ...fans[index % fans.length]?.known,
      ...seats[index % seats.length],
      key: `${run}-${index}`,
    },
  }));
  const steps = [holdAnywhereStep, cancelStep];
  const { statuses } = await runLoad({ host, port, connections: HOLD_CONNECTIONS, journeys, steps });
  const done = statuses['cancel']?.[204] ?? 0;
  if (done < count * (1 - REFUSED_SHARE_MAX))
    throw new Error(`not all held a seat: ${JSON.stringify(statuses)}`);
  return done;
}

const shownCount = (count: number) => count.toLocaleString('en');
const whole = ({ service, postgres }: Cost) => service + postgres;
const shown = (cost: Cost) => `${Math.round(whole(cost))} µs, ${Math.round(cost.perSecond)}/s`;

function pageOf({ small, huge }: Readonly<Record<'small' | 'huge', readonly Costs[]>>): string[] {
  const rows = WORKS.flatMap((work) =>
    ([['small', small] as const, ['huge', huge] as const] as const).map(([name, runs]) => {
      const of = (pick: (cost: Cost) => number): Figure => figureOf(runs.map((costs) => pick(costs[work])));
      return [
        work,
        name,
        show(of(whole)),
        show(of(({ service }) => service)),
        show(of(({ postgres }) => postgres)),
        show(of(({ perSecond }) => perSecond)),
      ];
    }),
  );
  return table(['work', 'house', 'µs each', 'of it the service', 'of it PostgreSQL', 'a second'], rows);
}

function findingOf(
  work: Work,
  { performances, seats, waiting }: Size,
  { small, huge }: Readonly<Record<'small' | 'huge', readonly Costs[]>>,
): Finding {
  const unit = 'µs of cores each';
  const figure = (runs: readonly Costs[]) => figureOf(runs.map((costs) => whole(costs[work])));
  return {
    work: `${work}: ${shownCount(performances * seats)} seats, ${shownCount(waiting)} waiting`,
    ours: { unit, figure: figure(huge) },
    reference: { name: 'houses of 50 seats, 50 waiting', unit, figure: figure(small) },
    aim: timesAtMost(1.3),
  };
}
