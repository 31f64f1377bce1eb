/**
 * What people asked of the service and what they were told: one record for each request, made by whoever sent it.
 * A checker judges from these alone, never from the tables.
 *
 * Times are of one monotonic clock, that of the process that records, in milliseconds.
 */
import type { PlaceState } from '#contract/http/queue.ts';
import type { ReservationStatus } from '#contract/http/reservations.ts';

/**
 * `ok`: answered 2xx. `refused`: answered 4xx, so nothing has happened. `unknown`: not answered, or 5xx; it may have
 * happened, may still happen, or never will, but not by halves.
 */
export type Outcome<Told> =
  | { readonly outcome: 'ok'; readonly told: Told }
  | { readonly outcome: 'refused'; readonly problem: string; readonly taken?: readonly number[] }
  /** With the pause that was asked for, when there was one. */
  | { readonly outcome: 'unknown'; readonly problem: string; readonly retryAfterS?: number };

interface Request {
  /** The n-th that was sent. */
  readonly id: number;
  readonly userId: string;
  /** One person may have several: each has seen only what was told to it. */
  readonly device: number;
  /** Which instance was asked, where several are asked by turns. */
  readonly instance: number;
  readonly sentMs: number;
  /** When the answer was there, or it was given up. */
  readonly answeredMs: number;
  /** 0: there was none. */
  readonly status: number;
  /** Of one action: every try of it has the same. Null for what has none. */
  readonly key: string | null;
  /** Asked when everything was over and had settled: what is true in the end. */
  readonly isFinal: boolean;
}

export interface Standing {
  readonly number: number;
  readonly state: PlaceState;
  readonly ahead: number;
}

export interface ToldReservation {
  readonly reservationId: string;
  readonly status: ReservationStatus;
  readonly seats: readonly number[];
  readonly amount: number;
}

export interface ToldEntry {
  readonly transferId: string;
  readonly kind: 'CHARGE' | 'PAYMENT' | 'REFUND';
  /** Negative for what left the wallet. */
  readonly amount: number;
  readonly balanceAfter: number;
  readonly reservationId: string | null;
}

/** What is asked and what is told, by what somebody does. */
export interface Kinds {
  readonly join: Kind<{ readonly room: string }, Standing & { readonly fresh: boolean }>;
  /** At one's place; a 304 tells what the answer before it told. */
  readonly look: Kind<{ readonly room: string }, Standing>;
  readonly leave: Kind<{ readonly room: string }, null>;
  /** At the free seats. `digest` names the content, so that one version can be seen to be one map. */
  readonly map: Kind<
    { readonly performanceId: number },
    { readonly version: string; readonly remaining: number; readonly digest: string }
  >;
  readonly hold: Kind<
    { readonly performanceId: number; readonly seats: readonly number[]; readonly payNow: boolean },
    { readonly reservationId: string; readonly amount: number }
  >;
  readonly 'give-back': Kind<{ readonly reservationId: string }, null>;
  readonly charge: Kind<
    { readonly amount: number },
    { readonly transferId: string; readonly balance: number }
  >;
  readonly pay: Kind<
    { readonly reservationId: string },
    { readonly paymentId: string; readonly amount: number; readonly balance: number }
  >;
  readonly wallet: Kind<null, { readonly balance: number }>;
  /** All pages of it, oldest first. */
  readonly entries: Kind<null, readonly ToldEntry[]>;
  readonly reservation: Kind<{ readonly reservationId: string }, ToldReservation>;
  /** All pages of them. */
  readonly reservations: Kind<null, readonly ToldReservation[]>;
  /** All pages of them. */
  readonly tickets: Kind<
    null,
    readonly { readonly reservationId: string; readonly performanceId: number; readonly seat: number }[]
  >;
  /** What tells nothing that is judged: the dates, a room, a guest account. */
  readonly other: Kind<{ readonly path: string }, null>;
}

interface Kind<Asked, Told> {
  readonly asked: Asked;
  readonly told: Told;
}

export type What = keyof Kinds;
export type AskedOf<W extends What> = Kinds[W]['asked'];
export type ToldOf<W extends What> = Kinds[W]['told'];
type RequestOf<W extends What> = Request & { readonly what: W; readonly asked: AskedOf<W> };
export type OperationOf<W extends What> = RequestOf<W> & Outcome<ToldOf<W>>;
/** One that was answered 2xx. */
export type OkOf<W extends What> = RequestOf<W> & { readonly outcome: 'ok'; readonly told: ToldOf<W> };
export type Operation = { [W in What]: OperationOf<W> }[What];

/** Everything that was recorded, and what was promised to those who asked. */
export interface History {
  readonly room: string;
  readonly performanceId: number;
  /** A hold lasts at least so long. */
  readonly holdTtlMs: number;
  /** Seats that were not free before anybody asked, of a performance that was on sale already. */
  readonly takenBefore: readonly number[];
  /** Events were made to fail for good: a hold that nothing can come of is taken back by the service. */
  readonly givesUp?: boolean;
  /** Seats may have come free so much later than promised: the service was kept from its work on purpose. */
  readonly lateMs?: number;
  /** In the order in which they were sent. */
  readonly operations: readonly Operation[];
}

/** Something that no run of a right service could have answered. */
export interface Contradiction {
  /** Which promise is broken, such as `I1`. */
  readonly promise: string;
  readonly check: string;
  /** One sentence that names who was told what, and when. */
  readonly says: string;
  /** The operations that cannot all be true. */
  readonly operations: readonly number[];
}
