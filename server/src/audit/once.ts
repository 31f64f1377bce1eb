/** How often an event may be in the log, as data: an event that is new must be entered here. */
import type { EventName } from '#contract/events.ts';

type Often = 'once-per-reservation' | 'once-per-performance' | 'often';

/**
 * Each is emitted in the transaction that changes a state for good: a hold is granted once, a reservation made and ended
 * once, a payment decided once and refunded once, and a turn answers each purchase once.
 */
const HOW_OFTEN = {
  PerformanceScheduled: 'once-per-performance',
  ConcertChanged: 'often',
  SeatReserved: 'once-per-reservation',
  SeatReservationFailed: 'often',
  ReservationCreated: 'once-per-reservation',
  ReservationCreationFailed: 'once-per-reservation',
  ReservationCancelled: 'once-per-reservation',
  PaymentProcessed: 'once-per-reservation',
  PaymentProcessingFailed: 'once-per-reservation',
  TokenExpired: 'once-per-reservation',
  TokenExpirationFailed: 'once-per-reservation',
  PaymentRefunded: 'once-per-reservation',
  SeatReleased: 'once-per-reservation',
  SeatSold: 'once-per-reservation',
} as const satisfies Record<EventName, Often>;

type Once = {
  [N in EventName]: (typeof HOW_OFTEN)[N] extends 'once-per-reservation' ? N : never;
}[EventName];

/** A bit for each: what the log says of a reservation is then one number. */
export const BITS = new Map<Once, number>(
  (Object.entries(HOW_OFTEN) as [EventName, Often][])
    .filter((entry): entry is [Once, Often] => entry[1] === 'once-per-reservation')
    .map(([name], index) => [name, 2 ** index]),
);

/** The bits of these events together. */
export function bits(...names: Once[]): number {
  return names.reduce((sum, name) => sum + (BITS.get(name) ?? 0), 0);
}
