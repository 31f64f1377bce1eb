/** The organiser's hand on the line: policy and state, changed while people wait. */
import assert from 'node:assert/strict';
import { invalid, refused } from '#contract/problems.ts';
import type { Database } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { settleRooms } from './admit.ts';
import type { ChangeOutcome, RoomChange } from './line.ts';
import { lockRooms } from './lock-rooms.ts';
import { carryOver, HALF_A_RATE, mergePolicy } from './policy.ts';

// The old rate holds up to this moment, the new one from it on.
const CHANGE = statement(`/* waiting-room.change-room */
update waiting_room.room
set rate_count = $2, rate_window_ms = $3, capacity = $4, state = $5, allowance = $6,
  refilled_at = refilled_at + $7::float8 * interval '1 millisecond'
where room = $1`);

export interface ChangeRoomDeps {
  readonly database: Database;
  readonly activeTtlMs: number;
}

/** Whom the new policy lets in is let in by the same transaction. */
export function changeRoom(deps: ChangeRoomDeps, name: string, change: RoomChange): Promise<ChangeOutcome> {
  return deps.database.transaction(async (tx): Promise<ChangeOutcome> => {
    const room = (await lockRooms(tx, [name])).get(name);
    if (room === undefined) return refused('queue.room-not-found');
    const policy = mergePolicy(room.policy, change.policy ?? {});
    if (policy === undefined) return invalid(HALF_A_RATE);
    const state = change.state ?? room.state;
    const allowance = carryOver(room.policy, policy, room);
    const { rateCount, rateWindowMs, capacity } = policy;
    const changed = { ...room, policy, state, allowance, elapsedMs: 0 };
    const [, settled] = await Promise.all([
      tx.rows(CHANGE, [name, rateCount, rateWindowMs, capacity, state, allowance, room.elapsedMs]),
      settleRooms(tx, [changed], new Map(), deps.activeTtlMs),
    ]);
    const view = settled.get(name)?.view;
    assert(view !== undefined, 'the room that was locked is the room that was settled');
    return { outcome: 'changed', view };
  });
}
