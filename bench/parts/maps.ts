/** Seat maps, read by a crowd while seats change state, beside a bare Fastify that answers the same. */
import { audited } from '../lib/audited.ts';
import { cancelStep, gather, holdStep, openPerformance, SEATS_PER_PERSON } from '../lib/audience.ts';
import { sampleAnswer, startBare } from '../lib/bare.ts';
import { BY_WRK, medians } from '../lib/conditions.ts';
import { type Journey, runLoad } from '../lib/load.ts';
import { comparison } from '../lib/page.ts';
import { type Finding, type Part, timesAtLeast } from '../lib/part.ts';
import { freeSeats, letAllIn, openSales, SALE_SEATS, SALE_SOLD, saleRoom } from '../lib/sale.ts';
import { laidOut } from '../lib/seats.ts';
import { compare, type Measured, type Side, sideFinding } from '../lib/sides.ts';
import type { RunningService, Stage } from '../lib/stage.ts';
import { runWrk, warmUp } from '../lib/wrk.ts';

const FEW_SEATS = 50;
/** Sets of seats that are held and given back by turns: more than are held within a few seconds. */
const SETS_CHANGING = 5_000;
const MAP_TYPE = 'application/vnd.frontrow.seat-map';
const CHANGES_PER_S = 1_000;
/** Of the changes, when both cores are busy: the pace that was reached is told beside the figure. */
const REFUSED_SHARE_MAX = 0.05;
const FANS = 500;
const CONNECTIONS = 64;
/** The house is used for longer than a usual turn. */
const LONG_TURNS = { ACTIVE_TTL_MS: '86400000', CLAIM_WINDOW_MS: '3600000' };

export const maps: Part = {
  title: 'Seat maps, read while 1,000 seats a second change state',
  conditions: (run) => [
    medians(run),
    BY_WRK,
    'seats are held and given back over HTTP, four at a time, by a load generator (Node) on the same cores',
    `in both large houses ${SALE_SOLD}; the clients take gzip`,
    'audited after every run of ours',
    'the reference sends the same bytes and headers; beside it the same seats change at an instance that nobody looks at',
  ],
  measure: async (stage, { quick, repeats }) => {
    const size = quick
      ? { seats: 5_000, warmUpSeconds: 0, seconds: 1 }
      : { seats: SALE_SEATS, warmUpSeconds: 8, seconds: 8 };
    const page: string[] = [];
    const findings: Finding[] = [];
    for (const [view, sides] of mapSides(size).slice(0, quick ? 1 : undefined)) {
      const results = await compare(stage, sides, repeats);
      const [ours, bare] = results;
      page.push(...comparison('views/s', results), '');
      findings.push(sideFinding(`seat map: ${view.name}`, 'views/s', [ours, bare], timesAtLeast(0.5)));
    }
    return { page, findings };
  },
};

interface View {
  readonly name: string;
  /** The one whose seats change, another of the same size, or one with few seats. */
  readonly of: 'changing' | 'quiet' | 'small';
  readonly accept: string;
  /** Asked with the tag of what one has. */
  readonly known: boolean;
}

const viewsOf = (seats: string): readonly View[] => [
  { name: `${seats} seats, binary`, of: 'changing', accept: MAP_TYPE, known: false },
  { name: `${seats} seats, nothing new (304)`, of: 'quiet', accept: MAP_TYPE, known: true },
  { name: '50 seats, JSON', of: 'small', accept: 'application/json', known: false },
];

