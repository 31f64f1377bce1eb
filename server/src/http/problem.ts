/** The one place where a refusal, a fault or a bug becomes an answer. Nothing of a fault's text leaves here. */
import {
  type FieldError,
  invalid,
  type ProblemCode,
  problems,
  type Refusal,
  refused,
} from '#contract/problems.ts';
import type { FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import { Overloaded } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import { type App, Refused, refuse } from './route.ts';

/** What Fastify itself refuses, by its error codes. */
const FASTIFY_ERRORS: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request.body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request.unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request.invalid',
  FST_ERR_HANDLER_TIMEOUT: 'service.timeout',
  // Neither can be the path of anything that we have.
  FST_ERR_BAD_URL: 'route.not-found',
  FST_ERR_MAX_PARAM_LENGTH: 'route.not-found',
  // The client went away in the middle of its body; nobody reads this answer.
  ECONNRESET: 'request.invalid',
};

/** Where a field is, by Fastify's name for it. */
const FIELD_PLACES: Readonly<Record<string, FieldError['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'params',
  headers: 'headers',
};

const LOGGED_PER_SECOND_MAX = 10;

export type ErrorAnswer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

export function createErrorAnswer(logger: Logger, clock: Clock): ErrorAnswer {
  const log = boundedLog(logger, clock);
  return (error, request, reply) => {
    const refusal = refusalOf(error);
    const { status } = problems[refusal.problem];
    if (status >= 500) {
      const cause = error instanceof Refused ? error.cause : error;
      const route = request.routeOptions.url ?? 'unknown';
      const fields = {
        err: cause,
        problem: refusal.problem,
        requestId: request.id,
        method: request.method,
        route,
      };
      if (refusal.problem === 'service.bug') log('error', fields, 'a request met a bug');
      else log('warn', fields, 'a request could not be served');
    }
    return refuse(reply, refusal);
  };
}

export function answerErrors(app: App, answer: ErrorAnswer): void {
  app.setErrorHandler((error, request, reply) => answer(error, request, reply));
}

export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal;
  if (error instanceof Overloaded) return refused('service.overloaded');
  if (error instanceof DatabaseFault) {
    return refused(error.kind === 'data' ? 'service.bug' : 'service.unavailable');
  }
  if (error instanceof Error && 'validation' in error) {
    const where = 'validationContext' in error ? String(error.validationContext) : '';
    const found = error.validation as readonly FastifySchemaValidationError[];
    return invalid(...found.map((each) => fieldError(FIELD_PLACES[where] ?? 'body', each)));
  }
  // The static files of /docs: outside of their folder, or not there.
  if (error instanceof Error && 'statusCode' in error && [403, 404].includes(Number(error.statusCode))) {
    return refused('route.not-found');
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return refused(FASTIFY_ERRORS[code] ?? 'service.bug');
}

/** Which field, and what is wrong with it; never the value, which may be somebody's secret. */
function fieldError(
  where: FieldError['in'],
  { instancePath, params, message }: FastifySchemaValidationError,
): FieldError {
  const field = params['missingProperty'] ?? params['additionalProperty'];
  const path = typeof field === 'string' ? `${instancePath}/${field.slice(0, 60)}` : instancePath;
  return { in: where, path, message: message ?? 'is not valid' };
}

/** While a dependency is down every request fails: a few lines a second say as much as thousands. */
function boundedLog(logger: Logger, clock: Clock) {
  let second = -1;
  let lines = 0;
  let unsaid = 0;
  return (level: 'warn' | 'error', fields: object, text: string): void => {
    const now = Math.floor(clock.monotonicMs() / 1000);
    if (now !== second) {
      second = now;
      lines = 0;
    }
    if (++lines > LOGGED_PER_SECOND_MAX) {
      unsaid++;
      return;
    }
    logger[level](unsaid > 0 ? { ...fields, unsaid } : fields, text);
    unsaid = 0;
  };
}
