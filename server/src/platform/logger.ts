/** Structured log output: one JSON line each. pino comes with Fastify and takes part in its requests. */
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';

/** What the service logs with; Fastify takes the same object. */
export type Logger = FastifyBaseLogger;

export function createLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: REDACTED });
}

/** Never written, whatever object they stand in. */
const REDACTED = ['token', 'code', 'authorization', '*.token', '*.code', '*.authorization', 'req.headers'];
