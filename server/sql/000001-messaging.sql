-- The log, its readers' cursors, and what a reader could not digest.

create schema messaging;

-- Bumped when a copy of the data starts a new life (restore, promotion): transaction ids may start over.
create table messaging.epoch (
  only_row boolean primary key default true check (only_row),
  epoch int not null
);
insert into messaging.epoch (epoch) values (1);

create function messaging.current_epoch() returns int
  language sql stable as $$ select epoch from messaging.epoch $$;

create sequence messaging.log_id;

-- One row per transaction that emitted something (a few when it emitted very much); events is an array of
-- them, in the order they happened. Order is (epoch, xid, id) below the horizon, never id alone: a lower id can commit later.
create table messaging.log (
  epoch int not null default messaging.current_epoch(),
  xid xid8 not null default pg_current_xact_id(),
  id bigint not null default nextval('messaging.log_id'),
  names text[] not null,
  events jsonb not null,
  -- how much a reader that takes the row takes on
  event_count int not null,
  at timestamptz not null default clock_timestamp(),
  primary key (epoch, xid, id),
  check (jsonb_typeof(events) = 'array' and jsonb_array_length(events) = event_count)
) partition by range (id);

-- Whole partitions are dropped once every reader has passed them; see messaging/retain-log.ts.
create table messaging.log_0 partition of messaging.log for values from (0) to (1000000);
create table messaging.log_1 partition of messaging.log for values from (1000000) to (2000000);

-- Whoever holds the row's lock is the reader; everything up to the position has taken effect.
create table messaging.cursor (
  reader text primary key,
  epoch int not null default 0,
  xid xid8 not null default '0',
  id bigint not null default 0,
  moved_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
-- All of them from the start: retention must wait for a reader that has never run yet.
insert into messaging.cursor (reader) values ('waiting-room'), ('seats'), ('reservations'), ('payments');

-- Events that a reader failed on again and again. They do not block the rest and are tried until they succeed.
create table messaging.parked (
  parked_id bigint generated always as identity primary key,
  reader text not null,
  epoch int not null,
  xid xid8 not null,
  id bigint not null,
  position int not null,
  event jsonb not null,
  error text not null,
  attempts int not null default 1,
  parked_at timestamptz not null default clock_timestamp(),
  retry_at timestamptz not null,
  -- settled: it succeeded later, or its failure was answered with a compensating event
  settled_at timestamptz,
  settled_by text check (settled_by in ('retried', 'compensated')),
  unique (reader, epoch, xid, id, position)
);
create index parked_open on messaging.parked (retry_at) where settled_at is null;

-- Keeps two partitions ready ahead of the sequence. Attaching takes a lock that lets inserts go on.
create function messaging.make_partitions() returns void language plpgsql as $$
declare
  current_part bigint := (select last_value / 1000000 from messaging.log_id);
  part bigint;
begin
  for part in current_part .. current_part + 2 loop
    if to_regclass(format('messaging.log_%s', part)) is null then
      execute format('create table messaging.log_%s (like messaging.log including defaults including constraints)', part);
      execute format('alter table messaging.log attach partition messaging.log_%s for values from (%s) to (%s)',
        part, part * 1000000, (part + 1) * 1000000);
    end if;
  end loop;
end $$;

-- Whether nobody needs a partition any more: its last row is older than the retention and every cursor has
-- passed it.
create function messaging.is_passed(part regclass, retention_ms bigint) returns boolean language plpgsql as $$
declare
  last_row record;
begin
  execute format('select epoch, xid, id, at from %s order by epoch desc, xid desc, id desc limit 1', part) into last_row;
  return last_row is null or (
    last_row.at < clock_timestamp() - retention_ms * interval '1 millisecond'
    and not exists (
      select from messaging.cursor c
      where (c.epoch, c.xid, c.id) < (last_row.epoch, last_row.xid, last_row.id)
    )
  );
end $$;

-- Drops the partitions before the current one that are passed.
create function messaging.drop_passed_partitions(retention_ms bigint) returns setof text language plpgsql as $$
declare
  current_part bigint := (select last_value / 1000000 from messaging.log_id);
  old record;
begin
  for old in
    select i.inhrelid::regclass as part, i.inhrelid::regclass::text as name
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'messaging.log'::regclass and substring(c.relname from 'log_(\d+)')::bigint < current_part
    order by substring(c.relname from 'log_(\d+)')::bigint
  loop
    continue when not messaging.is_passed(old.part, retention_ms);
    -- Waits for every append under way: one of them may belong to this partition. After that, look again.
    lock table only messaging.log in access exclusive mode;
    continue when not messaging.is_passed(old.part, retention_ms);
    execute format('drop table %s', old.name);
    return next old.name;
  end loop;
end $$;
