/** The HTTP edge: the modules' routes behind one door, with one way to refuse. */
import type { Clock } from '../platform/clock.ts';
import { watchEventLoop } from '../platform/event-loop.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { limits } from '../limits.ts';
import { createApp, type HttpLimits } from './app.ts';
import { createDrain, refuseWhileDraining } from './drain.ts';
import type { EventStreams } from './event-streams.ts';
import { healthRoutes, type ReadyCheck } from './health.ts';
import type { Accounts } from './identity/index.ts';
import { createListeners, type Listeners } from './listeners.ts';
import { observeAnswers } from './observe.ts';
import { describeRoutes, openApiRoute } from './openapi.ts';
import { problemPages } from './problem-pages.ts';
import { answerInSets } from './request-sets.ts';
import type { App } from './route.ts';
import { shedWhenLate } from './shed.ts';
import { createShortWay, type Shortcut } from './shortcuts.ts';

export { createDoor, type TurnKeeper } from './door.ts';
export { createEventStreams, type EventStreams, type StreamLimits } from './event-streams.ts';
export { type Accounts, createAccounts } from './identity/index.ts';

export interface HttpDeps {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly accounts: Accounts;
  /** Those that the modules open; they end when the instance does. */
  readonly streams: EventStreams;
  readonly trustProxyHops: number;
  /** The parts that /readyz reports on, by name. */
  readonly readyChecks: Readonly<Record<string, ReadyCheck>>;
  /** Each registers a module's routes; they come under /api/v1. */
  readonly modules: readonly ((api: App) => void)[];
  /** Of routes of the modules. */
  readonly shortcuts: readonly Shortcut[];
  /** For tests. */
  readonly bounds?: Partial<HttpLimits>;
  readonly eventLoopDelayMs?: () => number;
}

export interface Http extends Pick<Listeners, 'listen'> {
  readonly app: App;
  /** Answers what is under way, for as long as the grace, and closes. */
  readonly drain: (graceMs: number) => Promise<void>;
}

/** Everything is registered and compiled when this is done; the app only has to listen. */
export async function createHttp(deps: HttpDeps): Promise<Http> {
  const { clock, metrics, accounts } = deps;
  const app = createApp(deps);
  observeAnswers(app, deps);
  const listeners = createListeners(app, { ...limits.http, ...deps.bounds });
  const { isDraining, drain } = createDrain(app, listeners, clock, deps.streams);

  await describeRoutes(app, accounts.scheme);
  healthRoutes(app, { clock, metrics, checks: deps.readyChecks, isDraining });
  problemPages(app);

  const eventLoop = watchEventLoop(clock);
  app.addHook('onClose', () => eventLoop[Symbol.dispose]());
  const delayMs = deps.eventLoopDelayMs ?? eventLoop.delayMs;
  await app.register(
    async (api: App) => {
      refuseWhileDraining(api, isDraining);
      shedWhenLate(api, delayMs);
      openApiRoute(api);
      accounts.routes?.(api);
      for (const routes of deps.modules) routes(api);
    },
    { prefix: '/api/v1' },
  );
  await app.ready();
  const shortWay = createShortWay(deps.shortcuts, { clock, metrics, isDraining, eventLoopDelayMs: delayMs });
  answerInSets(app.server, shortWay, clock);
  return { app, listen: listeners.listen, drain };
}
