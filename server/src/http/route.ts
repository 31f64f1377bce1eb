/**
 * The HTTP kit: what a module's routes.ts works with. Who is calling is settled by a guard of the `Door`
 * before the handler runs; what is refused is answered by `refuse`, and only here becomes a status.
 */
import assert from 'node:assert/strict';
import {
  type FieldError,
  invalid,
  type ProblemCode,
  problems,
  type Refusal,
  refused,
} from '#contract/problems.ts';
import type { OperatorCall } from '#contract/http/operator.ts';
import type { Place } from '#contract/ids.ts';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import Type, { type Static } from 'typebox';
import { limits } from '../limits.ts';
import { derivedUuid, fingerprint } from '../platform/identifiers.ts';

export { type Content, contentOf, isKnown, notModified, sendNotModified, sendTagged } from './etag.ts';

export type { EventStream, EventStreams } from './event-streams.ts';
export { plainHeaders, type Shortcut } from './shortcuts.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What somebody wants to do on a turn: towards its end it may be good for paying and no longer for holding. */
export type Act = 'look' | 'hold' | 'pay';

/** Waits for nothing where it can, because a promise for each poll adds up. */
export type GuardHook = onRequestHookHandler | onRequestAsyncHookHandler;

/** Guards, as Fastify onRequest hooks: they decide before a body is read. Each fails closed. */
export interface Door {
  /** Somebody with an account. */
  readonly account: GuardHook;
  /** Somebody with a place in a line, whatever its state. */
  readonly place: GuardHook;
  /** Somebody whose turn it is, to look. */
  readonly turn: GuardHook;
  readonly operator: GuardHook;
  /** Behind `place`: why the caller may not act now; undefined when it is their turn. */
  readonly refusalNow: (request: FastifyRequest, act: Act) => Promise<Refusal | undefined>;
}
type Guard = Exclude<keyof Door, 'refusalNow'>;

/** What each guard asks for, by its name in the API document. */
const CREDENTIALS = {
  account: 'account',
  place: 'queueToken',
  turn: 'queueToken',
  operator: 'operator',
} as const satisfies Record<Guard, string>;

/** The options of a guarded route: from one word the guard and what the API document says of it. */
export function behind<Schema extends FastifySchema & { readonly security?: never }>(
  door: Door,
  guard: Guard,
  schema: Schema,
) {
  return { onRequest: door[guard], schema: { ...schema, security: [{ [CREDENTIALS[guard]]: [] }] } };
}

export type Caller =
  | { readonly kind: 'account'; readonly userId: string }
  | { readonly kind: 'place'; readonly userId: string; readonly place: Place }
  | { readonly kind: 'operator' };

declare module 'fastify' {
  interface FastifyRequest {
    /** Settled by a guard; null before it. */
    caller: Caller | null;
    /** What the request was refused with, for the metrics. */
    problem: ProblemCode | null;
    /** When it came, by the monotonic clock. */
    startedMs: number;
  }
}

/** Thrown where there is no reply at hand (guards, header checks); the error handler answers it. */
export class Refused extends Error {
  override name = 'Refused';
  readonly refusal: Refusal;

  constructor(problem: ProblemCode, extra?: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    super(problems[problem].title, options);
    this.refusal = refused(problem, extra);
  }
}

/** For what no schema can say of a request. */
export function invalidRequest(error: FieldError): Refused {
  const { problem, extra } = invalid(error);
  return new Refused(problem, extra);
}

/** The position that a cursor stands for, or undefined for the first page; one that somebody made up is refused. */
export function positionOf<Position>(
  after: unknown,
  position: { Check(value: unknown): value is Position },
): Position | undefined {
  if (after === undefined || position.Check(after)) return after;
  throw invalidRequest({ in: 'query', path: '/cursor', message: 'is not a cursor of this list' });
}

/**
 * Acts when it is the caller's turn; a repetition gets its answer even when it is not. A turn is over once its
 * purchase is made, and whoever did not get that answer asks again with the same key.
 */
export async function onTurn<Outcome>(
  door: Door,
  request: FastifyRequest,
  action: {
    readonly to: Act;
    readonly act: () => Promise<Outcome>;
    readonly recall: () => Promise<Outcome | undefined>;
  },
): Promise<Outcome | Refusal> {
  const refusal = await door.refusalNow(request, action.to);
  return refusal === undefined ? action.act() : ((await action.recall()) ?? refusal);
}

/** The user behind the guards `account`, `place` or `turn`. */
export function userOf(request: FastifyRequest): string {
  const { caller } = request;
  assert(caller !== null && caller.kind !== 'operator', 'the route has a guard that settles the user');
  return caller.userId;
}

/** The place behind the guards `place` or `turn`. */
export function placeOf(request: FastifyRequest): Place {
  const { caller } = request;
  assert(caller?.kind === 'place', 'the route has a guard that settles the place');
  return caller.place;
}

