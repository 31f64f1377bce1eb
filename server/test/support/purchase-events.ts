/** What may follow a hold, made from the event that told of it. */
import type { EventOf } from '#contract/events.ts';
import { newUuid } from '../../src/platform/identifiers.ts';

export type Reserved = EventOf<'SeatReserved'>;

const claimOf = ({ reservationId, performanceId, seats }: Reserved) => ({
  reservationId,
  performanceId,
  seats,
});
const purchaseOf = (reserved: Reserved) => {
  const { userId, amountKrw, turn } = reserved;
  return { ...claimOf(reserved), userId, amountKrw, turn };
};

export function creationFailedOf(reserved: Reserved): EventOf<'ReservationCreationFailed'> {
  return { name: 'ReservationCreationFailed', ...claimOf(reserved) };
}

export function cancelledOf(reserved: Reserved): EventOf<'ReservationCancelled'> {
  return { name: 'ReservationCancelled', ...claimOf(reserved), userId: reserved.userId };
}

export function paidOf(reserved: Reserved): EventOf<'PaymentProcessed'> {
  return { name: 'PaymentProcessed', ...purchaseOf(reserved), paymentId: newUuid() };
}

export function unpaidOf(
  reserved: Reserved,
  reason: EventOf<'PaymentProcessingFailed'>['reason'],
): EventOf<'PaymentProcessingFailed'> {
  return { name: 'PaymentProcessingFailed', ...claimOf(reserved), userId: reserved.userId, reason };
}

export function turnSpentOf(reserved: Reserved): EventOf<'TokenExpirationFailed'> {
  return { name: 'TokenExpirationFailed', ...purchaseOf(reserved), reason: 'spent' };
}
