/** Keeps a turn open as long as the hold that was made on it. */
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { OpenHold } from './line.ts';
import { lockRooms } from './lock-rooms.ts';

/** After the hold: for a payment of the last moment to be taken and to arrive here. */
const MARGIN_MS = 30_000;

// A turn lasts longer than a hold, so as a rule there is nothing to extend and nothing is locked.
const SHORT = statement(`/* waiting-room.short-turns */
select distinct h.room
from unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::timestamptz[])
  as h (room, number, epoch, user_id, expires_at)
cross join lateral (
  select from waiting_room.token t
  where t.room = h.room and t.number = h.number and t.epoch = h.epoch and t.user_id = h.user_id
    and t.state = 'ACTIVE' and t.expires_at < h.expires_at + $6::int * interval '1 millisecond'
  limit 1
) as t`);

const EXTEND = statement(`/* waiting-room.extend-turns */
update waiting_room.token t
set expires_at = greatest(t.expires_at, h.expires_at)
from (
  select room, number, epoch, user_id, max(expires_at) + $6::int * interval '1 millisecond' as expires_at
  from unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::timestamptz[])
    as h (room, number, epoch, user_id, expires_at)
  group by room, number, epoch, user_id
) as h
where t.room = h.room and t.number = h.number and t.epoch = h.epoch and t.user_id = h.user_id
  and t.state = 'ACTIVE' and t.expires_at < h.expires_at`);

export async function extendTurns(tx: Tx, holds: readonly OpenHold[]): Promise<void> {
  const values = [
    holds.map((hold) => hold.turn.room),
    holds.map((hold) => hold.turn.number),
    holds.map((hold) => hold.turn.epoch),
    holds.map((hold) => hold.userId),
    holds.map((hold) => hold.expiresAt),
    MARGIN_MS,
  ];
  const short = await tx.rows<{ room: string }>(SHORT, values);
  if (short.length === 0) return;
  await lockRooms(
    tx,
    short.map((row) => row.room),
  );
  await tx.rows(EXTEND, values);
}