/** A forwarded address is whatever a proxy was sent; of an address, with its port and zone, this is enough. */
const ADDRESS_LENGTH_MAX = 64;

/** The request as the operator's log knows it, with the address that it came from as far as proxies are trusted. */
export function operatorCallOf(request: FastifyRequest): OperatorCall {
  return { requestId: request.id, address: request.ip.slice(0, ADDRESS_LENGTH_MAX) };
}

/**
 * Every value of a header, named in lower case, as it was sent. `request.headers` keeps one of several, and
 * whoever looked before us may have looked at another one.
 */
export function headerValues(request: FastifyRequest, name: string): string[] {
  const { rawHeaders } = request.raw;
  const values: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [given = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]];
    if (given.length === name.length && given.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** The request's one Idempotency-Key: visible ASCII characters, and not too many. */
export function idempotencyKeyOf(request: FastifyRequest): string {
  const given = headerValues(request, 'idempotency-key');
  const [key] = given;
  if (given.length === 0) throw new Refused('idempotency.key-missing');
  const isUsable = given.length === 1 && key !== undefined && /^[\x21-\x7e]+$/.test(key);
  if (!isUsable || key.length > limits.http.idempotencyKeyLengthMax) {
    throw new Refused('idempotency.key-invalid');
  }
  return key;
}

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description: 'A fresh UUID for each new action; the same one for every try of it.',
    }),
  ),
});

/** What a route with an Idempotency-Key can refuse because of it. */
export const KEY_PROBLEMS = [
  'idempotency.key-missing',
  'idempotency.key-invalid',
  'idempotency.key-reused',
] as const;

export interface KeyedRequest {
  /** Names the effect: the same for every try of one action, and for no other caller, route or key. */
  readonly requestId: string;
  /** Of the body, which every try of one action has in common. */
  readonly fingerprint: Buffer;
}

/** The request as its Idempotency-Key names it. The route is given as `POST /payments`. */
export function requestOf(request: FastifyRequest, route: string): KeyedRequest {
  const caller = request.caller?.kind === 'operator' ? 'operator' : userOf(request);
  return {
    requestId: derivedUuid(caller, route, idempotencyKeyOf(request)),
    fingerprint: fingerprint(request.body),
  };
}

/** Says of an answer that it is the one to an earlier try, where it is. */
export function markReplay(reply: FastifyReply, { replayed }: { readonly replayed: boolean }): void {
  if (replayed) void reply.header('idempotent-replayed', 'true');
}

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'key of the problem registry, stable' }),
    next: Type.String({ description: 'what to do now' }),
    detail: Type.Optional(Type.String()),
    requestId: Type.String(),
  },
  { additionalProperties: true, description: 'RFC 9457 problem details' },
);

/** Answers a refusal as problem+json. */
export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (reply.sent) return reply; // given up meanwhile
  const { status } = problems[refusal.problem];
  const { id } = reply.request;
  reply.request.problem = refusal.problem;
  if (status === 503 || status === 429) void reply.header('retry-after', retryAfterSeconds(id));
  // Where the refusal itself knows.
  const retryAfterMs = refusal.extra?.['retryAfterMs'];
  if (typeof retryAfterMs === 'number') void reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  // Not to be kept, even where the route has said already that its answer may be.
  // Serialised here: the schemas of a route describe its successes, a problem is the same everywhere.
  return reply
    .code(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .serializer(JSON.stringify)
    .send(problemBody(refusal, id));
}

export function problemBody({ problem, extra }: Refusal, requestId: string): Static<typeof Problem> {
  const { title, status, next } = problems[problem];
  const body = { type: `/problems/${problem}`, title, status, code: problem, next, requestId };
  for (const name of Object.keys(extra ?? {})) {
    assert(!(name in body), `what ${problem} tells besides is not called ${name}: every problem has that`);
  }
  return { ...extra, ...body };
}

/** Spread by the request's id, so that those who were refused together do not come back together. */
function retryAfterSeconds(requestId: string): number {
  return limits.http.retryAfterSeconds + Math.floor(3 * scatterOf(requestId));
}

/** 0 to 1, evenly over requests. */
export function scatterOf(requestId: string): number {
  return Number.parseInt(requestId.slice(0, 8), 16) / 2 ** 32;
}

interface ProblemResponse {
  readonly description: string;
  readonly content: { readonly 'application/problem+json': { readonly schema: typeof Problem } };
}

/** For a route's `response` schema: what it can refuse, by status, so that the OpenAPI document says so. */
export function refusals(...codes: readonly ProblemCode[]): Record<number, ProblemResponse> {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      {
        description: list.map((code) => `\`${code}\`: ${problems[code].title}`).join('\n\n'),
        content: { 'application/problem+json': { schema: Problem } },
      },
    ]),
  );
}
