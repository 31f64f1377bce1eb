/** Keeps the server running while the service does: when it dies, it is started again in the same place. */
import { setInterval, setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, StartupRefusal } from '../startup-refusal.ts';
import type { RunningServer } from './launch.ts';
import { messageOf } from './refusals.ts';

export interface Supervised {
  readonly first: RunningServer;
  readonly relaunch: (signal: AbortSignal) => Promise<RunningServer>;
  readonly log: (line: string) => void;
  /** Called about once a minute. */
  readonly upkeep: () => Promise<void>;
}

export interface Supervisor {
  /** Ends the supervision; the server that runs then, if any is ours. */
  stop(): Promise<RunningServer | undefined>;
}

const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 5_000;
/** One that lived shorter counts as another failure, so that a crash at every start does not become a busy loop. */
const STEADY_AFTER_MS = 30_000;
const UPKEEP_EVERY_MS = 60_000;

export function supervise({ first, relaunch, log, upkeep }: Supervised): Supervisor {
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stopped.resolve());
  let server: RunningServer | undefined = first;
  let failures = 0;

  async function watch(): Promise<void> {
    while (server !== undefined) {
      const upMs = performance.now();
      await Promise.race([server.claim.lost, stopped.promise]);
      if (signal.aborted) return;
      log(`the connection to PostgreSQL (process ${server.pid}) was lost`);
      if (performance.now() - upMs > STEADY_AFTER_MS) failures = 0;
      server = undefined;
      server = await comeBack();
    }
  }

  async function comeBack(): Promise<RunningServer | undefined> {
    for (; !signal.aborted; failures += 1) {
      if (failures > 0) await pause(Math.min(PAUSE_FIRST_MS * 2 ** (failures - 1), PAUSE_MAX_MS), signal);
      try {
        const again = await relaunch(signal);
        log(`PostgreSQL is back (process ${again.pid})`);
        failures += 1; // until it has been up for a while
        return again;
      } catch (error) {
        if (signal.aborted) break;
        log(`PostgreSQL could not be started again: ${messageOf(error)}`);
        if (error instanceof StartupRefusal && error.exitCode === exitCodes.inUse) {
          log('another Frontrow has taken the data directory over: its server is left alone');
          break;
        }
      }
    }
    return undefined;
  }

  async function keepUp(): Promise<void> {
    for await (const _ of setInterval(UPKEEP_EVERY_MS, undefined, { signal, ref: false })) {
      await upkeep().catch((error: unknown) => log(`upkeep of PostgreSQL's log failed: ${messageOf(error)}`));
    }
  }

  const watching = watch();
  const keepingUp = keepUp().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all([watching, keepingUp]);
      return server;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
