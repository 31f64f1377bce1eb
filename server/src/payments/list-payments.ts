/** The history of payments: what was paid, and what of it was refunded. */
import type { SeatAtVersion } from '#contract/events.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

export interface Payment {
  readonly paymentId: string;
  readonly reservationId: string;
  readonly status: 'PAID' | 'REFUNDED';
  readonly performanceId: number;
  readonly seats: readonly SeatAtVersion[];
  readonly amountKrw: number;
  readonly openedAt: string;
  readonly paidAt: string;
  readonly refundedAt: string | null;
}

export interface PaymentPage {
  readonly before?: { readonly openedAtMs: number; readonly paymentId: string } | undefined;
  readonly limit: number;
}

const HISTORY_COLUMNS = `payment_id, reservation_id, state, performance_id, seats, amount_krw, opened_at, paid_at,
  closed_at`;

const FIND = statement(`/* payments.find */
select ${HISTORY_COLUMNS} from payments.payment
where payment_id = $1 and user_id = $2 and state in ('PAID', 'REFUNDED')`);

const LIST = statement(`/* payments.list */
select ${HISTORY_COLUMNS} from payments.payment
where user_id = $1 and state in ('PAID', 'REFUNDED')
  and (opened_at, payment_id) < (timestamptz 'epoch' + $2::bigint * interval '1 millisecond', $3::uuid)
order by opened_at desc, payment_id desc
limit $4`);

/** The year 2200: after every payment, and well within what the database can tell. */
export const LATEST_MS = 7_258_118_400_000;
const FROM_THE_NEWEST = { openedAtMs: LATEST_MS, paymentId: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

interface HistoryRow {
  readonly payment_id: string;
  readonly reservation_id: string;
  readonly state: Payment['status'];
  readonly performance_id: number;
  readonly seats: SeatAtVersion[];
  readonly amount_krw: number;
  readonly opened_at: string;
  readonly paid_at: string;
  readonly closed_at: string | null;
}

/** One's own payment; somebody else's, or one that never was paid, is as good as none. */
export async function findPayment(
  reader: Reader,
  userId: string,
  paymentId: string,
): Promise<Payment | undefined> {
  const [row] = await reader.rows<HistoryRow>(FIND, [paymentId, userId]);
  return row && toPayment(row);
}

/** Newest first. */
export async function listPayments(reader: Reader, userId: string, page: PaymentPage): Promise<Payment[]> {
  const { openedAtMs, paymentId } = page.before ?? FROM_THE_NEWEST;
  const rows = await reader.rows<HistoryRow>(LIST, [userId, openedAtMs, paymentId, page.limit]);
  return rows.map(toPayment);
}

function toPayment(row: HistoryRow): Payment {
  return {
    paymentId: row.payment_id,
    reservationId: row.reservation_id,
    status: row.state,
    performanceId: row.performance_id,
    seats: row.seats,
    amountKrw: row.amount_krw,
    openedAt: row.opened_at,
    paidAt: row.paid_at,
    refundedAt: row.closed_at,
  };
}
