/** What time does to a room: turns end, the bucket fills, and the next ones are let in. */
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { endPlaces } from './end-places.ts';
import { lockRooms, type RoomRow, toLockedRoom } from './lock-rooms.ts';
import { settleRooms } from './admit.ts';
import type { PlaceRow } from './place.ts';
import { ADMISSIONS_MAX } from './policy.ts';
import { isDue } from './room.ts';

/**
 * The door closes when the time of a turn is over; the turn itself ends this much later. A hold that passed
 * the door at the last moment is then known here as a rule, and has extended it; a later one opens it again.
 */
const TURN_GRACE_MS = 5_000;
const EXPIRIES_MAX = ADMISSIONS_MAX;

// One look at all rooms, without a lock: a room where nothing is to be done costs no more than this.
const LOOK = statement(`/* waiting-room.look */
select r.room, r.epoch, r.state, r.head, r.last_number, r.waiting, r.active, r.rate_count, r.rate_window_ms,
  r.capacity, r.allowance, (extract(epoch from clock_timestamp() - r.refilled_at) * 1000)::float8 as elapsed_ms,
  exists (
    select from waiting_room.token t
    where t.room = r.room and t.state = 'ACTIVE'
      and t.expires_at < clock_timestamp() - $1::int * interval '1 millisecond'
  ) as overdue
from waiting_room.room r
order by r.room`);

const OVERDUE = statement(`/* waiting-room.overdue-turns */
select room, number, epoch, user_id, state, reservation_id, expires_at, true as overdue
from waiting_room.token
where room = $1 and state = 'ACTIVE' and expires_at < clock_timestamp() - $2::int * interval '1 millisecond'
order by expires_at
limit $3`);

export interface TickDeps {
  readonly database: Database;
  readonly activeTtlMs: number;
}

/**
 * True when a room had more to do than fits into one transaction. A room that fails holds up no other; the first
 * failure is thrown when all have had their turn.
 */
export async function tick(deps: TickDeps): Promise<boolean> {
  const looks = await deps.database.rows<RoomRow & { overdue: boolean }>(LOOK, [TURN_GRACE_MS]);
  const due = looks.filter((look) => look.overdue || isDue(toLockedRoom(look)));
  const failures: unknown[] = [];
  let more = false;
  for (const { room } of due) {
    try {
      const full = await deps.database.transaction((tx) => tickRoom(tx, room, deps.activeTtlMs));
      more ||= full;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return more;
}

/** Decides anew under the lock: what was seen without it may be done already, by another instance or a join. */
async function tickRoom(tx: Tx, name: string, activeTtlMs: number): Promise<boolean> {
  const [rooms, overdue] = await Promise.all([
    lockRooms(tx, [name]),
    tx.rows<PlaceRow>(OVERDUE, [name, TURN_GRACE_MS, EXPIRIES_MAX]),
  ]);
  const room = rooms.get(name);
  if (room === undefined) return false;
  if (overdue.length > 0) {
    const endings = overdue.map((row) => ({ row, state: 'EXPIRED' as const }));
    await endPlaces(tx, rooms, endings, activeTtlMs);
    return overdue.length === EXPIRIES_MAX;
  }
  if (!isDue(room)) return false;
  const settled = await settleRooms(tx, [room], new Map(), activeTtlMs);
  const active = settled.get(name)?.view.active ?? 0;
  return active - room.active === ADMISSIONS_MAX;
}
