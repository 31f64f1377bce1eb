/** Real instances of the service in this process, on one database of their own, spoken to over real HTTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../src/config/env.ts';
import { loadConfig } from '../../src/config/config.ts';
import { READERS, eventsFor } from '../../src/messaging/saga-map.ts';
import { DatabaseFault } from '../../src/platform/postgres/faults.ts';
import type { HttpOverrides } from '../../src/routes.ts';
import { type Service, startService } from '../../src/service.ts';
import { createClient, type Client } from './client.ts';
import { createTestDatabase, type TestDatabase, type TestServer } from './database.ts';
import { createLogRecorder, type LogRecorder } from './log-recorder.ts';
import { until } from './until.ts';

export const OPERATOR_TOKEN = 'operator-token-of-the-tests-0123456789abcdef';
const SIGNING_KEY = `t1:${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64url')}`;

export interface World extends AsyncDisposable {
  readonly instances: readonly Service[];
  readonly db: TestDatabase;
  readonly log: LogRecorder;
  /** A client of one instance; requests of different clients may go to different instances. */
  client(instance?: number): Client;
  /** Waits until every reader has taken every event that concerns it. */
  settle(): Promise<void>;
  /** Makes every stored deadline come nearer by so much, as if the time had passed. */
  advance(ms: number): Promise<void>;
}

export interface WorldOptions {
  readonly instances?: number;
  /** Settings of all instances. */
  readonly env?: Environment;
  /** Settings of one instance, by its index, such as its roles. */
  readonly envOf?: readonly Environment[];
  /** The PostgreSQL, where it is not that of the run. */
  readonly server?: TestServer;
  /** Is told the route of each answer that is given on the short way, before it is sent. */
  readonly onShortAnswer?: (route: string) => void;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const db = stack.use(await createTestDatabase(options.server));
  const dataDir = await mkdtemp(join(tmpdir(), 'frontrow-world-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const log = createLogRecorder();
  const environmentOf = (instance: number): Environment => ({
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: urlOf(db),
    OPERATOR_TOKEN,
    SIGNING_KEYS: SIGNING_KEY,
    DEMO_CATALOGUE: 'off',
    AUDIT_INTERVAL_MS: '0',
    QUEUE_CAPACITY: '100000',
    QUEUE_RATE_COUNT: '100000',
    ...options.env,
    ...options.envOf?.[instance],
  });
  const overrides = overridesOf(options);
  const instances: Service[] = [];
  for (let i = 0; i < (options.instances ?? options.envOf?.length ?? 1); i++) {
    const { config, secrets } = loadConfig(environmentOf(i));
    instances.push(stack.use(await startService(config, secrets, log.logger, overrides)));
  }
  const owned = stack.move();
  return {
    instances,
    db,
    log,
    client: (instance = 0) => createClient(instances[instance % instances.length]?.url ?? '', OPERATOR_TOKEN),
    settle: () => settle(db),
    advance: (ms) => advance(db, ms),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function overridesOf({ onShortAnswer }: WorldOptions): HttpOverrides {
  return {
    // Instances, clients and the test share one event loop here: how late it is says nothing about the service.
    eventLoopDelayMs: () => 0,
    shortcut: (shortcut) => ({
      ...shortcut,
      answer: (request) => {
        const answer = shortcut.answer(request);
        if (answer !== undefined) onShortAnswer?.(shortcut.route);
        return answer;
      },
    }),
  };
}

/** A URL cannot name a socket folder before the @, so it travels as a parameter. */
function urlOf({ connection }: TestDatabase): string {
  const { user, password, host, port, database } = connection;
  const auth = `${user}:${encodeURIComponent(String(password))}`;
  return `postgres://${auth}@localhost:${port}/${database}?host=${encodeURIComponent(host ?? '')}`;
}

async function settle(db: TestDatabase): Promise<void> {
  const interest = READERS.map((reader) => ({ reader, names: eventsFor(reader) }));
  await until('every reader has read everything', async () => {
    const open = await db.database.rows(
      {
        name: 'test.settle',
        text: `/* test.settle */
        select from messaging.log l
        join unnest($1::text[], $2::text[]) as i (reader, name) on i.name = any(l.names)
        left join messaging.cursor c on c.reader = i.reader
        where (l.epoch, l.xid, l.id) > (coalesce(c.epoch, 0), coalesce(c.xid, '0'), coalesce(c.id, 0))
        limit 1`,
      },
      [
        interest.flatMap(({ reader, names }) => names.map(() => reader)),
        interest.flatMap(({ names }) => names),
      ],
    );
    return open.length === 0;
  });
}

const DEADLINES: readonly (readonly [table: string, columns: readonly string[]])[] = [
  ['seats.hold', ['held_at', 'expires_at']],
  ['reservations.reservation', ['expires_at']],
  ['payments.payment', ['expires_at']],
  ['waiting_room.token', ['expires_at', 'holds_until']],
  ['waiting_room.room', ['refilled_at', 'opens_at']],
];

/** Takes rows as they come, in the middle of whatever the instances do: one of the two may have to begin again. */
async function advance(db: TestDatabase, ms: number): Promise<void> {
  const move = () =>
    db.database.transaction(async (tx) => {
      for (const [table, columns] of DEADLINES) {
        const sets = columns.map((column) => `${column} = ${column} - $1::int * interval '1 millisecond'`);
        const text = `/* test.advance */ update ${table} set ${sets.join(', ')}`;
        await tx.rows({ name: `test.advance-${table}`, text }, [ms]);
      }
    });
  await until('every deadline has come nearer', () =>
    move().then(
      () => true,
      (error: unknown) => {
        if (error instanceof DatabaseFault && error.kind === 'again') return false;
        throw error;
      },
    ),
  );
}
