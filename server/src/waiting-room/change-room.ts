/** The organiser's hand on the line: policy, state and opening time, changed while people wait. */
import assert from 'node:assert/strict';
import { invalid, refused } from '#contract/problems.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { settleRooms } from './admit.ts';
import type { ChangeOutcome, RoomChange, RoomChanged, TurnTimes } from './line.ts';
import { lockRooms } from './lock-rooms.ts';
import { type Group, HALF_A_RATE, memoryOf, mergePolicy, type Policy } from './policy.ts';
import { isSameRate, type LockedRoom, type Terms, viewOf } from './room.ts';

const CHANGE = statement(`/* waiting-room.change-room */
update waiting_room.room
set rate_count = $2, rate_window_ms = $3, capacity = $4, state = $5, opens_at = $6
where room = $1`);

// The room's row remembers no longer than the old window; the places remember everything. Down from the head at most
// as many as the new window can hold are looked at: if they are within it, it is full until the first of them leaves.
const RECENT = statement(`/* waiting-room.recent-admissions */
select min(ago_ms)::int as "agoMs", count(*) as count
from (
  select greatest(0, extract(epoch from $3::timestamptz - admitted_at) * 1000)::float8 as ago_ms
  from waiting_room.token
  where room = $1 and number <= $2 and admitted_at is not null
  order by number desc
  limit $4
) as last
where ago_ms < $5::int
group by floor(ago_ms / $6::float8)
order by min(ago_ms) desc`);

export interface ChangeRoomDeps extends TurnTimes {
  readonly database: Database;
}

/** Whom the new policy lets in is let in by the same transaction. Up to this moment the old one holds. */
export function changeRoom(
  deps: ChangeRoomDeps,
  name: string,
  change: RoomChange,
  changed?: RoomChanged,
): Promise<ChangeOutcome> {
  return deps.database.transaction(async (tx): Promise<ChangeOutcome> => {
    const room = (await lockRooms(tx, [name])).get(name);
    if (room === undefined) return refused('queue.room-not-found');
    const policy = mergePolicy(room.policy, change.policy ?? {});
    if (policy === undefined) return invalid(HALF_A_RATE);
    const { state = room.state, opensAt = room.opensAt } = change;
    const terms: Terms = { policy, state, opensAt, ...(await recentUnder(tx, room, policy)) };
    const { rateCount, rateWindowMs, capacity } = policy;
    const [, settled] = await Promise.all([
      tx.rows(CHANGE, [name, rateCount, rateWindowMs, capacity, state, opensAt]),
      settleRooms(tx, [room], new Map([[name, { terms }]]), deps),
    ]);
    const view = settled.get(name)?.view;
    assert(view !== undefined, 'the room that was locked is the room that was settled');
    changed?.(tx, viewOf(room), view, room.at);
    return { outcome: 'changed', view };
  });
}

async function recentUnder(tx: Tx, room: LockedRoom, policy: Policy): Promise<Pick<Terms, 'recent'>> {
  if (isSameRate(room.policy, policy)) return {};
  const memory = memoryOf(policy);
  if (memory === null) return { recent: [] };
  const { count, windowMs, stepMs } = memory;
  return { recent: await tx.rows<Group>(RECENT, [room.room, room.head, room.at, count, windowMs, stepMs]) };
}
