import { refused } from '#contract/problems.ts';
import { AvailableSeats, HoldAnswer, HoldBody } from '#contract/http/seats.ts';
import { SalesAnswer } from '#contract/http/operator.ts';
import { idOf, PerformanceParams } from '#contract/http/params.ts';
import {
  type App,
  behind,
  type Door,
  IdempotencyHeaders,
  KEY_PROBLEMS,
  markReplay,
  onTurn,
  placeOf,
  refusals,
  refuse,
  requestOf,
  userOf,
} from '../http/route.ts';
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
    behind(door, 'turn', {
      tags: ['seats'],
      summary: 'The free seats of a performance',
      params: PerformanceParams,
      response: { 200: AvailableSeats, ...refusals('performance.not-found') },
    }),
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
      const outcome = await onTurn(
        door,
        request,
        () => seats.hold(hold),
        () => seats.recall(hold),
      );
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
      const { free, held, sold, soldKrw } = sales;
      return reply.send({ performanceId, free, held, sold, soldAmount: soldKrw });
    },
  );
}
