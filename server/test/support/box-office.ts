/** The seats module on a database of its own, on two instances, without HTTP. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AnyEvent, EventOf } from '#contract/events.ts';
import { fingerprint, derivedUuid, newUuid } from '../../src/platform/identifiers.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { DatabaseFault } from '../../src/platform/postgres/faults.ts';
import type { Statement } from '../../src/platform/postgres/statement.ts';
import { createMessaging, type Messaging, type Projection } from '../../src/messaging/index.ts';
import type { HoldSeatsDeps } from '../../src/seats/hold-seats.ts';
import type { BoardLimits } from '../../src/seats/kept-boards.ts';
import type { CountLimits } from '../../src/seats/kept-counts.ts';
import { createSeats, type HoldRequest, type Seats } from '../../src/seats/index.ts';
import { countedDatabase } from './counted-database.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { createLogRecorder } from './log-recorder.ts';
import { runReaction } from './react.ts';

/** What one instance has: for `holdSeats` itself, or through `seats` with its batches. */
export interface Counter extends HoldSeatsDeps {
  readonly messaging: Messaging;
  readonly database: Database;
  readonly seats: Seats;
  /** What follows the log here. */
  readonly projections: readonly Projection[];
}

export interface SeatRow {
  readonly seat_no: number;
  readonly version: number;
  readonly state: 'F' | 'H' | 'S';
  readonly reservation_id: string | null;
}

export interface BoxOffice extends AsyncDisposable {
  readonly db: TestDatabase;
  /** One for each instance. */
  readonly counters: readonly [Counter, Counter];
  /** The codes of what PostgreSQL refused, retried or not. */
  readonly sqlstates: readonly (string | undefined)[];
  /** Makes everything as it was before the first performance. */
  clear(): Promise<void>;
  /** What ran, by name. */
  readonly statements: ReadonlyMap<string, Statement>;
  /** How often a statement ran, on both instances. */
  ran(statement: string): number;
  /** Every transaction and statement of both instances, in order, but for those by which they follow and ring. */
  readonly asked: readonly string[];
  /** The counter for the n-th request, by turns. */
  counter(n: number): Counter;
  schedule(change?: Partial<EventOf<'PerformanceScheduled'>>): Promise<EventOf<'PerformanceScheduled'>>;
  /** Runs the module's reaction to events of one name, as its reader would, and gives what it emits. */
  react(...events: readonly [AnyEvent, ...AnyEvent[]]): Promise<readonly AnyEvent[]>;
  /** The same on one instance, with what is emitted in the log. */
  reactOn(counter: Counter, ...events: readonly [AnyEvent, ...AnyEvent[]]): Promise<void>;
  /** Everything that the holds appended to the log, in order. */
  events(): Promise<AnyEvent[]>;
  seat(seatNo: number, performanceId?: number): Promise<SeatRow>;
  /** Whatever does not fit together: seats and open holds, buyers' counts and open holds. */
  findDiscrepancies(): Promise<string[]>;
}

export interface BoxOfficeOptions {
  /** Of the boards. */
  readonly bounds?: Partial<BoardLimits>;
  /** Of what is counted without them. */
  readonly countBounds?: Partial<CountLimits>;
  /** Between a reading outside transactions and whoever asked for it. */
  readonly delay?: (statement: string) => Promise<void> | undefined;
}