interface Size {
  readonly seats: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/**
 * For each view two sides, both while a thousand seats a second change state at an instance of ours: ours is that
 * instance; the reference is beside it, and shares the cores with it and with whoever changes the seats.
 */
function mapSides(size: Size): readonly (readonly [View, readonly Side[]])[] {
  let opened: Promise<House> | undefined;
  const theHouse = (stage: Stage) => (opened ??= openHouse(stage, size.seats));
  return viewsOf(size.seats.toLocaleString('en')).map((view) => [
    view,
    [
      {
        name: `Frontrow: ${view.name}`,
        run: async (stage) => {
          const house = await theHouse(stage);
          const { database, performances, fans } = house;
          await using service = await stage.startService(database, LONG_TURNS);
          const path = pathOf(performances[view.of]);
          const headers = await headersOf(service, path, view, fans);
          const sampled = await stage.profile(service.pid, view.name);
          const [measured, changes] = await Promise.all([
            look(service, path, headers, size),
            changeSeats(service, house, size.warmUpSeconds + size.seconds),
          ]);
          await sampled();
          await audited(stage, database);
          return { ...measured, note: `${Math.round(changes).toLocaleString('en')} seats/s change` };
        },
      },
      {
        name: `bare Fastify: ${view.name}`,
        run: async (stage) => {
          const house = await theHouse(stage);
          const { database, performances, fans } = house;
          const path = pathOf(performances[view.of]);
          await using service = await stage.startService(database, LONG_TURNS);
          const headers = await headersOf(service, path, view, fans);
          const sample = await sampleAnswer(service, path, headers);
          await using bare = await startBare(stage, sample);
          const [measured] = await Promise.all([
            look(bare, path, headers, size),
            changeSeats(service, house, size.warmUpSeconds + size.seconds),
          ]);
          return { ...measured, note: `${sample.body.length.toLocaleString('en')} bytes` };
        },
      },
    ],
  ]);
}

const pathOf = (performanceId: number) => `/api/v1/performances/${performanceId}/seats`;

interface House {
  readonly database: string;
  readonly performances: Readonly<Record<View['of'], number>>;
  /** With an account and a turn. */
  readonly fans: readonly Journey[];
  /** Free ones of the performance that changes, in sets that one person may hold. */
  readonly seats: readonly string[];
}

async function openHouse(stage: Stage, seatCount: number): Promise<House> {
  const database = await stage.freshDatabase({ kept: true });
  const [changing, quiet] = [1, 2];
  await openSales(stage, database, 2, seatCount);
  await using service = await stage.startService(database, LONG_TURNS);
  const small = await openPerformance(service, FEW_SEATS);
  await letAllIn(service, saleRoom(changing));
  const fans = await gather(service, FANS, { join: true, room: saleRoom(changing) });
  await laidOut(stage, database, 2 * seatCount + FEW_SEATS);
  const sets = Math.min(SETS_CHANGING, seatCount / 20);
  const seats = await freeSeats(stage, database, changing, { sets, each: SEATS_PER_PERSON });
  return { database, performances: { changing, quiet, small }, fans, seats };
}

/** What a client of this view sends: the map is for those whose turn it is. */
async function headersOf(
  service: RunningService,
  path: string,
  view: View,
  fans: readonly Journey[],
): Promise<Record<string, string>> {
  const headers = {
    accept: view.accept,
    'accept-encoding': 'gzip',
    authorization: `Bearer ${fans[0]?.known['token']}`,
  };
  if (!view.known) return headers;
  const { etag } = (await sampleAnswer(service, path, headers)).headers;
  if (etag === undefined) throw new Error(`${path} has no tag`);
  return { ...headers, 'if-none-match': etag };
}

async function look(
  { host, port }: RunningService,
  path: string,
  headers: Readonly<Record<string, string>>,
  { warmUpSeconds, seconds }: Size,
): Promise<Measured> {
  const run = { host, port, connections: CONNECTIONS, requests: { path, headers } };
  await warmUp({ ...run, seconds: warmUpSeconds });
  const { perSecond, latency } = await runWrk({ ...run, seconds });
  return { perSecond, latency };
}

/** Fans hold seats and give them back, at an even pace. Gives how many seats a second changed state. */
async function changeSeats(
  { host, port }: RunningService,
  { performances, fans, seats }: House,
  seconds: number,
): Promise<number> {
  const perSecond = CHANGES_PER_S / (2 * SEATS_PER_PERSON);
  const run = crypto.randomUUID();
  const journeys = Array.from({ length: Math.ceil(perSecond * seconds) }, (_, index) => {
    const seat = seats[index % seats.length] ?? '';
    return { known: { ...fans[index % fans.length]?.known, seat, key: `${run}-${index}` } };
  });
  const { statuses, durationMs } = await runLoad({
    host,
    port,
    connections: 32,
    perSecond,
    journeys,
    steps: [holdStep(performances.changing), cancelStep],
  });
  const done = (statuses['hold']?.[201] ?? 0) + (statuses['cancel']?.[204] ?? 0);
  if (done < 2 * journeys.length * (1 - REFUSED_SHARE_MAX))
    throw new Error(`not all seats changed: ${JSON.stringify(statuses)}`);
  return (done * SEATS_PER_PERSON) / (durationMs / 1_000);
}
