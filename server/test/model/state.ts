/**
 * The whole service as plain data: a few lists, and a log that four readers and the clock go through. Nothing here
 * knows a database, an instance or a request. Time is a number that only a story moves.
 */
import type { PlaceState, RoomState } from '#contract/http/queue.ts';
import type { ReservationStatus } from '#contract/http/reservations.ts';

const MINUTE_MS = 60_000;
/** As the settings say when nobody sets them. */
export const HOLD_TTL_MS = 5 * MINUTE_MS;
export const ACTIVE_TTL_MS = 10 * MINUTE_MS;
export const CLAIM_WINDOW_MS = 2 * MINUTE_MS;
/** What an open hold adds to its own end, for its turn. */
export const HOLD_MARGIN_MS = 30_000;

export const PRICE_KRW = 50_000;
export const SEATS_PER_PERSON = 3;
/** Of the sale, and of the other performance, whose sale has yet to open. */
export const SEAT_COUNTS = [5, 2] as const;

/** The room of the sale, and one that is good for nothing. */
export type RoomNo = 0 | 1;
export interface PlaceName {
  readonly room: RoomNo;
  readonly number: number;
}

export interface Place extends PlaceName {
  readonly fan: number;
  state: PlaceState;
  admitted: boolean;
  claimed: boolean;
  expiresMs: number;
  /** After this no hold is made on it. */
  holdsUntilMs: number;
  /** Which holds keep it open beyond that, until when. */
  keptFor: Record<string, number>;
  spentOn: string | null;
  reopened: boolean;
}

export interface Room {
  state: RoomState;
  capacity: number;
  head: number;
  admitted: number;
}

export interface Hold {
  readonly fan: number;
  readonly show: number;
  readonly seats: readonly number[];
  readonly payNow: boolean;
  readonly place: PlaceName;
  readonly expiresMs: number;
  state: 'HELD' | 'SOLD' | 'RELEASED';
}

export interface Payment {
  state: 'DUE' | 'PAID' | 'REFUNDED' | 'LAPSED' | 'REFUSED' | 'VOID';
  /** The hold's while it is due, and then the one that it was paid on. */
  place: PlaceName;
}

export interface Entry {
  readonly fan: number;
  readonly kind: 'CHARGE' | 'PAYMENT' | 'REFUND';
  readonly amount: number;
  readonly balanceAfter: number;
  readonly reservation: string | null;
}

/** What a key has done, for whoever sends it again. */
export interface Deed {
  readonly body: string;
  readonly answer: Answer;
}

export interface LogEvent {
  readonly name:
    | 'SeatReserved'
    | 'ReservationCreated'
    | 'ReservationCancelled'
    | 'PaymentProcessed'
    | 'PaymentProcessingFailed'
    | 'TokenExpirationFailed';
  readonly reservation: string;
  readonly reason?: 'lapsed' | 'refused';
}

export type Reader = 'seats' | 'reservations' | 'payments' | 'waiting-room';

export interface State {
  nowMs: number;
  readonly rooms: readonly [Room, Room];
  readonly places: Place[];
  readonly holds: Record<string, Hold>;
  /** Who has each seat of each performance, by the name of the reservation. */
  readonly seats: (string | null)[][];
  /** Seats that changed hands since everything was settled: the memory of an instance may be behind with them. */
  changed: string[];
  readonly reservations: Record<string, ReservationStatus>;
  readonly payments: Record<string, Payment>;
  readonly entries: Entry[];
  readonly deeds: Record<string, Deed>;
  log: LogEvent[];
  /** How many events each has taken. */
  read: Record<Reader, number>;
}

/** What somebody is told, as far as it matters: a status and some fields, reservations by their names. */
export type Answer = { readonly status: number } & Readonly<Record<string, unknown>>;

export function newState(capacity: number): State {
  return {
    nowMs: 0,
    rooms: [
      { state: 'OPEN', capacity, head: 0, admitted: 0 },
      { state: 'OPEN', capacity: 1_000, head: 0, admitted: 0 },
    ],
    places: [],
    holds: {},
    seats: SEAT_COUNTS.map((count) => Array.from({ length: count }, () => null)),
    changed: [],
    reservations: {},
    payments: {},
    entries: [],
    deeds: {},
    log: [],
    read: { seats: 0, reservations: 0, payments: 0, 'waiting-room': 0 },
  };
}

export function placeIn(state: State, { room, number }: PlaceName): Place {
  const found = state.places.find((place) => place.room === room && place.number === number);
  if (found === undefined) throw new Error(`the model knows no number ${number} of room ${room}`);
  return found;
}

export function balanceOf(state: State, fan: number): number {
  return state.entries.findLast((entry) => entry.fan === fan)?.balanceAfter ?? 0;
}

export function post(state: State, { fan, kind, amount, reservation }: Omit<Entry, 'balanceAfter'>): number {
  const balanceAfter = balanceOf(state, fan) + amount;
  state.entries.push({ fan, kind, amount, balanceAfter, reservation });
  return balanceAfter;
}

/** How many seats of a performance somebody holds or owns. */
export function seatsOf(state: State, fan: number, show: number): number {
  const open = Object.values(state.holds).filter((hold) => hold.fan === fan && hold.show === show);
  return open.filter((hold) => hold.state !== 'RELEASED').reduce((sum, hold) => sum + hold.seats.length, 0);
}

export function putSeats(state: State, name: string, owner: string | null): void {
  const hold = holdOf(state, name);
  const seats = state.seats[hold.show] ?? [];
  for (const seat of hold.seats) {
    seats[seat - 1] = owner;
    state.changed.push(seatKey(hold.show, seat));
  }
}

export function holdOf(state: State, name: string): Hold {
  const hold = state.holds[name];
  if (hold === undefined) throw new Error(`the model knows no hold ${name}`);
  return hold;
}

export function amountOf(hold: Hold): number {
  return hold.seats.length * PRICE_KRW;
}

export function seatKey(show: number, seat: number): string {
  return `${show}/${seat}`;
}

/** Without those that are the same. */
export function distinct(states: readonly State[]): State[] {
  return [...new Map(states.map((state) => [JSON.stringify(state), state])).values()];
}
