/** Which service is rehearsed: those that were named, the one that runs here, or one of the rehearsal's own. */
import { loadConfig } from '../server/src/config/config.ts';
import { processEnvironment } from '../server/src/config/env.ts';
import { findRunningService } from '../scripts/support/find-service.ts';
import { type OnsaleOptions, OWN_HOLD_S } from './options.ts';
import { countInstanceSessions, refuseForeignDatabase } from './own-database.ts';
import { startOwnService } from './own-service.ts';

export interface Found extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly token: string;
  /** Undefined: that of a service that was running before is not known. */
  readonly holdTtlMs: number | undefined;
  /** Fires when an own service has ended by itself. */
  readonly died: AbortSignal;
  /** For whoever looks on. */
  readonly where: string;
  /** Where reports go, among other things. */
  readonly dataDir: string;
}

/** How long seats are held was given, and it is not the rehearsal that sets it. */
export class HoldNotOurs extends Error {
  override name = 'HoldNotOurs';

  constructor(url: string) {
    super(
      `--hold-seconds is for a service of the rehearsal’s own, and one runs at ${url}, with its own setting: ` +
        'leave it out, or stop that service, or set PORT to another one',
    );
  }
}

export async function findService({ urls, holdS, ownDatabase }: OnsaleOptions): Promise<Found> {
  const [first] = urls;
  const { config, secrets } = loadConfig(processEnvironment());
  const running = await findRunningService(first);
  for (const url of urls.slice(1)) await findRunningService(url);
  if (running !== undefined) {
    if (holdS !== undefined) throw new HoldNotOurs(running.url);
    return {
      urls: first === undefined ? [running.url] : urls,
      token: running.token,
      holdTtlMs: undefined,
      died: new AbortController().signal,
      where: (first === undefined ? [running.url] : urls).join(', '),
      dataDir: config.dataDir,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  if (secrets.databaseUrl !== null) await checkDatabase(secrets.databaseUrl, ownDatabase);
  const holdTtlMs = 1_000 * (holdS ?? OWN_HOLD_S);
  const own = await startOwnService(holdTtlMs);
  return {
    urls: [own.url],
    token: own.token,
    holdTtlMs,
    died: own.died,
    where: `${own.url}, a service started for the rehearsal, which holds seats for ${holdTtlMs / 1_000} s`,
    dataDir: config.dataDir,
    [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
  };
}

async function checkDatabase(databaseUrl: string, isOwn: boolean): Promise<void> {
  const others = isOwn ? await countInstanceSessions(databaseUrl) : 0;
  const refusal = refuseForeignDatabase({ isOwn, others });
  if (refusal !== undefined) throw refusal;
}
