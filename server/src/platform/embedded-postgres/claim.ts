/** The owner's claim on a running server: a lock that lives as long as one connection, and tells when that ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

export interface Claim {
  /** Fulfilled when the connection ends, by our own release as well. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/** Any constant number; nobody else takes advisory locks in the database `postgres`. */
const CLAIM_KEY = 7_066_878_787;
/** The claim of a process that was just killed goes when the server notices its closed connection. */
const PATIENCE_MS = 1_000;
const TRY_EVERY_MS = 20;

/** Takes the claim; undefined when another Frontrow holds it. The connection is closed then. */
export async function takeClaim(client: Client): Promise<Claim | undefined> {
  const ended = Promise.withResolvers<void>();
  client.once('end', ended.resolve);
  const endMs = performance.now() + PATIENCE_MS;
  do {
    const { rows } = await client.query<{ taken: boolean }>(
      '/* embedded.claim */ select pg_try_advisory_lock($1) as taken',
      [CLAIM_KEY],
    );
    if (rows[0]?.taken === true) return { lost: ended.promise, release: () => leave(client) };
    await sleep(TRY_EVERY_MS);
  } while (performance.now() < endMs);
  await leave(client);
  return undefined;
}

/** A server that does not react must not keep its owner from stopping it. */
async function leave(client: Client): Promise<void> {
  await Promise.race([client.end(), sleep(PATIENCE_MS, undefined, { ref: false })]);
}
