/** Seats and payments as the service composes them, with their batches, on a pool of its usual size; without HTTP. */
import { createMessaging } from '../../../server/src/messaging/index.ts';
import { createPayments, type Payments } from '../../../server/src/payments/index.ts';
import { systemClock } from '../../../server/src/platform/clock.ts';
import { newUuid } from '../../../server/src/platform/identifiers.ts';
import { createLogger } from '../../../server/src/platform/logger.ts';
import { type Database, openDatabase } from '../../../server/src/platform/postgres/database.ts';
import { checkServer, sessionSettings } from '../../../server/src/platform/postgres/requirements.ts';
import { createSeats, type Seats } from '../../../server/src/seats/index.ts';
import type { Stage } from '../../lib/stage.ts';

/** What DATABASE_POOL_MAX is unless somebody sets it. */
export const POOL_MAX = 24;
const HOLD_TTL_MS = 300_000;
const LOG_RETENTION_MS = 3_600_000;

export interface Service extends AsyncDisposable {
  readonly seats: Seats;
  readonly payments: Payments;
  /** How many batches of this name were decided: each is one transaction. */
  batchesOf(name: string): number;
  /** Transactions of both that were begun, so as many more than batches as had to be begun again. */
  readonly begun: number;
}

export async function openService(stage: Stage, name: string): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const connection = { ...stage.postgres.connection, database: name };
  const logger = createLogger('error');
  const pool = stack.use(
    openDatabase({
      connection,
      connectionsMax: POOL_MAX,
      settings: sessionSettings(await checkServer(connection)),
      onIdleError: (error) => logger.error({ err: error }, 'a database connection was lost'),
    }),
  );
  const batches = new Map<string, number>();
  const observe = (batcher: string): void => {
    batches.set(batcher, (batches.get(batcher) ?? 0) + 1);
  };
  const shared = { database: pool, clock: systemClock, logger, observe };
  const messaging = createMessaging({
    ...shared,
    connection,
    instanceId: newUuid(),
    retentionMs: LOG_RETENTION_MS,
    onAppended: () => {},
    onParked: () => {},
  });
  let begun = 0;
  const database: Database = {
    ...pool,
    transaction: (work) => {
      begun += 1;
      return pool.transaction(work);
    },
  };
  const seats = createSeats({ ...shared, database, messaging, holdTtlMs: HOLD_TTL_MS });
  const payments = createPayments({ ...shared, database, messaging });
  const ended = new AbortController();
  const running = messaging.run(ended.signal);
  stack.defer(async () => {
    ended.abort();
    await running;
  });
  const owned = stack.move();
  return {
    seats,
    payments,
    batchesOf: (batcher) => batches.get(batcher) ?? 0,
    get begun() {
      return begun;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
