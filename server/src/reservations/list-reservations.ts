import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { COLUMNS, type Reservation, type ReservationRow, toReservation } from './reservation.ts';

const FIND = statement(`/* reservations.find */
select ${COLUMNS} from reservations.reservation where reservation_id = $1 and user_id = $2`);

// Newest first; the page goes on after (createdAt, id).
const LIST = statement(`/* reservations.list */
select ${COLUMNS} from reservations.reservation
where user_id = $1 and (created_at, reservation_id) < ($2::timestamptz, $3::uuid)
  and ($4::text is null or status = $4)
order by created_at desc, reservation_id desc
limit $5`);

const FROM_THE_NEWEST = { createdAt: 'infinity', reservationId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

export interface ReservationPage {
  readonly after?: { readonly createdAt: string; readonly reservationId: string } | undefined;
  readonly status?: 'CONFIRMED' | undefined;
  readonly limit: number;
}

/** One's own reservation; somebody else's is as good as none. */
export async function findReservation(
  reader: Reader,
  userId: string,
  reservationId: string,
): Promise<Reservation | undefined> {
  const [row] = await reader.rows<ReservationRow>(FIND, [reservationId, userId]);
  return row && toReservation(row);
}

export async function listReservations(
  reader: Reader,
  userId: string,
  page: ReservationPage,
): Promise<Reservation[]> {
  const { createdAt, reservationId } = page.after ?? FROM_THE_NEWEST;
  const rows = await reader.rows<ReservationRow>(LIST, [
    userId,
    createdAt,
    reservationId,
    page.status ?? null,
    page.limit,
  ]);
  return rows.map(toReservation);
}
