/** A ticket is what is scanned at the door: a signed code for one seat of a confirmed reservation. */
import type { Reservation } from './reservation.ts';

export interface Ticket {
  readonly reservationId: string;
  readonly performanceId: number;
  readonly seatNo: number;
  readonly code: string;
}

export interface TicketSigner {
  sign(type: 'ticket', claims: object): string;
  verify(type: 'ticket', token: string): Readonly<Record<string, unknown>> | undefined;
}

/** The tickets of a confirmed reservation; none of any other. */
export function ticketsOf(signer: TicketSigner, reservation: Reservation): Ticket[] {
  if (reservation.status !== 'CONFIRMED') return [];
  const { reservationId, performanceId } = reservation;
  return reservation.seats.map(({ no }) => ({
    reservationId,
    performanceId,
    seatNo: no,
    code: signer.sign('ticket', { rsv: reservationId, prf: performanceId, seat: no }),
  }));
}

/** What a code claims, when we signed it. Whether it is still good is up to the reservation. */
export function readTicket(
  signer: TicketSigner,
  code: string,
): { reservationId: string; performanceId: number; seatNo: number } | undefined {
  const claims = signer.verify('ticket', code);
  if (claims === undefined) return undefined;
  const { rsv, prf, seat } = claims;
  if (typeof rsv !== 'string' || typeof prf !== 'number' || typeof seat !== 'number') return undefined;
  return { reservationId: rsv, performanceId: prf, seatNo: seat };
}
