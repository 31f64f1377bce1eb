/** Fastify, with every choice made here and none left to a default. */
import type { FieldError } from '#contract/problems.ts';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { LogController } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { newUuid } from '../platform/identifiers.ts';
import type { Logger } from '../platform/logger.ts';
import { limits } from '../limits.ts';
import { answerClientError } from './client-error.ts';
import { COMMON_HEADERS } from './common-headers.ts';
import { readJsonBodies } from './json-body.ts';
import { giveUpLateAnswers } from './late-answers.ts';
import { answerErrors, createErrorAnswer } from './problem.ts';
import { type App, invalidRequest } from './route.ts';
import { answerUnknownRoutes } from './unknown-routes.ts';

export type HttpLimits = { readonly [Name in keyof typeof limits.http]: number };

export interface AppOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** How many proxies stand in front; only their X-Forwarded-For entries are believed. */
  readonly trustProxyHops: number;
  /** Shorter ones for tests. */
  readonly bounds?: Partial<HttpLimits>;
}

export function createApp(options: AppOptions): App {
  const bounds: HttpLimits = { ...limits.http, ...options.bounds };
  const answerError = createErrorAnswer(options.logger, options.clock);
  const app: App = fastify({
    http: {
      maxHeaderSize: bounds.headerBytesMax,
      headersTimeout: bounds.headersTimeoutMs,
      connectionsCheckingInterval: bounds.connectionsCheckingIntervalMs,
      requireHostHeader: true,
      insecureHTTPParser: false,
      // A request without a body needs no stream that says so.
      optimizeEmptyRequests: true,
      noDelay: true,
      keepAlive: true,
    },
    requestTimeout: bounds.requestTimeoutMs,
    keepAliveTimeout: bounds.keepAliveTimeoutMs,
    connectionTimeout: bounds.connectionTimeoutMs,
    maxRequestsPerSocket: bounds.requestsPerConnectionMax,
    bodyLimit: bounds.bodyBytesMax,
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      allowUnsafeRegex: false,
      maxParamLength: bounds.parameterLengthMax,
    },
    exposeHeadRoutes: true,
    forceCloseConnections: 'idle',
    // What still comes while we close is answered by drain.ts.
    return503OnClosing: false,
    trustProxy: trustHops(options.trustProxyHops),
    requestIdHeader: false,
    genReqId: newUuid,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // The first fault is told; looking for all of them is work that the sender decides about.
        allErrors: false,
        strict: true,
      },
    },
    // One logger for all: a child for each request costs more than the lines that it would write. Not given as
    // loggerInstance, for which Fastify would listen to the end of every answer.
    logger: false,
    childLoggerFactory: () => options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    clientErrorHandler: answerClientError,
    // Those never reach a hook.
    frameworkErrors: (error, request, reply) => {
      void reply.headers(COMMON_HEADERS);
      void answerError(error, request, reply);
    },
    pluginTimeout: 20_000,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.decorateRequest('caller', null);
  app.decorateRequest('problem', null);
  app.decorateRequest('startedMs', 0);
  beginAnswers(app, options.clock);
  giveUpLateAnswers(app, { ...options, timeoutMs: bounds.handlerTimeoutMs });
  readJsonBodies(app);
  answerUnknownRoutes(app);
  answerErrors(app, answerError);
  return app;
}

function beginAnswers(app: App, clock: Clock): void {
  app.addHook('onRequest', (request, reply, done) => {
    request.startedMs = clock.monotonicMs();
    void reply.headers(COMMON_HEADERS);
    // No path and no text of ours has a NUL in it, and PostgreSQL would not store it.
    if (request.url.includes('%00')) throw invalidRequest(NUL_IN_URL);
    done();
  });
}

const NUL_IN_URL: FieldError = { in: 'url', path: '', message: 'has a character that cannot be stored' };

/** Hop 0 is whoever connected to us. */
function trustHops(hops: number): false | ((address: string, hop: number) => boolean) {
  return hops > 0 && ((_address, hop) => hop < hops);
}
