/**
 * Tells other instances that the log has grown, and hears it from them. Only a hint: readers poll as well.
 * Never inside a business transaction, where NOTIFY would serialise commits, and at most once per pause.
 */
import { Client, type ClientConfig } from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../platform/postgres/database.ts';
import { endClient } from '../platform/postgres/end-client.ts';
import { statement } from '../platform/postgres/statement.ts';

const CHANNEL = 'frontrow_log';
const PAUSE_MS = 50;
const RECONNECT_MS = 1_000;
const TELL = statement(`/* messaging.notify */ select pg_notify('${CHANNEL}', $1)`);

export interface Notifier {
  /** Something was appended here; others will be told soon. */
  grown(): void;
  run(signal: AbortSignal): Promise<void>;
}

export function createNotifier(deps: {
  readonly database: Database;
  readonly connection: ClientConfig;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly heard: () => void;
}): Notifier {
  const { database, clock, logger } = deps;
  let grew = false;
  let telling = false;

  async function tell(): Promise<void> {
    while (grew) {
      await clock.sleep(PAUSE_MS);
      grew = false;
      await database.rows(TELL, [deps.instanceId]).catch((error: unknown) => {
        logger.debug({ err: error }, 'other instances were not told; they will poll');
      });
    }
    telling = false;
  }

  /** Listens until the connection ends. */
  async function listen(signal: AbortSignal): Promise<void> {
    const client = new Client({
      ...deps.connection,
      application_name: 'frontrow listener',
      keepAlive: true,
      connectionTimeoutMillis: 1_000,
      query_timeout: 1_000,
    });
    const ended = Promise.withResolvers<void>();
    client.on('error', () => ended.resolve());
    client.on('end', () => ended.resolve());
    client.on('notification', ({ payload }) => {
      if (payload !== deps.instanceId) deps.heard();
    });
    const stop = () => ended.resolve();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      deps.heard(); // whatever was said while nobody listened
      if (!signal.aborted) await ended.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      await endClient(client).catch(() => {});
    }
  }

  return {
    grown() {
      grew = true;
      if (telling) return;
      telling = true;
      void tell();
    },
    async run(signal) {
      while (!signal.aborted) {
        await listen(signal).catch((error: unknown) => {
          logger.debug({ err: error }, 'the listener lost its connection');
        });
        await clock.sleep(RECONNECT_MS, signal);
      }
    },
  };
}
