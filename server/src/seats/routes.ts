import { refused } from '#contract/problems.ts';
import {
  AvailableSeats,
  HoldAnswer,
  HoldBody,
  SeatMapHeaders,
  SeatStreamHeaders,
} from '#contract/http/seats.ts';
import { SalesAnswer } from '#contract/http/operator.ts';
import { idOf, PerformanceParams } from '#contract/http/params.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createRepeat } from '../platform/repeat.ts';
import {
  type App,
  behind,
  type Door,
  type EventStream,
  type EventStreams,
  IdempotencyHeaders,
  isKnown,
  KEY_PROBLEMS,
  markReplay,
  notModified,
  onTurn,
  placeOf,
  plainHeaders,
  refusals,
  refuse,
  requestOf,
  sendNotModified,
  type Shortcut,
  userOf,
} from '../http/route.ts';
import type { Seats, WatchedBoard } from './index.ts';
import { mapFormFor } from './map-form.ts';
import { type MapForm, SEAT_MAP_TYPE } from './seat-map.ts';

const CONTENT_TYPES = { json: 'application/json; charset=utf-8', binary: SEAT_MAP_TYPE } as const;

interface RouteDeps {
  readonly seats: Seats;
  readonly door: Door;
}

export interface SeatRouteDeps extends RouteDeps {
  readonly streams: EventStreams;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shorter ones for tests. */
  readonly turnCheckMs?: number;
}

export function seatRoutes(app: App, deps: SeatRouteDeps): void {
  mapRoute(app, deps);
  streamRoute(app, deps);
  holdRoute(app, deps);
}

/** Whoever is let in chooses from it. */
async function findBoard(seats: Seats, performanceId: string): Promise<WatchedBoard | undefined> {
  const id = idOf(performanceId);
  return id === undefined ? undefined : seats.board(id);
}

function mapRoute(app: App, { seats, door }: RouteDeps): void {
  app.get(
    '/performances/:performanceId/seats',
    behind(door, 'turn', {
      tags: ['seats'],
      summary: 'The free seats of a performance',
      description: `Or, for \`Accept: ${SEAT_MAP_TYPE}\`, all its seats at two bits each: docs/seat-map.md.`,
      params: PerformanceParams,
      headers: SeatMapHeaders,
      response: {
        200: {
          description: 'The map, at most a quarter of a second old',
          content: {
            'application/json': { schema: AvailableSeats },
            [SEAT_MAP_TYPE]: { schema: Type.String({ format: 'binary' }) },
          },
        },
        ...notModified,
        ...refusals('performance.not-found'),
      },
    }),
    async (request, reply) => {
      const board = await findBoard(seats, request.params.performanceId);
      if (board === undefined) return refuse(reply, refused('performance.not-found'));
      return sendMap(request, reply, board);
    },
  );
}

/** Of each form there is one Buffer for all who ask, so Fastify has nothing to write. */
async function sendMap(request: FastifyRequest, reply: FastifyReply, board: WatchedBoard) {
  const map = board.map();
  const form = mapFormFor(request.headers);
  const etag = map.etag(form);
  void reply.headers({ etag, ...OF_EVERY_MAP });
  if (isKnown(request.headers['if-none-match'], etag)) return sendNotModified(reply);
  const bytes = await map.bytes(form);
  return reply.headers(contentHeaders(form)).send(bytes);
}

const OF_EVERY_MAP = {
  'cache-control': 'private, no-cache',
  vary: 'accept, accept-encoding, authorization',
} as const;

function contentHeaders({ type, gzip }: MapForm): Record<string, string> {
  return { 'content-type': CONTENT_TYPES[type], ...(gzip && { 'content-encoding': 'gzip' }) };
}

/** The answer of the route above, when the board is in memory and the turn was looked at a moment ago. */
export function mapShortcut({ seats, mayLook }: MapShortcutDeps): Shortcut {
  return {
    route: '/api/v1/performances/:performanceId/seats',
    matches: (url) => MAP_URL.test(url),
    answer: ({ url, bearer, ifNoneMatch, accept, acceptEncoding }) => {
      if (bearer === undefined || !mayLook(bearer)) return undefined;
      const id = idOf(MAP_URL.exec(url)?.[1] ?? '');
      const map = id === undefined ? undefined : seats.boardAtHand(id)?.map();
      if (map === undefined) return undefined;
      const form = mapFormFor({ accept, 'accept-encoding': acceptEncoding });
      const etag = map.etag(form);
      if (isKnown(ifNoneMatch, etag)) return { status: 304, headers: [...OF_EVERY_PLAIN_MAP, 'etag', etag] };
      const body = map.bytesAtHand(form);
      if (body === undefined) return undefined;
      const { type, gzip } = form;
      const headers = [...OF_EVERY_PLAIN_MAP, 'etag', etag, 'content-type', CONTENT_TYPES[type]];
      if (gzip) headers.push('content-encoding', 'gzip');
      return { status: 200, headers, body };
    },
  };
}

const OF_EVERY_PLAIN_MAP = plainHeaders(OF_EVERY_MAP);

