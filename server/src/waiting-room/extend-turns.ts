/**
 * Keeps a turn open as long as the hold that was made on it. Its own end stays where it is: after that no new hold
 * is made, or holding and cancelling in turn would keep it for ever. The turn remembers what keeps it, for the hold
 * that is given back. (Where the news of the hold was parked and comes after that of its end, the turn is kept as long as the
 * hold would have lasted.)
 */
import type { Place } from '#contract/ids.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { settleRooms } from './admit.ts';
import type { OpenHold, TurnTimes } from './line.ts';
import { lockRooms } from './lock-rooms.ts';

/** After the hold: for a payment of the last moment to be taken and to arrive here. */
const MARGIN_MS = 30_000;

// A turn lasts longer than a hold, so as a rule there is nothing to extend and nothing is locked.
const SHORT = statement(`/* waiting-room.short-turns */
select distinct h.room, h.number, h.epoch
from unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::timestamptz[])
  as h (room, number, epoch, user_id, expires_at)
cross join lateral (
  select from waiting_room.token t
  where t.room = h.room and t.number = h.number and t.epoch = h.epoch and t.user_id = h.user_id
    and (t.state = 'ACTIVE' or (t.state = 'EXPIRED' and h.expires_at > clock_timestamp()))
    and t.holds_until < h.expires_at + $6::int * interval '1 millisecond'
  limit 1
) as t`);

// The hold passed the door in time, and its turn was ended because the news of it came late. Who has a new place
// by now keeps that one: a person has one live place in a room.
const REOPEN = statement(`/* waiting-room.reopen-turns */
update waiting_room.token t
set state = 'ACTIVE', ended_at = null, kept_for = null,
  expires_at = greatest(t.holds_until, o.expires_at + $6::int * interval '1 millisecond')
from (
  select distinct on (t.room, t.user_id) t.room, t.number, h.expires_at
  from unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::timestamptz[])
    as h (room, number, epoch, user_id, expires_at)
  cross join lateral (
    select * from waiting_room.token
    where room = h.room and number = h.number and epoch = h.epoch and user_id = h.user_id and state = 'EXPIRED'
    limit 1
  ) as t
  left join lateral (
    select true as is_live from waiting_room.token
    where room = t.room and user_id = t.user_id and state in ('WAITING', 'ACTIVE')
    limit 1
  ) as anew on true
  where h.expires_at > clock_timestamp() and anew.is_live is null
  order by t.room, t.user_id, t.number desc, h.expires_at desc
) as o
where t.room = o.room and t.number = o.number
returning t.room`);

// Who waits has no time to extend. By the name of ACTIVE the planner would go through all turns that are open.
const EXTEND = statement(`/* waiting-room.extend-turns */
update waiting_room.token t
set expires_at = greatest(t.expires_at, h.until), kept_for = coalesce(t.kept_for, '{}') || h.holds
from (
  select room, number, epoch, user_id, max(until) as until, jsonb_object_agg(reservation_id, until) as holds
  from (
    select h.*, h.expires_at + $6::int * interval '1 millisecond' as until
    from unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::timestamptz[], $7::uuid[])
      as h (room, number, epoch, user_id, expires_at, reservation_id)
  ) as h
  group by room, number, epoch, user_id
) as h
where t.room = h.room and t.number = h.number and t.epoch = h.epoch and t.user_id = h.user_id
  and t.ended_at is null and t.holds_until < h.until`);

/**
 * A reopened turn may be one more than the capacity: its place was given to the next one, who keeps it too. To
 * exceed a bound for minutes is better than to break the promise to somebody who was let in and holds seats. Answers the
 * places of the turns that ended too early.
 */
export async function extendTurns(tx: Tx, holds: readonly OpenHold[], times: TurnTimes): Promise<Place[]> {
  const values = [
    holds.map((hold) => hold.turn.room),
    holds.map((hold) => hold.turn.number),
    holds.map((hold) => hold.turn.epoch),
    holds.map((hold) => hold.userId),
    holds.map((hold) => hold.expiresAt),
    MARGIN_MS,
  ];
  const short = await tx.rows<Place & Record<string, unknown>>(SHORT, values);
  if (short.length === 0) return [];
  const [rooms, reopened] = await Promise.all([
    lockRooms(
      tx,
      short.map((row) => row.room),
    ),
    tx.rows<{ room: string }>(REOPEN, values),
    // Of those that were opened again, too: it notes the holds.
    tx.rows(EXTEND, [...values, holds.map((hold) => hold.reservationId)]),
  ]);
  const byRoom = Map.groupBy(reopened, (row) => row.room);
  if (byRoom.size === 0) return short;
  await settleRooms(
    tx,
    [...rooms.values()].filter(({ room }) => byRoom.has(room)),
    new Map([...byRoom].map(([room, turns]) => [room, { reopened: turns.length }])),
    times,
  );
  return short;
}
