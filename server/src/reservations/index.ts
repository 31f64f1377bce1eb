/** Reservations: the buyer's record, and the tickets of what was bought. */
import { createLookForReaction, type Messaging, type Reactions } from '../messaging/index.ts';
import { limits } from '../limits.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { type CancelOutcome, cancelReservations, type CancelRequest } from './cancel-reservations.ts';
import { checkTicket, type TicketCheck } from './check-ticket.ts';
import { findReservation, listReservations, type ReservationPage } from './list-reservations.ts';
import { reservationReactions } from './reactions.ts';
import type { Reservation } from './reservation.ts';
import { type Ticket, type TicketSigner, ticketsOf } from './ticket.ts';

export type { Reservation } from './reservation.ts';

export interface Reservations {
  /** One's own; waits a moment for one whose hold was granted just now. */
  find(userId: string, reservationId: string): Promise<Reservation | undefined>;
  list(userId: string, page: ReservationPage): Promise<Reservation[]>;
  cancel(request: CancelRequest): Promise<CancelOutcome>;
  tickets(reservation: Reservation): Ticket[];
  checkTicket(code: string): Promise<TicketCheck>;
  readonly reactions: Reactions<'reservations'>;
}

export function createReservations(deps: {
  readonly database: Database;
  readonly messaging: Messaging;
  readonly clock: Clock;
  readonly signer: TicketSigner;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
}): Reservations {
  const { database, clock, signer } = deps;
  const cancels = createBatcher<CancelRequest, CancelOutcome>({
    name: 'cancel-reservations',
    run: (requests) => cancelReservations(deps, requests),
    ...limits.batch,
    clock,
    observe: deps.observe,
  });
  const lookForReaction = createLookForReaction(deps);
  const find = (userId: string, reservationId: string) =>
    lookForReaction(() => findReservation(database, userId, reservationId));

  return {
    find,
    list: (userId, page) => listReservations(database, userId, page),
    cancel: async (request) => {
      await find(request.userId, request.reservationId);
      return cancels.submit(request);
    },
    tickets: (reservation) => ticketsOf(signer, reservation),
    checkTicket: (code) => checkTicket(database, signer, code),
    reactions: reservationReactions,
  };
}
