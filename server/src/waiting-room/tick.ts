/** What time does to a room: turns end, the bucket fills, a room opens, and the next ones are let in. */
import assert from 'node:assert/strict';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { settleRooms } from './admit.ts';
import { endPlaces } from './end-places.ts';
import type { TurnTimes } from './line.ts';
import { lockRooms } from './lock-rooms.ts';
import { type PlaceRow, TURN_GRACE_MS } from './place.ts';
import { ADMISSIONS_MAX } from './policy.ts';
import { dueInMs, isDue } from './room.ts';
import { ROOM_COLUMNS, ROOM_NOW, type RoomRow, toLockedRoom } from './room-row.ts';

const EXPIRIES_MAX = ADMISSIONS_MAX;

// One look at all rooms, without a lock: a room where nothing is to be done costs no more than this, and one where
// nothing can be done, because nobody is in it or because whoever waits is not let in, not even that. The order pins the
// index of the turns in the order in which they end, and its first row answers.
const LOOK = statement(`/* waiting-room.look */
select ${ROOM_COLUMNS}, coalesce((
    select t.expires_at < clock.at - $1::int * interval '1 millisecond'
    from waiting_room.token t
    where t.room = r.room and t.state = 'ACTIVE'
    order by t.expires_at
    limit 1
  ), false) as overdue
from ${ROOM_NOW}
where r.active > 0 or (r.state = 'OPEN' and r.waiting > 0)
order by r.room`);

// A turn that is just being taken up is left alone, and found open by the next look. Nobody waits for anybody here, so
// the order of the locks is free. The time is read once: a bound that might change would be no bound of the index.
const OVERDUE = statement(`/* waiting-room.overdue-turns */
select room, number, epoch, user_id, state, reservation_id, expires_at, claimed_at is not null as claimed,
  true as overdue
from waiting_room.token
where room = $1 and state = 'ACTIVE'
  and expires_at < (select clock_timestamp() - $2::int * interval '1 millisecond')
order by expires_at
limit $3
for update skip locked`);

export interface TickDeps extends TurnTimes {
  readonly database: Database;
}

/**
 * When there will be somebody to let in, as far as is known; 0 when a room had more to do than fits into one
 * transaction. A room that fails holds up no other; the first failure is thrown when all have had their turn.
 */
export async function tick(deps: TickDeps): Promise<number> {
  const looks = await deps.database.rows<RoomRow & { overdue: boolean }>(LOOK, [TURN_GRACE_MS]);
  const failures: unknown[] = [];
  let soonestMs = Number.POSITIVE_INFINITY;
  for (const { overdue, ...row } of looks) {
    const room = toLockedRoom(row);
    if (!overdue && !isDue(room)) {
      soonestMs = Math.min(soonestMs, dueInMs(room));
      continue;
    }
    try {
      const nextMs = await deps.database.transaction((tx) => tickRoom(tx, room.room, deps));
      soonestMs = Math.min(soonestMs, nextMs);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return soonestMs;
}

/** Decides anew under the lock: what was seen without it may be done already, by another instance or a join. */
async function tickRoom(tx: Tx, name: string, times: TurnTimes): Promise<number> {
  const [rooms, overdue] = await Promise.all([
    lockRooms(tx, [name]),
    tx.rows<PlaceRow>(OVERDUE, [name, TURN_GRACE_MS, EXPIRIES_MAX]),
  ]);
  const room = rooms.get(name);
  if (room === undefined || (overdue.length === 0 && !isDue(room))) return Number.POSITIVE_INFINITY;
  const endings = overdue.map((row) => ({ row, state: 'EXPIRED' as const }));
  const settled =
    endings.length > 0
      ? await endPlaces(tx, rooms, endings, times)
      : await settleRooms(tx, [room], new Map(), times);
  const after = settled.get(name)?.room;
  assert(after !== undefined, 'the room that was locked is the room that was settled');
  return overdue.length === EXPIRIES_MAX ? 0 : dueInMs(after);
}
