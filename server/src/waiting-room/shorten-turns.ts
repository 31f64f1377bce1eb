/** A hold that came to nothing keeps its turn no longer: given back by the buyer, refused a payment, or not paid in time. */
import type { Place } from '#contract/ids.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { EndedHold } from './line.ts';
import { lockRooms } from './lock-rooms.ts';

// Hardly any hold outlasts its turn, so as a rule nothing is kept and nothing is locked.
const KEPT = statement(`/* waiting-room.kept-turns */
select distinct t.room
from unnest($1::uuid[], $2::uuid[]) as h (reservation_id, user_id)
cross join lateral (
  select room from waiting_room.token
  where user_id = h.user_id and kept_for ? h.reservation_id::text and kept_for is not null and state = 'ACTIVE'
  limit 1
) as t`);

// The turn's own end, or that of the other holds that keep it. A turn that is over by then is ended by the next tick.
const SHORTEN = statement(`/* waiting-room.shorten-turns */
update waiting_room.token t
set kept_for = nullif(t.kept_for - k.ended, '{}'),
  expires_at = greatest(t.holds_until, (select max(until::timestamptz) from jsonb_each_text(t.kept_for - k.ended) as e (id, until)))
from (
  select t.room, t.number, array_agg(h.reservation_id::text) as ended
  from unnest($1::uuid[], $2::uuid[]) as h (reservation_id, user_id)
  cross join lateral (
    select room, number from waiting_room.token
    where user_id = h.user_id and kept_for ? h.reservation_id::text and kept_for is not null and state = 'ACTIVE'
    limit 1
  ) as t
  group by t.room, t.number
) as k
where t.room = k.room and t.number = k.number and t.ended_at is null
returning t.room, t.number, t.epoch`);

/** Answers the turns whose end is another one. */
export async function shortenTurns(tx: Tx, holds: readonly EndedHold[]): Promise<Place[]> {
  const values = [holds.map((hold) => hold.reservationId), holds.map((hold) => hold.userId)];
  const kept = await tx.rows<{ room: string }>(KEPT, values);
  if (kept.length === 0) return [];
  const [, shortened] = await Promise.all([
    lockRooms(
      tx,
      kept.map((row) => row.room),
    ),
    tx.rows<Place>(SHORTEN, values),
  ]);
  return shortened;
}
