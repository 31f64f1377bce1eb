import { refused } from '#contract/problems.ts';
import { AvailableSeats, HoldAnswer, HoldBody } from '#contract/http/seats.ts';
import { SalesAnswer } from '#contract/http/operator.ts';
import { idOf, PerformanceParams } from '#contract/http/params.ts';
import {
  type App,
  type Door,
  idempotencyKeyOf,
  IdempotencyHeaders,
  placeOf,
  refusals,
  refuse,
  userOf,
} from '../http/route.ts';
import { derivedUuid, fingerprint } from '../platform/identifiers.ts';
import type { Seats } from './index.ts';

interface RouteDeps {
  readonly seats: Seats;
  readonly door: Door;
}

export function seatRoutes(app: App, deps: RouteDeps): void {
  availableRoute(app, deps);
  holdRoute(app, deps);
}

function availableRoute(app: App, { seats, door }: RouteDeps): void {
  app.get(
    '/performances/:performanceId/seats',
    {
      onRequest: door.turn,
      schema: {
        tags: ['seats'],
        summary: 'The free seats of a performance',
        security: [{ queueToken: [] }],
        params: PerformanceParams,
        response: { 200: AvailableSeats, ...refusals('performance.not-found') },
      },
    },
    async (request, reply) => {
      const performanceId = idOf(request.params.performanceId);
      const available = performanceId === undefined ? undefined : await seats.available(performanceId);
      if (performanceId === undefined || available === undefined) {
        return refuse(reply, refused('performance.not-found'));
      }
      return reply.send({ performanceId, remaining: available.length, seats: available });
    },
  );
}

function holdRoute(app: App, { seats, door }: RouteDeps): void {
  app.post(
    '/reservations',
    {
      onRequest: door.turn,
      schema: {
        tags: ['reservations'],
        summary: 'Hold seats, all or none of them',
        security: [{ queueToken: [] }],
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
            'queue.token-foreign',
            'idempotency.key-missing',
            'idempotency.key-invalid',
            'idempotency.key-reused',
          ),
        },
      },
    },
    async (request, reply) => {
      const { performanceId, seats: wanted, payNow = false } = request.body;
      const userId = userOf(request);
      const outcome = await seats.hold({
        reservationId: derivedUuid(userId, 'POST /reservations', idempotencyKeyOf(request)),
        userId,
        performanceId,
        seatNos: wanted.toSorted((a, b) => a - b),
        turn: placeOf(request),
        payNow,
        fingerprint: fingerprint(request.body),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
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
    {
      onRequest: deps.door.operator,
      schema: {
        tags: ['operator'],
        summary: 'How a performance sells',
        security: [{ operator: [] }],
        params: PerformanceParams,
        response: { 200: SalesAnswer, ...refusals('performance.not-found') },
      },
    },
    async (request, reply) => {
      const performanceId = idOf(request.params.performanceId);
      const sales = performanceId === undefined ? undefined : await deps.seats.sales(performanceId);
      if (performanceId === undefined || sales === undefined)
        return refuse(reply, refused('performance.not-found'));
      const { free, held, sold, soldKrw } = sales;
      return reply.send({ performanceId, free, held, sold, soldAmount: soldKrw });
    },
  );
}
