/** The lock that everything about a room is decided under, and what is read once it is held. */
import type { Place } from '#contract/ids.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { PlaceRow } from './place.ts';
import type { LockedRoom } from './room.ts';
import { ROOM_COLUMNS, ROOM_NOW, type RoomRow, toLockedRoom } from './room-row.ts';

// Rooms before anything else, in the order of their names: instances cannot deadlock.
const LOCK = statement(`/* waiting-room.lock-rooms */
select room from waiting_room.room where room = any($1::text[]) order by room for update`);

const LOCK_FREE = statement(`/* waiting-room.lock-free-rooms */
select room from waiting_room.room where room = any($1::text[]) for update skip locked`);

// A statement of its own: it sees what others committed while the lock was waited for, and the time since.
const READ = statement(`/* waiting-room.read-rooms */
select ${ROOM_COLUMNS} from ${ROOM_NOW} where r.room = any($1::text[])`);

// A turn is taken up without the room's lock, so its row is locked too; in the order of the keys, as there.
const PLACES = statement(`/* waiting-room.lock-places */
select t.room, t.number, t.epoch, t.user_id, t.state, t.reservation_id, t.expires_at,
  t.claimed_at is not null as claimed, coalesce(t.expires_at <= clock_timestamp(), false) as overdue
from (
  select distinct room, number from unnest($1::text[], $2::bigint[]) as p (room, number) order by room, number
) as p
cross join lateral (
  select * from waiting_room.token where room = p.room and number = p.number limit 1 for update
) as t`);

export type Rooms = ReadonlyMap<string, LockedRoom>;

/** Locks the rooms that exist among these. What is asked of the same transaction right after travels along. */
export async function lockRooms(tx: Tx, names: Iterable<string>): Promise<Rooms> {
  const rooms = [...new Set(names)];
  const [, rows] = await Promise.all([tx.rows(LOCK, [rooms]), tx.rows<RoomRow>(READ, [rooms])]);
  return new Map(rows.map((row) => [row.room, toLockedRoom(row)]));
}

/** The rooms that were locked, and those that somebody else is at. */
export interface FreeRooms {
  readonly rooms: Rooms;
  readonly busy: ReadonlySet<string>;
}

/**
 * Waits for the first of these rooms, and takes of the others what is free: nobody is waited for while a room is held.
 * The log's reader locks rooms in the order in which events name them, several times in one transaction; with those
 * who wait for one room at most it cannot deadlock. A room that somebody keeps locked for long does hold up those who
 * come behind it at the same instance: whoever waits first is never passed over for ever.
 */
export async function lockFreeRooms(tx: Tx, names: Iterable<string>): Promise<FreeRooms> {
  const [first, ...others] = new Set(names);
  const [waitedFor, free, rows] = await Promise.all([
    tx.rows<{ room: string }>(LOCK, [[first]]),
    others.length === 0 ? [] : tx.rows<{ room: string }>(LOCK_FREE, [others]),
    tx.rows<RoomRow>(READ, [[first, ...others]]),
  ]);
  const locked = new Set([...waitedFor, ...free].map(({ room }) => room));
  const isLocked = (room: string) => locked.has(room);
  return {
    rooms: new Map(rows.filter(({ room }) => isLocked(room)).map((row) => [row.room, toLockedRoom(row)])),
    // A room that was made a moment ago is not there yet for whoever asked for it first.
    busy: new Set(rows.map(({ room }) => room).filter((room) => !isLocked(room) && room !== first)),
  };
}

/** Locks the rows of those places that exist. Their rooms are locked before. */
export function lockPlaces(tx: Tx, places: readonly Place[]): Promise<PlaceRow[]> {
  return tx.rows<PlaceRow>(PLACES, [places.map((place) => place.room), places.map((place) => place.number)]);
}
