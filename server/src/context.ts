/**
 * The composition root: everything that there is, made once, in order, and released in reverse.
 * Who needs what of whom is decided here; modules never import each other.
 */
import type { ClientConfig } from 'pg';
import { type Audits, createAudits } from './audit/index.ts';
import { type Catalogue, createCatalogue } from './catalogue/index.ts';
import type { Config } from './config/config.ts';
import { type Keys, provideKeys, type Secrets } from './config/secrets.ts';
import { limits } from './limits.ts';
import { createMessaging, type Messaging } from './messaging/index.ts';
import { createOperatorLog, type OperatorLog } from './operator-log/index.ts';
import { createPayments, type Payments } from './payments/index.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import { startEmbeddedPostgres } from './platform/embedded-postgres/index.ts';
import { newUuid } from './platform/identifiers.ts';
import type { Logger } from './platform/logger.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { type Database, openDatabase } from './platform/postgres/database.ts';
import { LOCK_PATIENCE, migrate, readMigrations } from './platform/postgres/migrate.ts';
import { checkServer, sessionSettings } from './platform/postgres/requirements.ts';
import { createTokenSigner, type TokenSigner } from './platform/signed-token.ts';
import { createReservations, type Reservations } from './reservations/index.ts';
import { createSeats, type Seats } from './seats/index.ts';
import { createWaitingRoom, type WaitingRoom } from './waiting-room/index.ts';

export interface Context extends AsyncDisposable {
  readonly config: Config;
  readonly keys: Keys;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly signer: TokenSigner;
  readonly database: Database;
  readonly messaging: Messaging;
  readonly operatorLog: OperatorLog;
  readonly waitingRoom: WaitingRoom;
  readonly catalogue: Catalogue;
  readonly seats: Seats;
  readonly reservations: Reservations;
  readonly payments: Payments;
  readonly audits: Audits;
}

/** Longer than an audit takes. */
const MIGRATION_PATIENCE = { ...LOCK_PATIENCE, longReadsMaxMs: limits.audit.passMsMax + 30_000 };

export async function createContext(config: Config, secrets: Secrets, logger: Logger): Promise<Context> {
  await using stack = new AsyncDisposableStack();
  const clock = systemClock;
  const keys = await provideKeys(secrets, config.dataDir);
  const connection = await findPostgres(stack, config, secrets, logger);
  const facts = await checkServer(connection);
  if (!facts.checksums)
    logger.warn('PostgreSQL runs without data checksums: a damaged page would go unnoticed');
  const revisions = await migrate(connection, readMigrations(), MIGRATION_PATIENCE);
  if (revisions.length > 0) logger.info({ revisions }, 'the database was brought up to date');

  const metrics = createMetrics();
  const memory = createMemory(logger);
  const database = stack.use(
    openDatabase({
      connection,
      connectionsMax: config.database.poolMax,
      settings: sessionSettings(facts),
      onIdleError: (error) => logger.warn({ err: error }, 'a database connection was lost'),
      onNewLife: () => memory.forget('the server has begun another life'),
    }),
  );
  const messaging = createMessaging({
    database,
    connection,
    instanceId: newUuid(),
    clock,
    logger,
    retentionMs: config.log.retentionMs,
    observe: metrics.observeReader,
    onAppended: metrics.countAppended,
    onParked: metrics.countParked,
  });
  const signer = createTokenSigner(keys.signingKeys, clock);
  const { activeTtlMs, claimWindowMs, ...defaultPolicy } = config.queue;
  const operatorLog = createOperatorLog({ database });
  const shared = { database, messaging, clock, logger, signer, observe: metrics.observeBatch };
  // What operators change is written down by whoever changes it.
  const recorded = { ...shared, record: operatorLog.record };

  const waitingRoom = createWaitingRoom({
    ...recorded,
    defaultPolicy,
    activeTtlMs,
    claimWindowMs,
    onLoss: () => memory.forget('commits are lost'),
  });
  const payments = createPayments(shared);
  memory.parts.push(waitingRoom, payments, messaging);

  const owned = stack.move();
  return {
    config,
    keys,
    logger,
    clock,
    metrics,
    signer,
    database,
    messaging,
    operatorLog,
    waitingRoom,
    catalogue: createCatalogue(recorded),
    seats: createSeats({ ...shared, holdTtlMs: config.hold.ttlMs }),
    reservations: createReservations(shared),
    payments,
    audits: createAudits({ database, clock, logger, intervalMs: config.audit.intervalMs }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What is remembered of the database, and forgotten together. Seats and catalogue are told by messaging. */
function createMemory(logger: Logger) {
  const parts: { forget(): void }[] = [];
  return {
    parts,
    forget(why: string): void {
      logger.warn({ why }, 'what is remembered of the database is forgotten');
      for (const part of parts) part.forget();
    },
  };
}

/** The server of DATABASE_URL, or the embedded one, which then belongs to this process. */
async function findPostgres(
  stack: AsyncDisposableStack,
  config: Config,
  secrets: Secrets,
  logger: Logger,
): Promise<ClientConfig> {
  if (secrets.databaseUrl !== null) return { connectionString: secrets.databaseUrl };
  const embedded = stack.use(
    await startEmbeddedPostgres({ dataDir: config.dataDir, log: (line) => logger.info(line) }),
  );
  return embedded.connection;
}
