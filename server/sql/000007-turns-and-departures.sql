-- The whole waiting room: rooms that open at a set time, turns that must be taken up, people who left counted
-- out, and a pace that was measured.

alter table waiting_room.room
  -- Nobody joins or is let in before it. Null: open since it was made.
  add column opens_at timestamptz,
  -- How many turns ever began, and how many people ever left the line while they waited.
  add column admitted bigint not null default 0 check (admitted >= 0),
  add column departed bigint not null default 0 check (departed >= 0),
  -- Who was let in within the last window of the rate, the oldest first: in turn how many milliseconds before
  -- refilled_at, and how many people.
  add column recent int[] not null default '{}',
  -- The measured pace: people let in, and the time that took while somebody waited, both fading.
  add column pace_count double precision not null default 0 check (pace_count >= 0),
  add column pace_span_ms double precision not null default 0 check (pace_span_ms >= 0),
  -- Rooms count in whole milliseconds.
  alter column refilled_at set default date_trunc('milliseconds', clock_timestamp());
update waiting_room.room set refilled_at = date_trunc('milliseconds', refilled_at);

alter table waiting_room.token
  -- When its owner first came after being let in. Until then expires_at is the end of the claim window.
  add column claimed_at timestamptz,
  -- The turn's own end: no hold is made on it later. expires_at may be later, for a hold that is open.
  add column holds_until timestamptz,
  -- The how-manieth to leave the room's line while waiting.
  add column departure bigint;

-- Turns of before know no claim window.
update waiting_room.token set claimed_at = admitted_at, holds_until = expires_at where admitted_at is not null;
with gone as (
  select room, number, row_number() over (partition by room order by ended_at, number) as departure
  from waiting_room.token
  where state = 'LEFT' and admitted_at is null
)
update waiting_room.token t set departure = gone.departure
from gone where t.room = gone.room and t.number = gone.number;
update waiting_room.room r set
  admitted = (select count(*) from waiting_room.token t where t.room = r.room and t.admitted_at is not null),
  departed = (select count(*) from waiting_room.token t where t.room = r.room and t.departure is not null);

alter table waiting_room.token
  add check (claimed_at is null or admitted_at is not null),
  add check ((admitted_at is null) = (holds_until is null)),
  add check (expires_at >= holds_until),
  add check ((departure is not null) = (state = 'LEFT' and admitted_at is null));

-- Those who left, in the order in which they did: what an instance has not heard of yet is a short walk.
create unique index token_departure on waiting_room.token (room, departure) where departure is not null;
