/**
 * The fans of an arena, in a process of their own. They see from the room's public answer how far the line has come.
 * Whoever's turn it is looks at the own place within a second, then at the map, takes free seats that lie together as far
 * as there are, and pays a moment later. Who comes too late for a seat looks again. When the map shows no free seat, no
 * more fans come.
 *
 * Reads an `ArenaJob` from the file named as its argument, writes an `ArenaReport` as JSON to stdout.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { ArenaFan, ArenaJob, ArenaReport } from './lib/arena.ts';
import { type Answer, type Connection, openConnection } from './lib/connection.ts';
import type { Step } from './lib/load.ts';
import { quantilesOf } from './lib/quantiles.ts';
import { type Known, requestOf, valueIn } from './lib/requests.ts';

/** As those at the front of the line are told to ask again. */
const NOTICED_MS = 1_000;
const ROOM_EVERY_MS = 100;
/**
 * Once or twice that, before a payment and before another look at the map, which may be a quarter of a second old: people
 * take longer.
 */
const MOMENT_MS = 250;
/** At places by chance, for one that is free: whoever began to search at the next one would meet others there. */
const GLANCES = 1_000;
const BUSY_MS = 1_000;
const BUSY_MAX = 30;

const [, , file = ''] = process.argv;
const job = JSON.parse(readFileSync(file, 'utf8')) as ArenaJob;
const authorization = 'Bearer {token}';
const textsOf = Object.fromEntries(
  Object.entries({
    room: { method: 'GET', path: `/api/v1/queue/rooms/${job.room}`, headers: {} },
    place: { method: 'GET', path: '/api/v1/queue/tokens/me', headers: { authorization } },
    map: {
      method: 'GET',
      path: `/api/v1/performances/${job.performanceId}/seats`,
      headers: { authorization, accept: 'application/vnd.frontrow.seat-map' },
    },
    hold: {
      method: 'POST',
      path: '/api/v1/reservations',
      headers: { authorization, 'idempotency-key': '{key}' },
      body: `{"performanceId":${job.performanceId},"seats":[{seats}]}`,
    },
    pay: {
      method: 'POST',
      path: '/api/v1/payments',
      headers: { authorization, 'idempotency-key': '{key}' },
      body: '{"reservationId":"{reservationId}"}',
    },
  } satisfies Record<string, Omit<Step, 'name'>>).map(([name, step]) => [name, requestOf({ name, ...step })]),
);

const latenciesMs: Record<string, number[]> = {};
const counts = { came: 0, bought: 0, seats: 0, tooLate: 0, busy: 0 };
const free: Connection[] = [];
const waiting: ((connection: Connection) => void)[] = [];
let opened = 0;

/** An idle connection; a new one while there may be more; or the next that is given back. */
async function takeConnection(): Promise<Connection> {
  const idle = free.pop();
  if (idle !== undefined) return idle;
  if (opened < job.connections) {
    opened += 1;
    return openConnection(job.host, job.port);
  }
  return new Promise((resolve) => waiting.push(resolve));
}

function giveBack(connection: Connection): void {
  const next = waiting.shift();
  if (next === undefined) free.push(connection);
  else next(connection);
}

/** Asks until the service is not too busy; that is told apart, and what one waits for a free connection is latency. */
async function ask(name: string, known: Known): Promise<Answer> {
  for (let times = 0; times < BUSY_MAX; times++) {
    const wantedMs = performance.now();
    const connection = await takeConnection();
    const answer = await connection.send(textsOf[name]?.(known) ?? '');
    giveBack(connection);
    if (answer.status !== 503) {
      (latenciesMs[name] ??= []).push(performance.now() - wantedMs);
      return answer;
    }
    counts.busy += 1;
    await delay(BUSY_MS);
  }
  throw new Error(`${name}: the service was too busy for ${BUSY_MAX} times`);
}

const aMoment = () => delay(MOMENT_MS * (1 + Math.random()));
let isSoldOut = false;

async function come({ token, key, wants }: ArenaFan): Promise<void> {
  await delay(Math.random() * NOTICED_MS);
  counts.came += 1;
  const place = await ask('place', { token });
  if (valueIn(place.body, 'state') !== 'ACTIVE') throw new Error(`a turn is not open: ${place.body}`);
  for (let tries = 0; ; tries++) {
    const map = await ask('map', { token });
    if (map.status !== 200) throw new Error(`map: ${map.status} ${map.body}`);
    const seats = chooseSeats(map.body, wants);
    if (seats.length === 0) {
      isSoldOut = true;
      break;
    }
    const hold = await ask('hold', { token, key: `${key}-${tries}`, seats: seats.join() });
    if (hold.status === 201) {
      const reservationId = valueIn(hold.body, 'reservationId');
      await aMoment();
      const pay = await ask('pay', { token, key, reservationId });
      if (pay.status !== 201) throw new Error(`pay: ${pay.status} ${pay.body}`);
      counts.bought += 1;
      counts.seats += seats.length;
      break;
    }
    if (hold.status !== 409) throw new Error(`hold: ${hold.status} ${hold.body}`);
    counts.tooLate += 1;
    await aMoment();
  }
}

/** One by chance, and the next free ones from there on: docs/seat-map.md. The map is text of one byte a character. */
function chooseSeats(map: string, wants: number): number[] {
  const short = (at: number) => map.charCodeAt(at) + 256 * map.charCodeAt(at + 1);
  const begin = short(6);
  const count = short(12) + 65_536 * short(14);
  const left = short(16) + 65_536 * short(18);
  const isFree = (at: number) => ((map.charCodeAt(begin + (at >> 2)) >> ((at & 3) * 2)) & 3) === 0;
  const somewhere = () => Math.floor(Math.random() * count);
  let start = somewhere();
  for (let glance = 0; glance < GLANCES && !isFree(start); glance++) start = somewhere();
  const seats: number[] = [];
  for (let step = 0; step < count && seats.length < Math.min(wants, left); step++) {
    const at = (start + step) % count;
    if (isFree(at)) seats.push(at + 1);
  }
  return seats;
}

const coming: Promise<void>[] = [];
while (!isSoldOut) {
  const { status, body } = await ask('room', {});
  if (status !== 200) throw new Error(`room: ${status} ${body}`);
  const letIn = Number(valueIn(body, 'head')) - job.firstNumber + 1;
  if (letIn > job.fans.length) throw new Error('all fans were let in, and there are seats left');
  for (const fan of job.fans.slice(coming.length, Math.max(0, letIn))) coming.push(come(fan));
  await delay(ROOM_EVERY_MS);
}
await Promise.all(coming);
for (const connection of free) connection.end();
const report: ArenaReport = {
  ...counts,
  latencies: Object.fromEntries(Object.entries(latenciesMs).map(([name, list]) => [name, quantilesOf(list)])),
};
process.stdout.write(JSON.stringify(report));
