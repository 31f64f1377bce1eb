/**
 * The line as the rest of the module sees it. A store implements this; line.contract.ts is what every store
 * must do. Everything takes sets, and answers in the order of what it was given.
 */
import type { EventOf } from '#contract/events.ts';
import type { PlaceState, RoomState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import type { Refusal } from '#contract/problems.ts';
import type { AGAIN } from '../platform/batcher.ts';
import type { Tx } from '../platform/postgres/database.ts';
import type { Policy } from './policy.ts';
import type { RoomView } from './room.ts';

export interface JoinRequest {
  readonly room: string;
  readonly userId: string;
}

export interface Joined {
  readonly outcome: 'joined';
  /** False: was in line already, with this very place. */
  readonly fresh: boolean;
  readonly place: Place;
  readonly state: PlaceState;
  readonly turnExpiresAt: string | null;
  /** The room right after. */
  readonly view: RoomView;
}

export type JoinOutcome = Joined | Refusal;

/** What became of a number. */
export interface Turn {
  readonly epoch: number;
  readonly userId: string;
  readonly state: PlaceState;
  /** Its owner has come since it began. Until then it ends with the claim window. */
  readonly claimed: boolean;
  readonly expiresAt: string | null;
  /** By the store's clock; null unless ACTIVE. */
  readonly expiresInMs: number | null;
  /** Until its own end, after which no hold is made on it; a hold that is open may keep it longer. Null unless ACTIVE. */
  readonly holdsForMs: number | null;
}

export interface TurnTimes {
  /** Of a turn, from when its owner has come. */
  readonly activeTtlMs: number;
  /** Within which the owner must come. */
  readonly claimWindowMs: number;
}

export interface RoomSetup {
  readonly policy: Policy;
  readonly state: RoomState;
  /** Nobody joins or is let in before it, by the store's clock. */
  readonly opensAt: string | null;
}

export interface RoomChange {
  /** What is left out stays as it is. */
  readonly policy?: Partial<Policy>;
  readonly state?: RoomState;
  readonly opensAt?: string | null;
}

/**
 * Told in the transaction that made or changed a room; `before` is undefined for a new one. `at` is the time of the room at
 * which it was done.
 */
export type RoomChanged = (tx: Tx, before: RoomView | undefined, after: RoomView, at: string) => void;

/** A stretch of those who left a room's line while they waited, as they are counted there. */
export interface Stretch {
  /** Behind so many others who left. */
  readonly after: number;
  /** The how-manieth is the last. */
  readonly upTo: number;
  /** Only those with higher numbers: the others are let in or passed over. */
  readonly head: number;
}

export type ChangeOutcome = { readonly outcome: 'changed'; readonly view: RoomView } | Refusal;

/** A purchase that wants its turn spent, a hold that keeps one open, and one that came to nothing. */
export type Purchase = Pick<EventOf<'PaymentProcessed'>, 'reservationId' | 'userId' | 'turn'>;
export type OpenHold = Pick<EventOf<'SeatReserved'>, 'reservationId' | 'userId' | 'turn' | 'expiresAt'>;
export type EndedHold = Pick<EventOf<'ReservationCancelled'>, 'reservationId' | 'userId'>;
/** `repeated`: spent by this very purchase before; `already-spent`: by another one; `not-active`: never let in. */
export type SpendOutcome = 'done' | 'repeated' | 'already-spent' | 'not-active';

export interface Line {
  /** False: there was one of that name, which stays as it is. */
  createRoom(room: string, setup: RoomSetup, changed?: RoomChanged): Promise<boolean>;
  /** Opens the rooms of sales that were scheduled, where there are none of that name yet. */
  openRooms(tx: Tx, rooms: readonly string[], policy: Policy): Promise<void>;
  /** Takes effect at once, for those who wait too. */
  changeRoom(room: string, change: RoomChange, changed?: RoomChanged): Promise<ChangeOutcome>;
  /**
   * From now on numbers are of the next epoch. Who is in line stays there, in order; a place with a higher number and an
   * earlier epoch, as tokens of a record that is lost name it, is none.
   */
  raiseEpoch(room: string, changed?: RoomChanged): Promise<ChangeOutcome>;
  /** Those of these names that there are, or all, by name. */
  rooms(names?: readonly string[]): Promise<RoomView[]>;
  /**
   * Gives numbers strictly in the order of the requests, and lets in at once whom the policy allows. Whoever joins is
   * here: a turn that is theirs is taken up; while one that has run out has not ended, there is no other place.
   * `AGAIN`, to be asked once more: somebody else is at that room just now. The first request is always decided.
   */
  join(requests: readonly JoinRequest[]): Promise<(JoinOutcome | typeof AGAIN)[]>;
  turns(places: readonly Place[]): Promise<(Turn | undefined)[]>;
  /**
   * Takes turns up: their owners have come. Each lasts its full time from now on. Answers the turns as they are
   * then; one that is not open, or was taken up before, stays as it is.
   */
  claim(places: readonly Place[]): Promise<(Turn | undefined)[]>;
  /** The numbers of people who left a room's line while waiting, in the order in which they did. */
  departures(room: string, stretch: Stretch): Promise<readonly number[]>;
  /** Gives places up. Answers what became of each; undefined for a place that never was. Not decided as with joins. */
  leave(places: readonly Place[]): Promise<(PlaceState | undefined | typeof AGAIN)[]>;
  /** In the order of the log: of two purchases on one turn the earlier has it, even if it was given up since. */
  spend(tx: Tx, purchases: readonly Purchase[]): Promise<SpendOutcome[]>;
  /**
   * Lets no turn end before the hold that was made on it; one that has timed out already is open again. Answers the places
   * of those that would have ended before it.
   */
  extend(tx: Tx, holds: readonly OpenHold[]): Promise<Place[]>;
  /** Lets turns end when they would have without these holds; one whose end is past is ended by the next tick. */
  shorten(tx: Tx, holds: readonly EndedHold[]): Promise<Place[]>;
  /**
   * Ends turns whose time is over and lets in whom the policy allows. Answers in how many milliseconds there will be
   * somebody to let in, as far as is known: 0 when there was more to do than fits into one step.
   */
  tick(): Promise<number>;
}
