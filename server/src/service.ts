/** The life of an instance: start, serve, drain, stop. */
import { loadConfig } from './config/config.ts';
import type { Config } from './config/config.ts';
import { processEnvironment } from './config/env.ts';
import type { Secrets } from './config/secrets.ts';
import { type Context, createContext } from './context.ts';
import { loadDemoCatalogue } from './catalogue/index.ts';
import { type HttpOverrides, openHttp } from './routes.ts';
import { createLogger, type Logger } from './platform/logger.ts';
import { backgroundOf } from './roles.ts';
import { welcome } from './welcome.ts';

export interface Service extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly context: Context;
}

/** Starts an instance; disposing it drains and stops everything that it started. */
export async function startService(
  config: Config,
  secrets: Secrets,
  logger: Logger,
  overrides: HttpOverrides = {},
): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const context = stack.use(await createContext(config, secrets, logger));
  await context.waitingRoom.prepare();

  const stop = new AbortController();
  const background = backgroundOf(context, config.roles).map((work) => work(stop.signal));
  stack.defer(async () => {
    stop.abort();
    await Promise.all(background);
  });

  const http = await openHttp(context, overrides);
  stack.defer(() => http.drain(config.http.shutdownGraceMs));
  const url = await http.listen(config.http);

  const owned = stack.move();
  return { url, context, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The whole process: configuration from the environment, service until the signal. */
export async function runService(signal: AbortSignal): Promise<void> {
  const { config, secrets } = loadConfig(processEnvironment());
  const logger = createLogger(config.log.level);
  await using service = await startService(config, secrets, logger);
  process.stdout.write(welcome(service));
  if (config.demoCatalogue === 'auto') await loadDemoCatalogue(service.context);
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  logger.info('stopping: finishing what is under way');
}
