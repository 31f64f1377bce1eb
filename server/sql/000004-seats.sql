-- Seats and holds. A seat's row decides who has it.

create schema seats;

-- What the seats service needs to know of a performance; it learns it from PerformanceScheduled.
create table seats.performance (
  performance_id int primary key,
  room text not null,
  seat_count int not null check (seat_count > 0),
  seats_per_person int not null check (seats_per_person > 0),
  sale_opens_at timestamptz not null,
  sale_closes_at timestamptz not null
);

-- state: F free, H held, S sold. Only the primary key and room on the page: a change of state then stays on
-- its page and touches no index (a second index on a changing column cost a quarter of the throughput).
create table seats.seat (
  performance_id int not null,
  seat_no int not null,
  price_krw int not null check (price_krw >= 0),
  version int not null default 0,
  state "char" not null default 'F' check (state in ('F', 'H', 'S')),
  reservation_id uuid,
  primary key (performance_id, seat_no),
  check ((state = 'F') = (reservation_id is null))
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

-- One row per hold that was ever granted: it remembers the answer, so a repeated request gets the same one.
-- seat_versions are the versions that the hold gave; a sale is one more.
create table seats.hold (
  reservation_id uuid primary key,
  user_id uuid not null,
  performance_id int not null,
  seat_nos int[] not null,
  seat_versions int[] not null,
  amount_krw int not null check (amount_krw >= 0),
  state "char" not null default 'H' check (state in ('H', 'S', 'R')),
  held_at timestamptz not null,
  expires_at timestamptz not null,
  fingerprint bytea not null,
  check (cardinality(seat_nos) = cardinality(seat_versions) and cardinality(seat_nos) > 0)
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- How many seats of a performance a person holds or owns: a row to lock, because counting would be a race.
create table seats.buyer (
  performance_id int not null,
  user_id uuid not null,
  seat_count int not null check (seat_count >= 0),
  primary key (performance_id, user_id)
) with (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
