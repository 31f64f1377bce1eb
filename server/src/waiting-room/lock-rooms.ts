/** The lock that everything about a room is decided under, and what is read once it is held. */
import type { RoomState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import type { Reader, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { PlaceRow } from './place.ts';
import type { LockedRoom } from './room.ts';

// Rooms before anything else, in the order of their names: instances cannot deadlock.
const LOCK = statement(`/* waiting-room.lock-rooms */
select from waiting_room.room where room = any($1::text[]) order by room for update`);

// A statement of its own: it sees what others committed while the lock was waited for, and the time since.
const READ = statement(`/* waiting-room.read-rooms */
select room, epoch, state, head, last_number, waiting, active, rate_count, rate_window_ms, capacity, allowance,
  (extract(epoch from clock_timestamp() - refilled_at) * 1000)::float8 as elapsed_ms
from waiting_room.room
where room = any($1::text[])`);

const PLACES = statement(`/* waiting-room.read-places */
select t.room, t.number, t.epoch, t.user_id, t.state, t.reservation_id, t.expires_at,
  coalesce(t.expires_at <= clock_timestamp(), false) as overdue
from (select distinct room, number from unnest($1::text[], $2::bigint[]) as p (room, number)) as p
cross join lateral (
  select * from waiting_room.token where room = p.room and number = p.number limit 1
) as t`);

export interface RoomRow {
  readonly room: string;
  readonly epoch: number;
  readonly state: RoomState;
  readonly head: number;
  readonly last_number: number;
  readonly waiting: number;
  readonly active: number;
  readonly rate_count: number | null;
  readonly rate_window_ms: number | null;
  readonly capacity: number | null;
  readonly allowance: number;
  readonly elapsed_ms: number;
}

export type Rooms = ReadonlyMap<string, LockedRoom>;

/** Locks the rooms that exist among these. What is asked of the same transaction right after travels along. */
export async function lockRooms(tx: Tx, names: Iterable<string>): Promise<Rooms> {
  const rooms = [...new Set(names)];
  const [, rows] = await Promise.all([tx.rows(LOCK, [rooms]), tx.rows<RoomRow>(READ, [rooms])]);
  return new Map(rows.map((row) => [row.room, toLockedRoom(row)]));
}

/** The rows of those places that exist. */
export function readPlaces(reader: Reader, places: readonly Place[]): Promise<PlaceRow[]> {
  return reader.rows<PlaceRow>(PLACES, [
    places.map((place) => place.room),
    places.map((place) => place.number),
  ]);
}

export function toLockedRoom(row: RoomRow): LockedRoom {
  return {
    room: row.room,
    epoch: row.epoch,
    state: row.state,
    head: row.head,
    lastNumber: row.last_number,
    waiting: row.waiting,
    active: row.active,
    policy: { rateCount: row.rate_count, rateWindowMs: row.rate_window_ms, capacity: row.capacity },
    allowance: row.allowance,
    elapsedMs: row.elapsed_ms,
  };
}