export async function createBoxOffice(options: BoxOfficeOptions = {}): Promise<BoxOffice> {
  await using stack = new AsyncDisposableStack();
  const db = stack.use(await createTestDatabase());
  const sqlstates: (string | undefined)[] = [];
  const statements = new Map<string, Statement>();
  const counts = new Map<string, number>();
  const note = (statement: Statement): void => {
    statements.set(statement.name, statement);
    counts.set(statement.name, (counts.get(statement.name) ?? 0) + 1);
  };
  // What is done to follow the log is no answer to anybody, and is done whether anybody asks or not. So is the ring
  // that tells other instances of an append: a moment after it, once for several.
  const following = new AsyncLocalStorage<true>();
  const asked: string[] = [];
  const open = (pool: Database) => {
    const counted = countedDatabase(watched(pool, sqlstates, note, options), (statement) => {
      if (following.getStore() === undefined && statement !== 'messaging.notify') asked.push(statement);
    });
    return openCounter(db, counted, options);
  };
  const first = open(db.database);
  const second = open(await db.open());
  const ended = new AbortController();
  const running = following.run(true, () =>
    [first, second].map(({ messaging }) => messaging.run(ended.signal)),
  );
  stack.defer(async () => {
    ended.abort();
    await Promise.all(running);
  });
  const owned = stack.move();
  return {
    db,
    counters: [first, second],
    sqlstates,
    statements,
    ran: (name) => counts.get(name) ?? 0,
    asked,
    clear: async () => {
      const text = `truncate seats.performance, seats.seat, seats.hold, seats.buyer, messaging.log`;
      await db.database.rows({ name: 'test.clear', text }, []);
      sqlstates.length = 0;
      for (const { projections } of [first, second]) for (const projection of projections) projection.lost();
    },
    counter: (n) => (n % 2 === 0 ? first : second),
    schedule: async (change) => {
      const event = scheduled(change);
      await first.database.transaction((tx) => first.seats.reactions.PerformanceScheduled.run(tx, [event]));
      return event;
    },
    react: (...events) => runReaction(first.database, first.seats.reactions, events),
    reactOn: async ({ database, messaging, seats }, ...events) => {
      await runReaction(database, seats.reactions, events, messaging);
    },
    ...recordOf(db.database),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the tables and the log say. */
function recordOf(database: Database): Pick<BoxOffice, 'events' | 'seat' | 'findDiscrepancies'> {
  return {
    events: async () => {
      const rows = await database.rows<{ events: AnyEvent[] }>(
        { name: 'test.events', text: 'select events from messaging.log order by id' },
        [],
      );
      return rows.flatMap((row) => row.events);
    },
    seat: async (seatNo, performanceId = 1) => {
      const text = `select seat_no, version, state, reservation_id from seats.seat
        where performance_id = $1 and seat_no = $2`;
      const [row] = await database.rows<SeatRow & Record<string, unknown>>({ name: 'test.seat', text }, [
        performanceId,
        seatNo,
      ]);
      if (row === undefined) throw new Error(`there is no seat ${seatNo}`);
      return row;
    },
    findDiscrepancies: async () => {
      const rows = await database.rows<{ what: string }>(
        { name: 'test.discrepancies', text: DISCREPANCIES },
        [],
      );
      return rows.map((row) => row.what);
    },
  };
}

/** A request as the route makes it. */
export function holdRequest(
  seatNos: readonly number[],
  given: { userId?: string; key?: string; performanceId?: number; room?: string } = {},
): HoldRequest {
  const { userId = newUuid(), key = newUuid(), performanceId = 1, room = 'main' } = given;
  return {
    reservationId: derivedUuid(userId, 'POST /reservations', key),
    userId,
    performanceId,
    seatNos,
    turn: { room, epoch: 1, number: 1 },
    payNow: false,
    fingerprint: fingerprint({ performanceId, seats: seatNos }),
  };
}

/** Fifty seats for sale, the first twenty at 60,000 won, the others at 40,000; four to a person. */
function scheduled(change: Partial<EventOf<'PerformanceScheduled'>> = {}): EventOf<'PerformanceScheduled'> {
  return {
    name: 'PerformanceScheduled',
    performanceId: 1,
    concertId: 1,
    room: 'main',
    seatsPerPerson: 4,
    saleOpensAt: '2020-01-01T00:00:00.000Z',
    saleClosesAt: '2099-01-01T00:00:00.000Z',
    sections: [
      { firstSeatNo: 1, seatCount: 20, priceKrw: 60_000 },
      { firstSeatNo: 21, seatCount: 30, priceKrw: 40_000 },
    ],
    ...change,
  };
}

function openCounter(db: TestDatabase, database: Database, options: BoxOfficeOptions): Counter {
  const { bounds = {}, countBounds = {} } = options;
  const nothing = (): void => {};
  const shared = { database, clock: systemClock, logger: createLogRecorder().logger, observe: nothing };
  const messaging = createMessaging({
    ...shared,
    connection: db.connection,
    instanceId: newUuid(),
    retentionMs: 3_600_000,
    onAppended: nothing,
    onParked: nothing,
  });
  const projections: Projection[] = [];
  const follow: Messaging['follow'] = (projection) => {
    projections.push(projection);
    messaging.follow(projection);
  };
  const deps = { ...shared, messaging: { ...messaging, follow }, holdTtlMs: 300_000, bounds, countBounds };
  return { ...deps, projections, seats: createSeats(deps) };
}

/** Notes what is run in transactions, and what PostgreSQL refuses, for retries hide it. */
function watched(
  pool: Database,
  sqlstates: (string | undefined)[],
  note: (statement: Statement) => void,
  { delay }: BoxOfficeOptions,
): Database {
  return {
    rows: async <Row extends Record<string, unknown>>(statement: Statement, values: readonly unknown[]) => {
      note(statement);
      const rows = await pool.rows<Row>(statement, values);
      await delay?.(statement.name);
      return rows;
    },
    transaction: async (work) => {
      try {
        return await pool.transaction((tx) =>
          work({
            ...tx,
            rows: (statement, values) => {
              note(statement);
              return tx.rows(statement, values);
            },
            count: (statement, values) => {
              note(statement);
              return tx.count(statement, values);
            },
            send: (statement, values, told) => {
              note(statement);
              tx.send(statement, values, told);
            },
          }),
        );
      } catch (error) {
        if (error instanceof DatabaseFault) sqlstates.push(error.sqlstate);
        throw error;
      }
    },
    get stats() {
      return pool.stats;
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

const DISCREPANCIES = `
with owned as (
  select h.reservation_id, h.performance_id, h.user_id, h.state,
    c.seat_no, c.version + case h.state when 'S' then 1 else 0 end as version
  from seats.hold h, unnest(h.seat_nos, h.seat_versions) as c (seat_no, version)
  where h.state <> 'R'
), counted as (
  select performance_id, user_id, count(*)::int as seat_count from owned group by performance_id, user_id
)
select format('seat %s of %s is %s at version %s for %s, but the hold %s says %s at %s', s.seat_no, s.performance_id,
  s.state, s.version, s.reservation_id, o.reservation_id, o.state, o.version) as what
from (select * from seats.seat where state <> 'F') s
full join owned o on o.performance_id = s.performance_id and o.seat_no = s.seat_no
where (s.state, s.version, s.reservation_id) is distinct from (o.state, o.version, o.reservation_id)
union all
select format('%s is counted %s seats, but holds %s', b.user_id, b.seat_count, c.seat_count)
from (select * from seats.buyer where seat_count <> 0) b
full join counted c on c.performance_id = b.performance_id and c.user_id = b.user_id
where b.seat_count is distinct from c.seat_count`;
