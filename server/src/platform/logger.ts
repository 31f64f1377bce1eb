/** Structured log output: one JSON line each. pino comes with Fastify and takes part in its requests. */
import type { FastifyBaseLogger } from 'fastify';
import { type DestinationStream, pino } from 'pino';

/** What the service logs with; Fastify takes the same object. */
export type Logger = FastifyBaseLogger;

/** Writes to standard output unless a test wants to see the lines. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: REDACTED };
  return destination === undefined ? pino(options) : pino(options, destination);
}

const SECRET = [
  'token',
  'accessToken',
  'operatorToken',
  'authorization',
  'cookie',
  'password',
  'secret',
  'connectionString',
  'databaseUrl',
];
/**
 * Never written, whatever object they stand in. A `code` is a ticket's where it stands in a body; in an error it
 * is what tells a refused connection from a full disk.
 */
const REDACTED = [...SECRET.flatMap((name) => [name, `*.${name}`]), 'code', 'body.code', 'req.headers'];
