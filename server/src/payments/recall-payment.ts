/** What an earlier request with the same key was answered. */
import type { Reader } from '../platform/postgres/database.ts';
import { paymentIdOf } from './lock-payments.ts';
import { type PayOutcome, type PayRequest, repeated } from './payment.ts';
import { recallTransfers } from './post-transfers.ts';

/** The answer of the earlier request, or that its body was another one; undefined when it paid nothing. */
export async function recallPayment(reader: Reader, request: PayRequest): Promise<PayOutcome | undefined> {
  const { requestId, reservationId } = request;
  const [before] = await recallTransfers(reader, [requestId]);
  if (before === undefined) return undefined;
  return repeated(request, before, { payment_id: paymentIdOf(reservationId), reservation_id: reservationId });
}
