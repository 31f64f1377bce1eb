/** What is due for a reservation, and the rules of paying it: pure, over what was found and locked. */
import assert from 'node:assert/strict';
import type { EventOf, SeatAtVersion } from '#contract/events.ts';
import type { Place } from '#contract/ids.ts';
import { type Refusal, refused } from '#contract/problems.ts';
import type { Ledger, Transfer } from './wallet.ts';

export type PaymentState = 'DUE' | 'PAID' | 'REFUNDED' | 'LAPSED' | 'REFUSED' | 'VOID';

/** A row of payments.payment. */
export interface PaymentRow {
  readonly payment_id: string;
  readonly reservation_id: string;
  readonly user_id: string;
  readonly performance_id: number;
  readonly seats: SeatAtVersion[];
  readonly amount_krw: number;
  readonly turn_room: string | null;
  readonly turn_epoch: number | null;
  readonly turn_number: number | null;
  readonly state: PaymentState;
  readonly expires_at: string;
}

export const COLUMNS = `payment_id, reservation_id, user_id, performance_id, seats, amount_krw,
  turn_room, turn_epoch, turn_number, state, expires_at`;

export interface PayRequest {
  /** The id of the transfer that pays. Derived from user and idempotency key. */
  readonly requestId: string;
  readonly userId: string;
  readonly reservationId: string;
  /** The turn that it is paid on, and that it spends: not always the one that the hold was made on. */
  readonly turn: Place;
  readonly fingerprint: Buffer;
}

export interface Paid {
  readonly outcome: 'paid';
  /** True when this is the answer to an earlier request with the same key. */
  readonly replayed: boolean;
  readonly paymentId: string;
  readonly reservationId: string;
  readonly amountKrw: number;
  readonly balanceKrw: number;
  readonly paidAt: string;
}

export type PayOutcome = Paid | Refusal;

export interface PayDecision {
  /** When it was decided, by the database's clock. */
  readonly at: string;
  /** One for each request, in order. */
  readonly outcomes: readonly PayOutcome[];
  readonly paid: readonly { readonly payment: PaymentRow; readonly requestId: string }[];
}

/** Decides payments in order of arrival; what they move is posted to the ledger. */
export function decidePayments(
  requests: readonly PayRequest[],
  payments: readonly PaymentRow[],
  ledger: Ledger,
): PayDecision {
  const found = new Map(payments.map((payment) => [payment.reservation_id, payment]));
  const paid = new Map<string, { payment: PaymentRow; requestId: string }>();

  const outcomes = requests.map((request): PayOutcome => {
    const { requestId, userId, reservationId, turn, fingerprint } = request;
    const payment = found.get(reservationId);
    const before = ledger.recall(requestId);
    if (before !== undefined && !isRepeated(request, before)) return refused('idempotency.key-reused');
    // Somebody else's is as good as none.
    if (payment === undefined || payment.user_id !== userId) return refused('reservation.not-found');
    if (before !== undefined) return paidBy(before, payment, true);
    const refusal =
      refuseByState(payment, paid.has(reservationId), ledger) ?? refuseByTerms(payment, turn, ledger);
    if (refusal !== undefined) return refusal;

    paid.set(reservationId, { payment: paidOnTurn(payment, turn), requestId });
    const movement = { transferId: requestId, walletId: userId, amountKrw: payment.amount_krw };
    const transfer = ledger.post({ kind: 'PAYMENT', ...movement, reservationId, fingerprint });
    return paidBy(transfer, payment, false);
  });
  return { at: ledger.at, outcomes, paid: [...paid.values()] };
}

function refuseByState(payment: PaymentRow, paidJustNow: boolean, ledger: Ledger): Refusal | undefined {
  const { payment_id: paymentId, state } = payment;
  if (state === 'PAID' || paidJustNow) return refused('payment.already-paid', { paymentId });
  // Past its time it is lapsed, whether or not the sweep has been there. Instants of one form sort as text.
  if (state === 'LAPSED' || (state === 'DUE' && payment.expires_at <= ledger.at))
    return refused('payment.lapsed');
  return state === 'DUE' ? undefined : refused('payment.closed', { paymentStatus: state });
}

function refuseByTerms(payment: PaymentRow, turn: Place, ledger: Ledger): Refusal | undefined {
  const { turn_room: room, amount_krw: amount } = payment;
  // A turn lets its holder buy what its room is for, and nothing else.
  if (turn.room !== room) return refused('queue.token-foreign', { room });
  const balance = ledger.balanceOf(payment.user_id);
  if (balance >= amount) return undefined;
  return refused('wallet.insufficient', { balance, amount, shortfall: amount - balance });
}

/** The hold's turn may be spent on another purchase by now: what is paid spends the turn that it is paid on. */
function paidOnTurn(payment: PaymentRow, { room, epoch, number }: Place): PaymentRow {
  return { ...payment, turn_room: room, turn_epoch: epoch, turn_number: number };
}

/** Whether a request is the earlier one again: its key named the same transfer, so only the body can differ. */
function isRepeated(request: PayRequest, before: Transfer): boolean {
  return before.fingerprint?.equals(request.fingerprint) === true;
}

/** Same key: the same answer as the first time, whatever became of the payment since; another body is refused. */
export function repeated(
  request: PayRequest,
  before: Transfer,
  payment: Pick<PaymentRow, 'payment_id' | 'reservation_id'>,
): PayOutcome {
  return isRepeated(request, before) ? paidBy(before, payment, true) : refused('idempotency.key-reused');
}

function paidBy(
  transfer: Transfer,
  payment: Pick<PaymentRow, 'payment_id' | 'reservation_id'>,
  replayed: boolean,
): Paid {
  return {
    outcome: 'paid',
    replayed,
    paymentId: payment.payment_id,
    reservationId: payment.reservation_id,
    amountKrw: transfer.amountKrw,
    balanceKrw: transfer.balanceAfterKrw,
    paidAt: transfer.at,
  };
}

export function processed(payment: PaymentRow): EventOf<'PaymentProcessed'> {
  return {
    name: 'PaymentProcessed',
    ...claimOf(payment),
    paymentId: payment.payment_id,
    amountKrw: payment.amount_krw,
    turn: turnOf(payment),
  };
}

export function processingFailed(
  payment: PaymentRow,
  reason: EventOf<'PaymentProcessingFailed'>['reason'],
): EventOf<'PaymentProcessingFailed'> {
  return { name: 'PaymentProcessingFailed', ...claimOf(payment), reason };
}

function claimOf(payment: PaymentRow) {
  return {
    reservationId: payment.reservation_id,
    userId: payment.user_id,
    performanceId: payment.performance_id,
    seats: payment.seats,
  };
}

/** The turn of a payment: the hold's while it is due, and then the one that it was paid on. */
export function turnOf({ turn_room: room, turn_epoch: epoch, turn_number: number }: PaymentRow): Place {
  assert(room !== null && epoch !== null && number !== null, 'what was ever due knows its turn');
  return { room, epoch, number };
}
