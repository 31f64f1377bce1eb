/** Instances of messaging on one database, with reactions that note in a table of the test what they did. */
import { randomUUID } from 'node:crypto';
import type { AnyEvent, EventName, EventOf } from '#contract/events.ts';
import { createMessaging, type Messaging, type Projection } from '../../src/messaging/index.ts';
import { emitsOf, eventsFor, type ReaderName, type Reactions } from '../../src/messaging/saga-map.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import type { Database, Tx } from '../../src/platform/postgres/database.ts';
import { statement } from '../../src/platform/postgres/statement.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { createLogRecorder, type LogRecorder } from './log-recorder.ts';
import { until } from './until.ts';

export interface Effect {
  readonly reader: ReaderName;
  readonly event: EventName;
  /** The number that the event was made with. */
  readonly n: number;
}

/** What the test wants of a reaction besides the note. */
export type React = (
  tx: Tx,
  events: readonly AnyEvent[],
) => Promise<readonly AnyEvent[]> | readonly AnyEvent[];

export interface InstanceOptions {
  readonly reader?: ReaderName;
  readonly react?: React;
  readonly giveUp?: (event: AnyEvent) => AnyEvent;
  readonly projections?: readonly Projection[];
  readonly clock?: Clock;
  readonly database?: Database;
}

export interface LogInstance extends AsyncDisposable {
  readonly messaging: Messaging;
  readonly database: Database;
  readonly parked: EventName[];
  readonly appended: EventName[];
  /** How many events each committed set of a reader had. */
  readonly taken: number[];
}

