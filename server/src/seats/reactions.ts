import type { Reactions } from '../messaging/index.ts';
import { layOutSeats } from './lay-out-seats.ts';
import { releaseSeats } from './release-seats.ts';
import { sellSeats } from './sell-seats.ts';

export const seatReactions: Reactions<'seats'> = {
  PerformanceScheduled: {
    run: async (tx, events) => {
      await layOutSeats(tx, events);
      return [];
    },
  },
  PaymentProcessed: { run: sellSeats },
  ReservationCreationFailed: { run: releaseSeats },
  ReservationCancelled: { run: releaseSeats },
  PaymentProcessingFailed: { run: releaseSeats },
  TokenExpirationFailed: { run: releaseSeats },
};
