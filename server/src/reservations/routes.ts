import { Instant, Uuid } from '#contract/ids.ts';
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
import { Check } from 'typebox/value';
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

/** The position in a cursor, or undefined for the first page; one that somebody made up is refused. */
function positionOf(after: unknown): { createdAt: string; reservationId: string } | undefined {
  if (after === undefined) return undefined;
  const [createdAt, reservationId, ...rest] = Array.isArray(after) ? (after as unknown[]) : [];
  if (!isInstant(createdAt) || !Check(Uuid, reservationId) || rest.length > 0) {
    const message = 'is not a cursor of this list';
    throw new Refused('request.invalid', { errors: [{ in: 'query', path: '/cursor', message }] });
  }
  return { createdAt, reservationId };
}

/** Of a day that there is, in a year that PostgreSQL takes: it refuses February 31 and the year 0. */
function isInstant(value: unknown): value is string {
  if (!Check(Instant, value) || value < '0001') return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}
