import type { Reactions } from '../messaging/index.ts';
import { moveReservations } from './move-reservations.ts';
import { createReservations, creationFailed } from './create-reservations.ts';

export const reservationReactions: Reactions<'reservations'> = {
  SeatReserved: {
    run: createReservations,
    giveUp: creationFailed,
  },
  PaymentProcessed: {
    run: async (tx, events) => {
      moveReservations(tx, 'CONFIRMED', idsOf(events));
      return [];
    },
  },
  PaymentProcessingFailed: {
    run: async (tx, events) => {
      moveReservations(tx, 'EXPIRED', idsOf(events.filter((event) => event.reason === 'lapsed')));
      moveReservations(tx, 'CANCELLED', idsOf(events.filter((event) => event.reason !== 'lapsed')));
      return [];
    },
  },
  TokenExpirationFailed: {
    run: async (tx, events) => {
      moveReservations(tx, 'CANCELLED', idsOf(events));
      return [];
    },
  },
};

function idsOf(events: readonly { readonly reservationId: string }[]): string[] {
  return events.map((event) => event.reservationId);
}
