/**
 * What is asked in one breath travels in one write. The driver writes each statement by itself; the first one wakes the
 * server, which on a busy machine takes the core from the process that has not yet written the second.
 */
import { Client, type ClientBase } from 'pg';

/** To be called before a statement is handed to the driver: whatever follows in the same microtask is sent with it. */
export function sendTogether(client: ClientBase): void {
  if (!(client instanceof Client)) return;
  const { stream } = client.connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  void Promise.resolve().then(() => stream.uncork());
}