export interface LogWorld extends AsyncDisposable {
  readonly db: TestDatabase;
  readonly log: LogRecorder;
  /** Starts an instance; without a reader and projections it only appends. */
  start(options?: InstanceOptions): Promise<LogInstance>;
  /** In one transaction of an instance that reads nothing. */
  append(...events: readonly AnyEvent[]): Promise<void>;
  /**
   * Waits until all that is in the log lies below the horizon: every transaction on the server holds it back, whatever
   * its database, and so what else is being tested. From then on one taking finds all of it.
   */
  untilTakeable(): Promise<void>;
  /** In the order in which they were made. */
  effects(): Promise<Effect[]>;
  /** Waits for that many effects. */
  effectsOf(count: number): Promise<Effect[]>;
  rows<Row extends Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** The table of effects refuses this number, as real tables refuse what breaks their rules. */
export const INDIGESTIBLE = 999_999;

const ABOVE_HORIZON = `
  select from messaging.log where xid >= pg_snapshot_xmin(pg_current_snapshot()) limit 1`;

const NOTE = statement(`/* test.note */
insert into effects.effect (reader, event, n)
select $1, $2, n from unnest($3::int[]) with ordinality as e (n, place) order by place`);

export async function createLogWorld(): Promise<LogWorld> {
  const stack = new AsyncDisposableStack();
  const db = stack.use(await createTestDatabase());
  const log = createLogRecorder();
  let made = 0;
  const rows: LogWorld['rows'] = (sql, values = []) =>
    db.database.rows({ name: `test.rows-${made++}`, text: sql }, values);
  await rows('create schema effects');
  // Nothing unique: an effect that happens twice must show.
  await rows(`create table effects.effect (
    effect_id int generated always as identity primary key,
    reader text not null, event text not null, n int not null check (n <> ${INDIGESTIBLE})
  )`);

  const start = async (options: InstanceOptions = {}) => {
    const instance = await startInstance(db, log, options);
    return stack.use(instance);
  };
  const appender = await start();
  const effects = () =>
    rows<Effect & Record<string, unknown>>('select reader, event, n from effects.effect order by effect_id');
  return {
    db,
    log,
    start,
    rows,
    effects,
    append: (...events) => appendOn(appender, events),
    untilTakeable: async () => {
      await until('the log lies below the horizon', async () => (await rows(ABOVE_HORIZON)).length === 0);
    },
    effectsOf: (count) =>
      until(`there are ${count} effects`, async () => {
        const found = await effects();
        return found.length >= count && found;
      }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function appendOn(instance: LogInstance, events: readonly AnyEvent[]): Promise<void> {
  return instance.database.transaction(async (tx) => instance.messaging.append(tx, events));
}

async function startInstance(
  db: TestDatabase,
  log: LogRecorder,
  options: InstanceOptions,
): Promise<LogInstance> {
  const { reader, react = () => [], giveUp, projections = [], clock = systemClock } = options;
  const database = options.database ?? (await db.open());
  const ended = new AbortController();
  const parked: EventName[] = [];
  const appended: EventName[] = [];
  const taken: number[] = [];
  const messaging = createMessaging({
    database,
    connection: db.connection,
    instanceId: randomUUID(),
    clock,
    logger: log.logger,
    retentionMs: 3_600_000,
    observe: (_, events) => taken.push(events),
    onAppended: (name) => appended.push(name),
    onParked: (_, name) => parked.push(name),
  });
  if (reader !== undefined) messaging.react(reader, notingReactions(reader, react, giveUp));
  for (const projection of projections) messaging.follow(projection);
  const isIdle = reader === undefined && projections.length === 0;
  const running = isIdle ? undefined : messaging.run(ended.signal);
  return {
    messaging,
    database,
    parked,
    appended,
    taken,
    [Symbol.asyncDispose]: async () => {
      ended.abort();
      await running;
    },
  };
}

function notingReactions<R extends ReaderName>(
  reader: R,
  react: React,
  giveUp: InstanceOptions['giveUp'],
): Reactions<R> {
  const reactions = eventsFor(reader).map((name) => {
    const run = async (tx: Tx, events: readonly AnyEvent[]) => {
      await tx.rows(NOTE, [reader, name, events.map(numberOf)]);
      return react(tx, events);
    };
    const canGiveUp = giveUp !== undefined && emitsOf(reader, name).length > 0;
    return [name, { run, ...(canGiveUp && { giveUp }) }] as const;
  });
  return Object.fromEntries(reactions) as unknown as Reactions<R>;
}

/** Sleeps of half a second and more never end by themselves: what arrives was not found by polling. */
export const clockWithoutPolling: Clock = {
  ...systemClock,
  sleep: (ms, signal) =>
    ms < 500
      ? systemClock.sleep(ms, signal)
      : new Promise((resolve) => {
          if (signal?.aborted) resolve();
          signal?.addEventListener('abort', () => resolve(), { once: true });
        }),
};

/** The reservation of a number, so that a test can tell events apart. */
function reservationId(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function numberOf(event: AnyEvent): number {
  return 'reservationId' in event ? Number.parseInt(event.reservationId.slice(-12), 16) : 0;
}

const USER = '11111111-1111-4111-8111-111111111111';
const claim = (n: number) => ({
  reservationId: reservationId(n),
  performanceId: 1,
  seats: [{ no: 1, version: 1 }],
});
const purchase = (n: number) => ({
  ...claim(n),
  userId: USER,
  amountKrw: 1_000,
  turn: { room: 'main', epoch: 1, number: 1 },
});
const terms = { expiresAt: '2026-11-21T05:00:00.000Z', payNow: false };

export function seatReserved(n: number): EventOf<'SeatReserved'> {
  return { name: 'SeatReserved', ...purchase(n), ...terms };
}
export function reservationCreated(n: number): EventOf<'ReservationCreated'> {
  return { name: 'ReservationCreated', ...purchase(n), ...terms };
}
export function creationFailed(n: number): EventOf<'ReservationCreationFailed'> {
  return { name: 'ReservationCreationFailed', ...claim(n) };
}
export function paymentProcessed(n: number): EventOf<'PaymentProcessed'> {
  return { name: 'PaymentProcessed', ...purchase(n), paymentId: reservationId(n) };
}
export function paymentFailed(n: number): EventOf<'PaymentProcessingFailed'> {
  return { name: 'PaymentProcessingFailed', ...claim(n), userId: USER, reason: 'lapsed' };
}
export function seatReleased(n: number): EventOf<'SeatReleased'> {
  return { name: 'SeatReleased', ...claim(n) };
}
