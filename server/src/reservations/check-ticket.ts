/** For the door: is this code a seat of a reservation that is confirmed now? */
import { type Refusal, refused } from '#contract/problems.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { COLUMNS, type ReservationRow, toReservation } from './reservation.ts';
import { readTicket, type TicketSigner } from './ticket.ts';

const FIND = statement(`/* reservations.find-any */
select ${COLUMNS} from reservations.reservation where reservation_id = $1`);

export type TicketCheck =
  | {
      readonly outcome: 'valid';
      readonly reservationId: string;
      readonly performanceId: number;
      readonly seatNo: number;
      readonly userId: string;
    }
  | Refusal;

export async function checkTicket(reader: Reader, signer: TicketSigner, code: string): Promise<TicketCheck> {
  const claimed = readTicket(signer, code);
  if (claimed === undefined) return refused('ticket.invalid');
  const [row] = await reader.rows<ReservationRow>(FIND, [claimed.reservationId]);
  const reservation = row && toReservation(row);
  const covers =
    reservation?.status === 'CONFIRMED' &&
    reservation.performanceId === claimed.performanceId &&
    reservation.seats.some((seat) => seat.no === claimed.seatNo);
  return covers ? { outcome: 'valid', ...claimed, userId: reservation.userId } : refused('ticket.invalid');
}
