/** Opens what is due for each new reservation, and takes the money at once where the buyer asked for it. */
import assert from 'node:assert/strict';
import type { EventOf } from '#contract/events.ts';
import { derivedUuid, fingerprint } from '../platform/identifiers.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { closePayments } from './close-payments.ts';
import { paymentIdOf } from './lock-payments.ts';
import { takePayments } from './pay-reservations.ts';
import { COLUMNS, type PaymentRow, processed, processingFailed, turnOf } from './payment.ts';

// One that comes when its time is over already is born lapsed. One that is there already (the event is a
// repeated one, or the buyer gave the seats back before) stays as it is. Only those are returned about which there is more to
// do: that are born lapsed, or to be paid at once.
const OPEN = statement(`/* payments.open */
with opened as (
insert into payments.payment (
  payment_id, reservation_id, user_id, performance_id, seats, amount_krw, turn_room, turn_epoch, turn_number,
  expires_at, opened_at, state, closed_at
)
select r.*, t.at,
  case when r.expires_at > t.at then 'DUE' else 'LAPSED' end,
  case when r.expires_at > t.at then null else t.at end
from unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::json[], $6::int[], $7::text[], $8::int[], $9::bigint[],
    $10::timestamptz[]
  ) as r (
    payment_id, reservation_id, user_id, performance_id, seats, amount_krw, turn_room, turn_epoch, turn_number,
    expires_at
  ),
  (select date_trunc('milliseconds', clock_timestamp()) as at) as t
on conflict (payment_id) do nothing
returning ${COLUMNS}
)
select * from opened where state = 'LAPSED' or reservation_id = any ($11::uuid[])`);

type Created = EventOf<'ReservationCreated'>;
type Opened = EventOf<'PaymentProcessed'> | EventOf<'PaymentProcessingFailed'>;

export async function openPayments(tx: Tx, reservations: readonly Created[]): Promise<Opened[]> {
  const opened = await open(tx, reservations);
  const lapsed = opened.filter((payment) => payment.state === 'LAPSED');
  const payNow = opened.filter((payment) => payment.state === 'DUE');
  return [
    ...lapsed.map((payment) => processingFailed(payment, 'lapsed')),
    ...(payNow.length > 0 ? await payAtOnce(tx, payNow) : []),
  ];
}

function open(tx: Tx, reservations: readonly Created[]): Promise<PaymentRow[]> {
  return tx.rows<PaymentRow>(OPEN, [
    reservations.map((r) => paymentIdOf(r.reservationId)),
    reservations.map((r) => r.reservationId),
    reservations.map((r) => r.userId),
    reservations.map((r) => r.performanceId),
    reservations.map((r) => JSON.stringify(r.seats)),
    reservations.map((r) => r.amountKrw),
    reservations.map((r) => r.turn.room),
    reservations.map((r) => r.turn.epoch),
    reservations.map((r) => r.turn.number),
    reservations.map((r) => r.expiresAt),
    reservations.filter((r) => r.payNow).map((r) => r.reservationId),
  ]);
}

/** The same decision as for a request to pay; but nobody is there to charge and try again, so short is refused. */
async function payAtOnce(tx: Tx, payments: readonly PaymentRow[]): Promise<Opened[]> {
  const { at, outcomes, paid } = await takePayments(
    tx,
    payments.map((payment) => {
      const { reservation_id: reservationId, user_id: userId } = payment;
      return {
        requestId: derivedUuid('pay-now', reservationId),
        userId,
        reservationId,
        turn: turnOf(payment),
        fingerprint: fingerprint({ reservationId }),
      };
    }),
  );
  const refused = payments.filter((_, index) => {
    const outcome = outcomes[index];
    if (outcome?.outcome !== 'refused') return false;
    // One whose last moment has just passed is still due here; the sweep lapses it like any other.
    if (outcome.problem === 'payment.lapsed') return false;
    assert.equal(outcome.problem, 'wallet.insufficient', 'a payment just opened lacks nothing but money');
    return true;
  });
  closePayments(tx, refused, 'REFUSED', at);
  return [
    ...paid.map(({ payment }) => processed(payment)),
    ...refused.map((payment) => processingFailed(payment, 'refused')),
  ];
}

/** For a reservation whose payment could not be opened however often it was tried. */
export function openingFailed(reservation: Created): EventOf<'PaymentProcessingFailed'> {
  const { reservationId, userId, performanceId, seats } = reservation;
  return { name: 'PaymentProcessingFailed', reservationId, userId, performanceId, seats, reason: 'failed' };
}
