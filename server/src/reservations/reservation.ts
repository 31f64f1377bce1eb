/** The buyer's record: HELD until it is paid for or comes to nothing. */
import type { SeatAtVersion } from '#contract/events.ts';
import type { ReservationStatus } from '#contract/http/reservations.ts';
import { type Refusal, refused } from '#contract/problems.ts';

export interface Reservation {
  readonly reservationId: string;
  readonly userId: string;
  readonly performanceId: number;
  readonly seats: readonly SeatAtVersion[];
  readonly amountKrw: number;
  readonly status: ReservationStatus;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** A row of reservations.reservation. */
export interface ReservationRow {
  readonly reservation_id: string;
  readonly user_id: string;
  readonly performance_id: number;
  readonly seats: SeatAtVersion[];
  readonly amount_krw: number;
  readonly status: ReservationStatus;
  readonly created_at: string;
  readonly expires_at: string;
}

export const COLUMNS =
  'reservation_id, user_id, performance_id, seats, amount_krw, status, created_at, expires_at';

export function toReservation(row: ReservationRow): Reservation {
  return {
    reservationId: row.reservation_id,
    userId: row.user_id,
    performanceId: row.performance_id,
    seats: row.seats,
    amountKrw: row.amount_krw,
    status: row.status,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** What each status may become, and nothing else. */
export const transitions: Readonly<Record<ReservationStatus, readonly ReservationStatus[]>> = {
  HELD: ['CONFIRMED', 'CANCELLED', 'EXPIRED'],
  // only when the turn had been spent on another purchase; the money goes back
  CONFIRMED: ['CANCELLED'],
  CANCELLED: [],
  EXPIRED: [],
};

/** Whether a buyer may give this reservation back (again); somebody else's is as good as none. */
export function refuseToCancel(found: ReservationRow | undefined, userId: string): Refusal | undefined {
  if (found === undefined || found.user_id !== userId) return refused('reservation.not-found');
  const may = found.status === 'HELD' || found.status === 'CANCELLED';
  return may ? undefined : refused('reservation.not-held', { reservationStatus: found.status });
}
