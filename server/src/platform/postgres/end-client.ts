/** Ends a connection of our own within a bound. */
import type { Client } from 'pg';

const GOODBYE_MAX_MS = 1_000;

/** A server that does not react must not keep the process from stopping: after a second the socket is closed. */
export async function endClient(client: Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), GOODBYE_MAX_MS);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}