const MAP_URL = /^\/api\/v1\/performances\/([1-9]\d{0,9})\/seats$/;

export interface MapShortcutDeps {
  readonly seats: Pick<Seats, 'boardAtHand'>;
  /** Whether it is known, without asking anybody, that this token's turn is open. */
  readonly mayLook: (bearer: string) => boolean;
}

function streamRoute(app: App, deps: SeatRouteDeps): void {
  const { seats, door, streams } = deps;
  const whileTheirTurn = endWithTheTurn(deps);
  app.get(
    '/performances/:performanceId/seats/stream',
    behind(door, 'turn', {
      tags: ['seats'],
      summary: 'What changes on the map, as server-sent events',
      description:
        'Send the version of the map that you have as `Last-Event-ID`: `seats` events lead on from there. ' +
        'After `reload`, get the map anew. docs/seat-map.md has the details.',
      params: PerformanceParams,
      headers: SeatStreamHeaders,
      response: {
        200: {
          description: 'Events until the turn is over',
          content: { 'text/event-stream': { schema: Type.String() } },
        },
        ...refusals('performance.not-found', 'stream.too-many'),
      },
    }),
    async (request, reply) => {
      const board = await findBoard(seats, request.params.performanceId);
      if (board === undefined) return refuse(reply, refused('performance.not-found'));
      const stream = streams.open(request, reply, userOf(request));
      if ('outcome' in stream) return refuse(reply, stream);
      board.listen(stream, request.headers['last-event-id']);
      whileTheirTurn(stream, () => door.refusalNow(request, 'look'));
      return reply;
    },
  );
}

/**
 * A stream ends soon after the turn that it was opened on: people who have bought must not hold the places of
 * those who choose. The door looks at many turns as one set. While it cannot, the streams go on: there
 * is nothing in them that was not told a moment ago, and no stream lasts longer than ten minutes or so.
 */
function endWithTheTurn({ clock, logger, turnCheckMs = limits.seats.turnCheckMs }: SeatRouteDeps) {
  const watched = new Map<EventStream, () => ReturnType<Door['refusalNow']>>();
  const checks = createRepeat({
    everyMs: turnCheckMs,
    clock,
    failed: (err) => logger.warn({ err }, 'the turns of those who watch seats could not be looked at'),
    work: async () => {
      const looks = [...watched].map(async ([stream, look]) => {
        if ((await look()) !== undefined) stream.end();
      });
      const failure = (await Promise.allSettled(looks)).find(({ status }) => status === 'rejected');
      if (failure?.status === 'rejected') throw failure.reason;
      return watched.size > 0;
    },
  });
  return (stream: EventStream, look: () => ReturnType<Door['refusalNow']>) => {
    if (stream.signal.aborted) return;
    watched.set(stream, look);
    stream.signal.addEventListener('abort', () => watched.delete(stream), { once: true });
    checks.start();
  };
}

function holdRoute(app: App, { seats, door }: RouteDeps): void {
  app.post(
    '/reservations',
    behind(door, 'place', {
      tags: ['reservations'],
      summary: 'Hold seats, all or none of them',
      headers: IdempotencyHeaders,
      body: HoldBody,
      response: {
        201: HoldAnswer,
        ...refusals(
          'seats.taken',
          'seats.not-found',
          'seats.limit-reached',
          'sale.not-open',
          'performance.not-found',
          'queue.not-admitted',
          'queue.turn-over',
          'queue.token-foreign',
          ...KEY_PROBLEMS,
        ),
      },
    }),
    async (request, reply) => {
      const { performanceId, seats: wanted, payNow = false } = request.body;
      const { requestId, fingerprint } = requestOf(request, 'POST /reservations');
      const hold = {
        reservationId: requestId,
        userId: userOf(request),
        performanceId,
        seatNos: wanted.toSorted((a, b) => a - b),
        turn: placeOf(request),
        payNow,
        fingerprint,
      };
      const outcome = await onTurn(door, request, {
        to: 'hold',
        act: () => seats.hold(hold),
        recall: () => seats.recall(hold),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      return reply.code(201).send({
        reservationId: outcome.reservationId,
        status: 'HELD',
        performanceId: outcome.performanceId,
        seats: [...outcome.seatNos],
        amount: outcome.amountKrw,
        expiresAt: outcome.expiresAt,
      });
    },
  );
}

export function saleAdminRoutes(app: App, deps: RouteDeps): void {
  app.get(
    '/admin/performances/:performanceId/sales',
    behind(deps.door, 'operator', {
      tags: ['operator'],
      summary: 'How a performance sells',
      params: PerformanceParams,
      response: { 200: SalesAnswer, ...refusals('performance.not-found') },
    }),
    async (request, reply) => {
      const performanceId = idOf(request.params.performanceId);
      const sales = performanceId === undefined ? undefined : await deps.seats.sales(performanceId);
      if (performanceId === undefined || sales === undefined)
        return refuse(reply, refused('performance.not-found'));
      const { soldKrw, byPrice, ...counts } = sales;
      return reply.send({ performanceId, ...counts, soldAmount: soldKrw, byPrice: [...byPrice] });
    },
  );
}
