/** Waiting for the server by asking it: only a connection proves that it is ready. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { errnoOf, messageOf } from './refusals.ts';

export interface Address {
  readonly socketDir: string;
  readonly port: number;
}

export interface Waiting {
  /** Where to ask; `ended` when there is nobody left to ask, undefined while the server has no address yet. */
  readonly address: () => Promise<Address | 'ended' | undefined>;
  readonly password: string;
  /** How long the server may say nothing at all. A server that says "I am recovering" may take its time. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

const ASK_EVERY_MS = 10;
const ANSWER_WITHIN_MS = 2_000;
const REPORT_EVERY_MS = 10_000;

/** SQLSTATEs of a server that is alive, but takes no connection yet or just now. */
const NOT_YET = new Set([
  '57P03', // cannot_connect_now: starting, recovering, shutting down
  '53300', // too_many_connections
]);

/** A connection as the launcher's superuser, or why there is none. */
export async function waitForAnswer(waiting: Waiting): Promise<Client | 'ended' | 'silent'> {
  let heardMs = performance.now();
  let reportedMs = heardMs;
  for (;;) {
    waiting.signal.throwIfAborted();
    const address = await waiting.address();
    if (address === 'ended') return 'ended';
    const answer = address === undefined ? 'silent' : await ask(address, waiting.password);
    if (answer instanceof Client) return answer;
    const nowMs = performance.now();
    if (answer !== 'silent') heardMs = nowMs;
    if (nowMs - heardMs > waiting.silenceMs) return 'silent';
    if (answer !== 'silent' && nowMs - reportedMs > REPORT_EVERY_MS) {
      waiting.log(`waiting for PostgreSQL: ${answer.notYet}`);
      reportedMs = nowMs;
    }
    await sleep(ASK_EVERY_MS);
  }
}

async function ask(address: Address, password: string): Promise<Client | 'silent' | { notYet: string }> {
  const client = new Client({
    host: address.socketDir,
    port: address.port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
    application_name: 'frontrow launcher',
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
  });
  client.on('error', () => {}); // told by `end` as well
  try {
    await client.connect();
    return client;
  } catch (error) {
    if (NOT_YET.has(errnoOf(error))) return { notYet: messageOf(error) };
    // Any other word of the server itself, such as a wrong password, does not change by asking again.
    if (error instanceof Error && Reflect.has(error, 'severity')) throw error;
    return 'silent';
  }
}
