import { PagingQuery, cursorOf, pageOf } from '#contract/http/paging.ts';
import { ReservationParams } from '#contract/http/params.ts';
import {
  ReservationAnswer,
  ReservationList,
  TicketCheckAnswer,
  TicketCheckBody,
  TicketList,
} from '#contract/http/reservations.ts';
import { refused } from '#contract/problems.ts';
import Type, { type Static } from 'typebox';
import { type App, type Door, Refused, refusals, refuse, userOf } from '../http/route.ts';
import type { Reservation, Reservations } from './index.ts';

const account = [{ account: [] }];

interface RouteDeps {
  readonly reservations: Reservations;
  readonly door: Door;
}

export function reservationRoutes(app: App, deps: RouteDeps): void {
  listRoute(app, deps);
  oneRoutes(app, deps);
  ticketRoute(app, deps);
}

function listRoute(app: App, { reservations, door }: RouteDeps): void {
  app.get(
    '/reservations',
    {
      onRequest: door.account,
      schema: {
        tags: ['reservations'],
        summary: 'Your reservations, newest first',
        security: account,
        querystring: PagingQuery,
        response: { 200: ReservationList },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const found = await reservations.list(userOf(request), { limit, after: positionOf(after) });
      return reply.send({ reservations: found.map(toAnswer), next: nextOf(found, limit) });
    },
  );
}

function oneRoutes(app: App, { reservations, door }: RouteDeps): void {
  app.get(
    '/reservations/:reservationId',
    {
      onRequest: door.account,
      schema: {
        tags: ['reservations'],
        summary: 'One of your reservations',
        security: account,
        params: ReservationParams,
        response: { 200: ReservationAnswer, ...refusals('reservation.not-found') },
      },
    },
    async (request, reply) => {
      const found = await reservations.find(userOf(request), request.params.reservationId);
      return found ? reply.send(toAnswer(found)) : refuse(reply, refused('reservation.not-found'));
    },
  );

  app.delete(
    '/reservations/:reservationId',
    {
      onRequest: door.account,
      schema: {
        tags: ['reservations'],
        summary: 'Give held seats back',
        security: account,
        params: ReservationParams,
        response: { 204: Type.Null(), ...refusals('reservation.not-found', 'reservation.not-held') },
      },
    },
    async (request, reply) => {
      const { reservationId } = request.params;
      const outcome = await reservations.cancel({ reservationId, userId: userOf(request) });
      return outcome.outcome === 'refused' ? refuse(reply, outcome) : reply.code(204).send(null);
    },
  );
}

function ticketRoute(app: App, { reservations, door }: RouteDeps): void {
  app.get(
    '/tickets',
    {
      onRequest: door.account,
      schema: {
        tags: ['tickets'],
        summary: 'Your tickets: one signed code for each seat you own',
        security: account,
        querystring: PagingQuery,
        response: { 200: TicketList },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const page = { limit, after: positionOf(after), status: 'CONFIRMED' } as const;
      const found = await reservations.list(userOf(request), page);
      const tickets = found.flatMap((reservation) => reservations.tickets(reservation));
      return reply.send({
        tickets: tickets.map(({ seatNo, ...ticket }) => ({ ...ticket, seat: seatNo })),
        next: nextOf(found, limit),
      });
    },
  );
}

export function ticketAdminRoutes(app: App, deps: RouteDeps): void {
  app.post(
    '/admin/tickets/check',
    {
      onRequest: deps.door.operator,
      schema: {
        tags: ['operator'],
        summary: 'Is this scanned code good for a seat?',
        security: [{ operator: [] }],
        body: TicketCheckBody,
        response: { 200: TicketCheckAnswer, ...refusals('ticket.invalid') },
      },
    },
    async (request, reply) => {
      const check = await deps.reservations.checkTicket(request.body.code);
      if (check.outcome === 'refused') return refuse(reply, check);
      const { reservationId, performanceId, seatNo, userId } = check;
      return reply.send({ reservationId, performanceId, seat: seatNo, userId });
    },
  );
}

function toAnswer(reservation: Reservation): Static<typeof ReservationAnswer> {
  const { reservationId, status, performanceId, seats, amountKrw, createdAt, expiresAt } = reservation;
  return {
    reservationId,
    status,
    performanceId,
    seats: seats.map((seat) => seat.no),
    amount: amountKrw,
    createdAt,
    expiresAt: status === 'HELD' ? expiresAt : null,
  };
}

function nextOf(found: readonly Reservation[], limit: number): string | null {
  const last = found.at(-1);
  return last === undefined || found.length < limit ? null : cursorOf([last.createdAt, last.reservationId]);
}

function positionOf(after: unknown): { createdAt: string; reservationId: string } | undefined {
  if (after === undefined) return undefined;
  if (!Array.isArray(after)) throw new Refused('request.invalid', { errors: [{ path: '/cursor' }] });
  const [createdAt, reservationId] = after as unknown[];
  const valid =
    typeof createdAt === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(createdAt) &&
    typeof reservationId === 'string' &&
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(reservationId);
  if (!valid) throw new Refused('request.invalid', { errors: [{ path: '/cursor' }] });
  return { createdAt, reservationId };
}
