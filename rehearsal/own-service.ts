/**
 * A service of the rehearsal's own: a process beside the crowd, so that neither slows the other's event loop. It ends
 * with the rehearsal, however that ends.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../server/src/config/config.ts';
import { processEnvironment } from '../server/src/config/env.ts';
import { ServiceAway } from '../scripts/support/operator-api.ts';
import { keptToken } from '../scripts/support/find-service.ts';
import { startFlags } from '../scripts/support/start-flags.ts';

const CHILD = fileURLToPath(new URL('service-process.ts', import.meta.url));
/** A turn outlives the holds made on it, and whoever never pays does not keep a place for ten minutes. */
const TURN_PER_HOLD = 5;
const SAID_LINES_MAX = 20;

export interface OwnService extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** Fires when it has ended and nobody asked it to. */
  readonly died: AbortSignal;
}

/** On the same data as `npm start` would be, at a free port of this machine. */
export async function startOwnService(holdTtlMs: number): Promise<OwnService> {
  const { config, secrets } = loadConfig(processEnvironment());
  const child = fork(CHILD, [], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: '0',
      ROLES: 'all',
      DEMO_CATALOGUE: 'off',
      LOG_LEVEL: 'warn',
      HOLD_TTL_MS: String(holdTtlMs),
      ACTIVE_TTL_MS: String(TURN_PER_HOLD * holdTtlMs),
    },
    execArgv: startFlags(),
    // In a group of its own: Ctrl-C is for the crowd, and the service is needed until the end.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      // Its log is for machines; a refusal to start is for people.
      if (line !== '' && !line.startsWith('{')) said.push(line);
      if (said.length > SAID_LINES_MAX) said.shift();
    });
  }
  const died = new AbortController();
  let isWanted = true;
  const stop = async () => {
    isWanted = false;
    await end(child);
  };
  try {
    const url = await urlOf(child, said);
    child.once('exit', (code, signal) => {
      if (!isWanted) return;
      const how = signal ?? `exit code ${code}`;
      const what = `the rehearsal’s service has ended by itself (${how}); npm start goes on with its data, and npm run audit looks at them`;
      died.abort(new ServiceAway([what, ...said].join('\n')));
    });
    // Of the file .env, too, from which the service has it; without one, it is kept since the service has started.
    const token = secrets.operatorToken ?? (await keptToken(config.dataDir));
    return { url, token, died: died.signal, [Symbol.asyncDispose]: stop };
  } catch (error) {
    // Nobody else knows of it, and it would keep the rehearsal from ending.
    await stop();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  const isGone = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  if (isGone) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function urlOf(child: ChildProcess, said: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once('message', (message) => resolve(message as string));
  child.once('error', reject);
  child.once('exit', (code) => {
    reject(
      new ServiceAway(`the rehearsal's own service did not start (exit code ${code})\n${said.join('\n')}`),
    );
  });
  return promise;
}
