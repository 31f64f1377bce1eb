import { Uuid } from '#contract/ids.ts';
import { InstantOfPosition, pageFrom, pageOf, PagingQuery } from '#contract/http/paging.ts';
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
import { Compile } from 'typebox/compile';
import { type App, behind, type Door, positionOf, refusals, refuse, userOf } from '../http/route.ts';
import type { Reservation, Reservations } from './index.ts';

interface RouteDeps {
  readonly reservations: Reservations;
  readonly door: Door;
}

/** Both lists are in one order. */
const Position = Compile(Type.Tuple([InstantOfPosition, Uuid]));

export function reservationRoutes(app: App, deps: RouteDeps): void {
  listRoute(app, deps);
  oneRoutes(app, deps);
  ticketRoute(app, deps);
}

function listRoute(app: App, { reservations, door }: RouteDeps): void {
  app.get(
    '/reservations',
    behind(door, 'account', {
      tags: ['reservations'],
      summary: 'Your reservations, newest first',
      querystring: PagingQuery,
      response: { 200: ReservationList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { items, next } = await pageOfReservations(reservations, userOf(request), request.query);
      return reply.send({ reservations: items.map(toAnswer), next });
    },
  );
}

function oneRoutes(app: App, { reservations, door }: RouteDeps): void {
  app.get(
    '/reservations/:reservationId',
    behind(door, 'account', {
      tags: ['reservations'],
      summary: 'One of your reservations',
      params: ReservationParams,
      response: { 200: ReservationAnswer, ...refusals('reservation.not-found') },
    }),
    async (request, reply) => {
      const found = await reservations.find(userOf(request), request.params.reservationId);
      return found ? reply.send(toAnswer(found)) : refuse(reply, refused('reservation.not-found'));
    },
  );

  app.delete(
    '/reservations/:reservationId',
    behind(door, 'account', {
      tags: ['reservations'],
      summary: 'Give held seats back',
      params: ReservationParams,
      response: { 204: Type.Null(), ...refusals('reservation.not-found', 'reservation.not-held') },
    }),
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
    behind(door, 'account', {
      tags: ['tickets'],
      summary: 'Your tickets: one signed code for each seat you own',
      querystring: PagingQuery,
      response: { 200: TicketList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { items, next } = await pageOfReservations(
        reservations,
        userOf(request),
        request.query,
        'CONFIRMED',
      );
      const tickets = items.flatMap((reservation) => reservations.tickets(reservation));
      return reply.send({
        tickets: tickets.map(({ seatNo, ...ticket }) => ({ ...ticket, seat: seatNo })),
        next,
      });
    },
  );
}

export function ticketAdminRoutes(app: App, deps: RouteDeps): void {
  app.post(
    '/admin/tickets/check',
    behind(deps.door, 'operator', {
      tags: ['operator'],
      summary: 'Is this scanned code good for a seat?',
      body: TicketCheckBody,
      response: { 200: TicketCheckAnswer, ...refusals('ticket.invalid') },
    }),
    async (request, reply) => {
      const check = await deps.reservations.checkTicket(request.body.code);
      if (check.outcome === 'refused') return refuse(reply, check);
      const { reservationId, performanceId, seatNo, userId } = check;
      return reply.send({ reservationId, performanceId, seat: seatNo, userId });
    },
  );
}

async function pageOfReservations(
  reservations: Reservations,
  userId: string,
  query: Static<typeof PagingQuery>,
  status?: 'CONFIRMED',
) {
  const { limit, after } = pageOf(query);
  const position = positionOf(after, Position);
  const found = await reservations.list(userId, {
    limit: limit + 1,
    after: position && { createdAt: position[0], reservationId: position[1] },
    status,
  });
  return pageFrom(found, limit, (last) => [last.createdAt, last.reservationId]);
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
