/** Every module's routes, in one list, behind one door. */
import { auditRoutes } from './audit/routes.ts';
import { catalogueAdminRoutes, catalogueRoutes } from './catalogue/routes.ts';
import type { Context } from './context.ts';
import {
  type Accounts,
  createAccounts,
  createDoor,
  createEventStreams,
  createHttp,
  type Http,
  type HttpDeps,
} from './http/index.ts';
import { countParked, measureLag } from './messaging/index.ts';
import type { App, Door, EventStreams, Shortcut } from './http/route.ts';
import { parkedEventRoutes } from './messaging/routes.ts';
import { operatorLogRoutes } from './operator-log/routes.ts';
import { paymentRoutes } from './payments/routes.ts';
import { statement } from './platform/postgres/statement.ts';
import { reservationRoutes, ticketAdminRoutes } from './reservations/routes.ts';
import { mapShortcut, saleAdminRoutes, seatRoutes } from './seats/routes.ts';
import { queueAdminRoutes, queueRoutes, standingShortcut } from './waiting-room/routes.ts';

const ALIVE = statement(`/* service.alive */ select true as alive`);

/** What a test may put in place of the real thing. */
export interface HttpOverrides extends Pick<HttpDeps, 'eventLoopDelayMs'> {
  readonly shortcut?: (shortcut: Shortcut) => Shortcut;
}

export function openHttp(context: Context, overrides: HttpOverrides = {}): Promise<Http> {
  const { shortcut = (own) => own, ...replaced } = overrides;
  const { config, keys, database, metrics, waitingRoom } = context;
  const accounts = createAccounts(config.identity, context.signer);
  const door = createDoor({ accounts, waitingRoom, operatorToken: keys.operatorToken });
  const streams = createEventStreams(context);
  metrics.watch('parked_events', 'Events parked and not settled', () => countParked(database));
  metrics.watch('reader_lag_seconds', 'Age of the oldest event that a reader has not taken', () =>
    measureLag(database),
  );
  metrics.watch('seat_boards', 'Performances whose seats are in memory', () => context.seats.stats.boards);
  metrics.watch('seat_boards_seats', 'Seats in memory', () => context.seats.stats.seats);
  metrics.watch(
    'holds_refused_from_memory',
    'Holds refused since the start because the seats were known to be taken',
    () => context.seats.stats.refusedFromMemory,
  );
  watchAudits(context);
  metrics.watch('database_connections', 'Open connections to the database', () => database.stats.total);

  return createHttp({
    ...context,
    ...replaced,
    accounts,
    streams,
    trustProxyHops: config.http.trustProxyHops,
    readyChecks: { database: async () => (await database.rows(ALIVE, [])).length === 1 },
    // Without the role api an instance only reacts; it still says how it is.
    modules: config.roles.has('api') ? moduleRoutes(context, door, streams) : [],
    shortcuts: config.roles.has('api') ? shortcutsOf(context, accounts).map(shortcut) : [],
  });
}

/** Of the newest audit that came to its end, on whatever instance: all of them say the same. */
function watchAudits({ metrics, audits }: Pick<Context, 'metrics' | 'audits'>): void {
  // One scrape reads all three figures, and asks for them at the same moment.
  let reading: ReturnType<typeof audits.latest> | undefined;
  const latest = () =>
    (reading ??= audits.latest().finally(() => {
      reading = undefined;
    }));
  metrics.watchEach('audit_violations', 'Violations that the newest audit found', 'check', async () => {
    const checks = (await latest())?.checks ?? [];
    const carriedOut = checks.filter(({ failure }) => failure === undefined);
    return carriedOut.map(({ name, violationCount }) => [name, violationCount]);
  });
  metrics.watch('audit_failed_passes', 'Audits that failed since the last one that came to its end', () =>
    audits.countFailed(),
  );
  metrics.watch('audit_pass_seconds', 'How long the newest audit took', async () => {
    return ((await latest())?.tookMs ?? Number.NaN) / 1000;
  });
  metrics.watch('audit_finished_timestamp_seconds', 'When the newest audit ended', async () => {
    const audit = await latest();
    return audit === undefined ? Number.NaN : (Date.parse(audit.startedAt) + (audit.tookMs ?? 0)) / 1000;
  });
}

function moduleRoutes(context: Context, door: Door, streams: EventStreams): ((api: App) => void)[] {
  const { database, operatorLog, waitingRoom, catalogue, seats, reservations, payments, audits } = context;
  const remaining = (ids: readonly number[]) => seats.remaining(ids);
  return [
    (api) => queueRoutes(api, { waitingRoom, door, streams }),
    (api) => catalogueRoutes(api, { catalogue, remaining }),
    (api) => seatRoutes(api, { ...context, door, streams }),
    (api) => reservationRoutes(api, { reservations, door }),
    (api) => paymentRoutes(api, { payments, door }),
    (api) => queueAdminRoutes(api, { waitingRoom, door }),
    (api) => catalogueAdminRoutes(api, { catalogue, door }),
    (api) => saleAdminRoutes(api, { seats, door }),
    (api) => ticketAdminRoutes(api, { reservations, door }),
    (api) => parkedEventRoutes(api, { database, record: operatorLog.record, door }),
    (api) => operatorLogRoutes(api, { operatorLog, door }),
    (api) => auditRoutes(api, { audits, door }),
  ];
}

/** Where an account is named beside the queue token, the door compares the two: the long way. */
function shortcutsOf({ waitingRoom, seats }: Context, accounts: Accounts): Shortcut[] {
  if (accounts.userBesideToken !== undefined) return [];
  const mayLook = (bearer: string) => {
    const holder = waitingRoom.verifyToken(bearer);
    return holder !== undefined && waitingRoom.mayLookAtHand(holder);
  };
  return [standingShortcut({ waitingRoom }), mapShortcut({ seats, mayLook })];
}
