-- The line: rooms, and the place of everybody who ever joined one.

create schema waiting_room;

-- One row per room. Its lock covers its places too: whoever writes a token holds it, so numbers are given in
-- the order of the commits, and the counters say exactly what a count of the tokens would.
create table waiting_room.room (
  room text primary key,
  -- Part of every place: when a copy of the data starts a new life, old numbers mean nothing in it.
  epoch int not null default 1 check (epoch >= 1),
  last_number bigint not null default 0,
  -- The highest number that was let in or passed over.
  head bigint not null default 0,
  waiting int not null default 0 check (waiting >= 0),
  active int not null default 0 check (active >= 0),
  -- Policy: so many people per window, so many at a time. Null: no such bound.
  rate_count int check (rate_count > 0),
  rate_window_ms int check (rate_window_ms > 0),
  capacity int check (capacity > 0),
  -- The bucket that the rate fills, as it was at refilled_at; infinite without a rate.
  allowance double precision not null check (allowance >= 0),
  refilled_at timestamptz not null default clock_timestamp(),
  state text not null default 'OPEN' check (state in ('OPEN', 'PAUSED', 'CLOSED')),
  created_at timestamptz not null default clock_timestamp(),
  check (head between 0 and last_number),
  check ((rate_count is null) = (rate_window_ms is null))
) with (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

create table waiting_room.token (
  room text not null,
  number bigint not null,
  epoch int not null,
  user_id uuid not null,
  state text not null default 'WAITING' check (state in ('WAITING', 'ACTIVE', 'SPENT', 'EXPIRED', 'LEFT')),
  joined_at timestamptz not null default clock_timestamp(),
  admitted_at timestamptz,
  -- of the turn
  expires_at timestamptz,
  -- the purchase that it was spent on
  reservation_id uuid,
  ended_at timestamptz,
  primary key (room, number),
  check (state = 'WAITING' or admitted_at is not null or state = 'LEFT'),
  check ((admitted_at is null) = (expires_at is null)),
  check ((state = 'SPENT') = (reservation_id is not null)),
  check ((state in ('WAITING', 'ACTIVE')) = (ended_at is null))
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- One live place per person and room, whatever happens above.
create unique index token_live on waiting_room.token (room, user_id) where state in ('WAITING', 'ACTIVE');
-- Turns in the order in which they end.
create index token_active on waiting_room.token (room, expires_at) where state = 'ACTIVE';
