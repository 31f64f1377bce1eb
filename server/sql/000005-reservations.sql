-- The buyer's record of a purchase.

create schema reservations;

-- Every state but the first is final, with one exception: a confirmed reservation is cancelled, and refunded,
-- when it turns out that its turn had been spent on another purchase.
create table reservations.reservation (
  reservation_id uuid primary key,
  user_id uuid not null,
  performance_id int not null,
  seats jsonb not null,
  amount_krw int not null check (amount_krw >= 0),
  status text not null check (status in ('HELD', 'CONFIRMED', 'CANCELLED', 'EXPIRED')),
  -- whole milliseconds, as the API shows them: a page can go on exactly after one
  created_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  expires_at timestamptz not null,
  closed_at timestamptz
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- Nothing in it ever changes, so a change of status touches no index.
create index reservation_by_user on reservations.reservation (user_id, created_at, reservation_id);
