/** What becomes of places: pure decisions over what was found under the room's lock. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import { type Refusal, refused } from '#contract/problems.ts';
import type { JoinRequest, Purchase, SpendOutcome } from './line.ts';
import type { LockedRoom } from './room.ts';

/** A place as its row says. */
export interface PlaceRow {
  readonly room: string;
  readonly number: number;
  readonly epoch: number;
  readonly user_id: string;
  readonly state: PlaceState;
  readonly reservation_id: string | null;
  /** Of the turn; null for one who was never let in. */
  readonly expires_at: string | null;
  /** The time of the turn is over, even if nobody has ended it yet. */
  readonly overdue: boolean;
}

export type Entry =
  | {
      readonly outcome: 'fresh' | 'repeated';
      readonly room: string;
      readonly userId: string;
      readonly number: number;
    }
  | { readonly outcome: 'present'; readonly row: PlaceRow }
  | Refusal;

/** Gives the next numbers in the order of the requests; a person who is in line already keeps the place. */
export function decideJoins(
  requests: readonly JoinRequest[],
  rooms: ReadonlyMap<string, LockedRoom>,
  live: readonly PlaceRow[],
): Entry[] {
  const present = new Map(live.map((row) => [personKey(row.room, row.user_id), row]));
  const given = new Map<string, number>();
  const last = new Map<string, number>();
  return requests.map(({ room, userId }): Entry => {
    const locked = rooms.get(room);
    if (locked === undefined) return refused('queue.room-not-found');
    const person = personKey(room, userId);
    const row = present.get(person);
    if (row !== undefined) return { outcome: 'present', row };
    const before = given.get(person);
    if (before !== undefined) return { outcome: 'repeated', room, userId, number: before };
    if (locked.state === 'CLOSED') return refused('queue.room-closed', { room });
    const number = (last.get(room) ?? locked.lastNumber) + 1;
    last.set(room, number);
    given.set(person, number);
    return { outcome: 'fresh', room, userId, number };
  });
}

/**
 * The first purchase on a turn has it. Anything else that is not this same purchase has failed.
 *
 * The money was taken while the turn was open: the door saw to that. What became of the turn before the line
 * learnt of it, given up or timed out, takes nothing back; it only must not have bought anything else.
 */
export function decideSpends(purchases: readonly Purchase[], rows: readonly PlaceRow[]): SpendOutcome[] {
  const places = new Map(rows.map((row) => [placeKey(row), row]));
  const spentBy = new Map(rows.map((row) => [placeKey(row), row.reservation_id]));
  return purchases.map(({ turn, userId, reservationId }): SpendOutcome => {
    const key = placeKey(turn);
    const row = places.get(key);
    if (row === undefined || row.epoch !== turn.epoch || row.user_id !== userId) return 'not-active';
    const spent = spentBy.get(key) ?? null;
    if (spent !== null) return spent === reservationId ? 'repeated' : 'already-spent';
    if (row.expires_at === null) return 'not-active';
    spentBy.set(key, reservationId);
    return 'done';
  });
}

/** The rows of these places that are still live: waiting, or with a turn. */
export function liveRows(places: readonly Place[], rows: readonly PlaceRow[]): PlaceRow[] {
  const named = new Set(places.map((place) => `${place.epoch}/${placeKey(place)}`));
  const isNamed = (row: PlaceRow) => named.has(`${row.epoch}/${placeKey(row)}`);
  return rows.filter((row) => (row.state === 'WAITING' || row.state === 'ACTIVE') && isNamed(row));
}

export function placeKey({ room, number }: { readonly room: string; readonly number: number }): string {
  return `${room}/${number}`;
}

function personKey(room: string, userId: string): string {
  return `${room}/${userId}`;
}
