/** The rules of holding: pure, over what was found and locked. */
import { type Refusal, refused } from '#contract/problems.ts';
import type { Place } from '#contract/ids.ts';

export interface HoldRequest {
  /** Derived from buyer and idempotency key: the same request always names the same reservation. */
  readonly reservationId: string;
  readonly userId: string;
  readonly performanceId: number;
  /** Ascending, without duplicates. */
  readonly seatNos: readonly number[];
  readonly turn: Place;
  /** Take the money as soon as the reservation exists, without a request of its own. */
  readonly payNow: boolean;
  readonly fingerprint: Buffer;
}

export interface Held {
  readonly outcome: 'held';
  /** True when this is the answer to an earlier request with the same key. */
  readonly replayed: boolean;
  readonly reservationId: string;
  readonly performanceId: number;
  readonly seatNos: readonly number[];
  readonly amountKrw: number;
  readonly expiresAt: string;
}

export type HoldOutcome = Held | Refusal;

/** A seat that is free and locked by the transaction that decides. */
export interface FreeSeat {
  readonly performance_id: number;
  readonly seat_no: number;
  readonly version: number;
  readonly price_krw: number;
}

/** What holds for everybody at a performance. */
export interface Terms {
  readonly performance_id: number;
  readonly room: string;
  readonly seat_count: number;
  readonly seats_per_person: number;
  readonly sale_opens_at: string;
  readonly sale_closes_at: string;
  /** The database's time once everything was locked; the same for the whole batch. */
  readonly at: string;
}

/** Somebody who held seats there before. */
export interface Buyer {
  readonly performance_id: number;
  readonly user_id: string;
  /** Held or owned now. */
  readonly seat_count: number;
}

/** A hold as the table remembers it. */
export interface HoldRow {
  readonly reservation_id: string;
  readonly performance_id: number;
  readonly seat_nos: number[];
  readonly amount_krw: number;
  readonly expires_at: string;
  readonly fingerprint: Buffer;
}

export interface Grant {
  readonly request: HoldRequest;
  readonly seats: readonly FreeSeat[];
  readonly amountKrw: number;
  readonly heldAt: string;
  readonly expiresAt: string;
}

export type Decision =
  | HoldOutcome
  | { readonly outcome: 'granted'; readonly grant: Grant }
  | { readonly outcome: 'again' };

export interface Found {
  readonly holds: readonly HoldRow[];
  readonly terms: readonly Terms[];
  readonly buyers: readonly Buyer[];
  readonly freeSeats: readonly FreeSeat[];
}

/**
 * Decides a batch in order of arrival, each request on what the ones before it left. A seat that an earlier
 * one was granted is taken: nobody is answered until the whole batch is committed, and when that fails all of
 * it is decided anew. Only a key that comes twice waits for the next batch, where its answer can be recalled.
 */
export function decideHolds(requests: readonly HoldRequest[], found: Found, holdTtlMs: number): Decision[] {
  const holds = new Map(found.holds.map((hold) => [hold.reservation_id, hold]));
  const terms = new Map(found.terms.map((row) => [row.performance_id, termsOf(row, holdTtlMs)]));
  const owned = new Map(
    found.buyers.map((row) => [buyerKey(row.performance_id, row.user_id), row.seat_count]),
  );
  const free = new Map(found.freeSeats.map((seat) => [seatKey(seat.performance_id, seat.seat_no), seat]));
  const granted = new Set<string>();

  return requests.map((request): Decision => {
    const { reservationId, performanceId, userId, seatNos } = request;
    const before = holds.get(reservationId);
    if (before !== undefined) return repeated(request, before);
    if (granted.has(reservationId)) return { outcome: 'again' };

    const all = terms.get(performanceId);
    if (all === undefined) return refused('performance.not-found');
    const buyer = buyerKey(performanceId, userId);
    const has = owned.get(buyer) ?? 0;
    const refusal = refuseByTerms(request, all, has);
    if (refusal !== undefined) return refusal;
    const seats = seatNos.flatMap((seatNo) => free.get(seatKey(performanceId, seatNo)) ?? []);
    if (seats.length < seatNos.length) {
      const taken = seatNos.filter((seatNo) => !free.has(seatKey(performanceId, seatNo)));
      return refused('seats.taken', { seats: taken });
    }

    granted.add(reservationId);
    for (const seatNo of seatNos) free.delete(seatKey(performanceId, seatNo));
    owned.set(buyer, has + seats.length);
    const amountKrw = seats.reduce((sum, seat) => sum + seat.price_krw, 0);
    const { at: heldAt, expiresAt } = all;
    return { outcome: 'granted', grant: { request, seats, amountKrw, heldAt, expiresAt } };
  });
}

/** With the end of a hold that begins now. */
function termsOf(terms: Terms, holdTtlMs: number): Terms & { readonly expiresAt: string } {
  return { ...terms, expiresAt: endOfHold(terms.at, holdTtlMs) };
}

/** The time is known in whole milliseconds, cut off: with one more no hold is shorter than promised. */
function endOfHold(heldAt: string, holdTtlMs: number): string {
  return new Date(Date.parse(heldAt) + holdTtlMs + 1).toISOString();
}

function refuseByTerms(request: HoldRequest, terms: Terms, has: number): Refusal | undefined {
  if (terms.room !== request.turn.room) return refused('queue.token-foreign', { room: terms.room });
  // Instants of one form sort as text.
  if (terms.at < terms.sale_opens_at || terms.at >= terms.sale_closes_at) {
    return refused('sale.not-open', { opensAt: terms.sale_opens_at, closesAt: terms.sale_closes_at });
  }
  const unknown = request.seatNos.filter((seatNo) => seatNo > terms.seat_count);
  if (unknown.length > 0) return refused('seats.not-found', { seats: unknown });
  if (has + request.seatNos.length > terms.seats_per_person) {
    return refused('seats.limit-reached', { limit: terms.seats_per_person, has });
  }
  return undefined;
}

/** Same key: the same answer as the first time, whatever became of the hold since; another body is refused. */
export function repeated(request: HoldRequest, before: HoldRow): HoldOutcome {
  if (!before.fingerprint.equals(request.fingerprint)) return refused('idempotency.key-reused');
  return {
    outcome: 'held',
    replayed: true,
    reservationId: before.reservation_id,
    performanceId: before.performance_id,
    seatNos: before.seat_nos,
    amountKrw: before.amount_krw,
    expiresAt: before.expires_at,
  };
}

function seatKey(performanceId: number, seatNo: number): string {
  return `${performanceId}/${seatNo}`;
}

export function buyerKey(performanceId: number, userId: string): string {
  return `${performanceId}/${userId}`;
}
