/** What becomes of places: pure decisions over what was found under the room's lock. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import { type Refusal, refused } from '#contract/problems.ts';
import type { JoinRequest, Purchase, SpendOutcome } from './line.ts';
import { hasOpened, type LockedRoom } from './room.ts';

/**
 * The door closes when the time of a turn is over; the turn itself ends this much later. A hold that passed
 * the door at the last moment is then known here as a rule, and has extended it; a later one opens it again.
 */
export const TURN_GRACE_MS = 5_000;
/** After the grace, until a tick of some instance has ended the turn. */
const ENDED_WITHIN_MS = 500;

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
  /** Its owner has come since the turn began. */
  readonly claimed: boolean;
  /** The time of the turn is over, even if nobody has ended it yet. */
  readonly overdue: boolean;
}

/** How a place ends. */
export interface Ending {
  readonly row: PlaceRow;
  readonly state: Exclude<PlaceState, 'WAITING' | 'ACTIVE'>;
  /** What it was spent on. */
  readonly reservationId?: string;
}

export type Entry =
  | {
      readonly outcome: 'fresh' | 'repeated';
      readonly room: string;
      readonly userId: string;
      readonly number: number;
    }
  | { readonly outcome: 'present'; readonly row: PlaceRow }
  /** Not decided: somebody else is at the room. */
  | { readonly outcome: 'again' }
  | Refusal;

/**
 * Gives the next numbers in the order of the requests; a person who is in line already keeps the place.
 *
 * Whose turn has run out gets no new place before the turn has ended: a hold of the last moment that is not known here
 * yet opens the turn again only for somebody who has no other place, and without a turn its seats could not be paid.
 */
export function decideJoins(
  requests: readonly JoinRequest[],
  { rooms, busy }: { readonly rooms: ReadonlyMap<string, LockedRoom>; readonly busy: ReadonlySet<string> },
  live: readonly PlaceRow[],
): Entry[] {
  const present = new Map(live.map((row) => [personKey(row.room, row.user_id), row]));
  const given = new Map<string, number>();
  const last = new Map<string, number>();
  return requests.map(({ room, userId }): Entry => {
    if (busy.has(room)) return { outcome: 'again' };
    const locked = rooms.get(room);
    if (locked === undefined) return refused('queue.room-not-found');
    const person = personKey(room, userId);
    const row = present.get(person);
    if (row?.overdue === true) return refused('queue.turn-ending', { retryAfterMs: endsInMs(row, locked) });
    if (row !== undefined) return { outcome: 'present', row };
    const before = given.get(person);
    if (before !== undefined) return { outcome: 'repeated', room, userId, number: before };
    if (locked.state === 'CLOSED') return refused('queue.room-closed', { room });
    if (!hasOpened(locked)) return refused('queue.room-not-open', { opensAt: locked.opensAt });
    const number = (last.get(room) ?? locked.lastNumber) + 1;
    last.set(room, number);
    given.set(person, number);
    return { outcome: 'fresh', room, userId, number };
  });
}

function endsInMs({ expires_at: expiresAt }: PlaceRow, { at }: LockedRoom): number {
  const graceEndsMs = Date.parse(expiresAt ?? at) + TURN_GRACE_MS;
  return Math.max(0, graceEndsMs - Date.parse(at)) + ENDED_WITHIN_MS;
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

/** Who leaves without ever having been let in is the next one to have left the room's line. By place. */
export function departures(
  endings: readonly Ending[],
  rooms: ReadonlyMap<string, LockedRoom>,
): Map<string, number> {
  const leaving = endings.filter((ending) => ending.row.state === 'WAITING').map((ending) => ending.row);
  const byRoom = Map.groupBy(leaving, (row) => row.room);
  return new Map(
    [...byRoom].flatMap(([room, rows]) => {
      const before = rooms.get(room)?.departed ?? 0;
      return rows.map((row, index): [string, number] => [placeKey(row), before + 1 + index]);
    }),
  );
}

/** Turns of people who are here again, and have not been taken up. */
export function unclaimed(entries: readonly Entry[]): Place[] {
  return entries.flatMap((entry) => {
    if (entry.outcome !== 'present') return [];
    const { room, epoch, number, state, claimed } = entry.row;
    return state === 'ACTIVE' && !claimed ? [{ room, epoch, number }] : [];
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
