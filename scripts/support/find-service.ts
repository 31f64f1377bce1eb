/** Which service a tool goes to: the one that was named, the one that runs here, or one of its own for the time. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../server/src/config/config.ts';
import { processEnvironment } from '../../server/src/config/env.ts';
import { createLogger } from '../../server/src/platform/logger.ts';
import { startService } from '../../server/src/service.ts';
import { OperatorUnknown, ServiceAway } from './operator-api.ts';

export interface FoundService extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** Started here, and stopped with the tool. */
  readonly isOwn: boolean;
}

const LIVEZ_MAX_MS = 3_000;

export async function findService(givenUrl: string | undefined): Promise<FoundService> {
  const running = await findRunningService(givenUrl);
  if (running !== undefined) return { ...running, isOwn: false, [Symbol.asyncDispose]: async () => {} };

  const { config, secrets } = loadConfig(processEnvironment());
  const own = {
    ...config,
    http: { ...config.http, host: '127.0.0.1', port: 0 },
    roles: loadConfig({}).config.roles,
    demoCatalogue: 'off' as const,
  };
  const service = await startService(own, secrets, createLogger('warn'));
  return {
    url: service.url,
    token: service.context.keys.operatorToken,
    isOwn: true,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** The one that was named, or the one at HOST and PORT; undefined when none was named and none runs there. */
export async function findRunningService(
  givenUrl: string | undefined,
): Promise<Pick<FoundService, 'url' | 'token'> | undefined> {
  const { config, secrets } = loadConfig(processEnvironment());
  const { host, port } = config.http;
  const url = givenUrl ?? `http://${nameOf(host)}:${port}`;
  if (await isLive(url)) return { url, token: secrets.operatorToken ?? (await keptToken(config.dataDir)) };
  if (givenUrl === undefined) return undefined;
  throw new ServiceAway(`nothing at ${url} answers as Frontrow does (GET /livez)`);
}

/** Where somebody on this machine finds what listens there. */
function nameOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

async function isLive(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/livez`, {
      redirect: 'error',
      signal: AbortSignal.timeout(LIVEZ_MAX_MS),
    });
    const body = (await answer.json()) as { status?: unknown } | null;
    return answer.ok && body?.status === 'live';
  } catch {
    return false;
  }
}

export async function keptToken(dataDir: string): Promise<string> {
  const path = join(dataDir, 'operator-token');
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    throw new OperatorUnknown(
      `there is no operator token: OPERATOR_TOKEN is not set and ${path} cannot be read`,
    );
  }
}
