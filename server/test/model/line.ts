/**
 * The line in the simplest words: who has which place, and who is let in. Changes the state that it is given. A part of
 * the model of the whole service, it says what HTTP may answer; how the rows of a room go on, and whom a rate lets in at
 * which moment, is held against the model of `server/test/support/line-model.ts`.
 */
import {
  ACTIVE_TTL_MS,
  CLAIM_WINDOW_MS,
  HOLD_MARGIN_MS,
  holdOf,
  type Place,
  placeIn,
  type PlaceName,
  type RoomNo,
  type State,
} from './state.ts';

export function livePlace(state: State, fan: number, room: RoomNo): Place | undefined {
  return state.places.find((place) => place.fan === fan && place.room === room && isLive(place));
}

function isLive({ state }: Place): boolean {
  return state === 'WAITING' || state === 'ACTIVE';
}

/** Its time is over, whether or not anybody has noted it. */
export function isOverdue(state: State, place: Place): boolean {
  return place.state === 'ACTIVE' && place.expiresMs <= state.nowMs;
}

export function countIn(state: State, room: RoomNo, what: Place['state']): number {
  return state.places.filter((place) => place.room === room && place.state === what).length;
}

export function lastNumber(state: State, room: RoomNo): number {
  return state.places.filter((place) => place.room === room).length;
}

/** Who really stands in front. */
export function ahead(state: State, place: Place): number {
  if (place.state !== 'WAITING') return 0;
  const before = state.places.filter(({ room, number }) => room === place.room && number < place.number);
  return before.filter((other) => other.state === 'WAITING').length;
}

export function giveNumber(state: State, fan: number, room: RoomNo): Place {
  const place: Place = {
    room,
    number: lastNumber(state, room) + 1,
    fan,
    state: 'WAITING',
    admitted: false,
    claimed: false,
    expiresMs: 0,
    holdsUntilMs: 0,
    keptFor: {},
    spentOn: null,
    reopened: false,
  };
  state.places.push(place);
  admit(state, room);
  if (place.state === 'ACTIVE') claim(state, place);
  return place;
}

/** Those who came first, as many as there is space for. */
export function admit(state: State, roomNo: RoomNo): void {
  const room = state.rooms[roomNo];
  while (room.state === 'OPEN' && countIn(state, roomNo, 'ACTIVE') < room.capacity) {
    const next = state.places.find((place) => place.room === roomNo && place.state === 'WAITING');
    if (next === undefined) return;
    next.state = 'ACTIVE';
    next.admitted = true;
    next.expiresMs = state.nowMs + CLAIM_WINDOW_MS;
    next.holdsUntilMs = next.expiresMs;
    room.head = next.number;
    room.admitted++;
  }
}

/** Its owner has come. */
export function claim(state: State, place: Place): void {
  if (place.state !== 'ACTIVE' || place.claimed || isOverdue(state, place)) return;
  place.claimed = true;
  place.holdsUntilMs = state.nowMs + ACTIVE_TTL_MS;
  place.expiresMs = Math.max(place.expiresMs, place.holdsUntilMs);
}

export function leave(state: State, place: Place): void {
  if (!isLive(place)) return;
  place.state = 'LEFT';
  admit(state, place.room);
}

/** The first purchase on a turn has it, even if it was given up since. */
export function spend(state: State, name: PlaceName, reservation: string): boolean {
  const place = placeIn(state, name);
  if (place.spentOn !== null) return place.spentOn === reservation;
  if (!place.admitted) return false;
  place.spentOn = reservation;
  place.state = 'SPENT';
  admit(state, place.room);
  return true;
}

/** Keeps the turn as long as the hold; one that timed out is open again, unless its owner has another place. */
export function extend(state: State, reservation: string): void {
  const hold = holdOf(state, reservation);
  const place = placeIn(state, hold.place);
  const untilMs = hold.expiresMs + HOLD_MARGIN_MS;
  if (place.holdsUntilMs >= untilMs) return;
  const isAnew = livePlace(state, place.fan, place.room) !== undefined;
  if (place.state === 'EXPIRED' && hold.expiresMs > state.nowMs && !isAnew) {
    Object.assign(place, { state: 'ACTIVE', expiresMs: untilMs, keptFor: {}, reopened: true });
  }
  if (place.state !== 'ACTIVE') return;
  place.keptFor[reservation] = untilMs;
  place.expiresMs = Math.max(place.expiresMs, untilMs);
}

/** The hold came to nothing: the turn ends when it would have without it. */
export function shorten(state: State, reservation: string): void {
  const place = placeIn(state, holdOf(state, reservation).place);
  if (place.state !== 'ACTIVE' || place.keptFor[reservation] === undefined) return;
  const { [reservation]: _, ...others } = place.keptFor;
  place.keptFor = others;
  place.expiresMs = Math.max(place.holdsUntilMs, ...Object.values(others));
}

export function endOverdue(state: State): boolean {
  const over = state.places.filter((place) => isOverdue(state, place));
  for (const place of over) place.state = 'EXPIRED';
  for (const room of [0, 1] as const) admit(state, room);
  return over.length > 0;
}
