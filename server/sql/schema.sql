-- What all migrations together make. Written by npm run write-schema, compared by a test; not a migration.
-- Partitions of the log are made by messaging.make_partitions() as ids are used up.

create schema audit;

create table audit.pass (
  pass_no bigint generated always as identity not null,
  audit_id uuid not null,
  state text default 'RUNNING'::text not null,
  started_at timestamp with time zone default clock_timestamp() not null,
  took_ms integer,
  under_way integer default 0 not null,
  violation_count bigint default 0 not null,
  checks jsonb default '[]'::jsonb not null,
  constraint pass_check check (((state = 'RUNNING'::text) = (took_ms is null))),
  constraint pass_check1 check (((state <> all (array['CLEAN'::text, 'VIOLATED'::text])) or ((state = 'VIOLATED'::text) = (violation_count > 0)))),
  constraint pass_state_check check ((state = any (array['RUNNING'::text, 'CLEAN'::text, 'VIOLATED'::text, 'FAILED'::text]))),
  constraint pass_took_ms_check check ((took_ms >= 0)),
  constraint pass_under_way_check check ((under_way >= 0)),
  constraint pass_violation_count_check check ((violation_count >= 0)),
  constraint pass_pkey primary key (pass_no),
  constraint pass_audit_id_key unique (audit_id)
);


create schema catalogue;

create table catalogue.concert (
  concert_id integer generated always as identity not null,
  title text not null,
  description text not null,
  genre text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  request_id uuid not null,
  fingerprint bytea not null,
  search_text text generated always as (lower(normalize(title, nfkc))) stored not null,
  constraint concert_description_check check ((char_length(description) <= 4000)),
  constraint concert_genre_check check (((char_length(genre) >= 1) and (char_length(genre) <= 40))),
  constraint concert_title_check check (((char_length(title) >= 1) and (char_length(title) <= 200))),
  constraint concert_pkey primary key (concert_id),
  constraint concert_request_id_key unique (request_id)
);

create table catalogue.layout (
  layout_id integer generated always as identity not null,
  venue_id integer not null,
  name text not null,
  section_count integer not null,
  seat_count integer not null,
  end_seat_no integer generated always as ((seat_count + 1)) stored not null,
  constraint layout_name_check check (((char_length(name) >= 1) and (char_length(name) <= 100))),
  constraint layout_seat_count_check check (((seat_count >= 1) and (seat_count <= 200000))),
  constraint layout_section_count_check check ((section_count > 0)),
  constraint layout_layout_id_section_count_end_seat_no_fkey foreign key (layout_id, section_count, end_seat_no) references catalogue.section(layout_id, section_no, end_seat_no) deferrable initially deferred,
  constraint layout_venue_id_fkey foreign key (venue_id) references catalogue.venue(venue_id),
  constraint layout_pkey primary key (layout_id),
  constraint layout_venue_id_name_key unique (venue_id, name)
);

create table catalogue.performance (
  performance_id integer generated always as identity not null,
  concert_id integer not null,
  layout_id integer not null,
  room text not null,
  starts_at timestamp with time zone not null,
  sale_opens_at timestamp with time zone not null,
  sale_closes_at timestamp with time zone not null,
  seats_per_person integer not null,
  from_price_krw integer not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  request_id uuid not null,
  fingerprint bytea not null,
  constraint performance_check check (((sale_opens_at < sale_closes_at) and (sale_closes_at <= starts_at))),
  constraint performance_from_price_krw_check check (((from_price_krw >= 0) and (from_price_krw <= 10000000))),
  constraint performance_seats_per_person_check check ((seats_per_person > 0)),
  constraint performance_concert_id_fkey foreign key (concert_id) references catalogue.concert(concert_id),
  constraint performance_layout_id_fkey foreign key (layout_id) references catalogue.layout(layout_id),
  constraint performance_pkey primary key (performance_id),
  constraint performance_performance_id_layout_id_key unique (performance_id, layout_id),
  constraint performance_request_id_key unique (request_id)
);

create table catalogue.price (
  performance_id integer not null,
  layout_id integer not null,
  section_no integer not null,
  price_krw integer not null,
  constraint price_price_krw_check check (((price_krw >= 0) and (price_krw <= 10000000))),
  constraint price_layout_id_section_no_fkey foreign key (layout_id, section_no) references catalogue.section(layout_id, section_no),
  constraint price_performance_id_layout_id_fkey foreign key (performance_id, layout_id) references catalogue.performance(performance_id, layout_id),
  constraint price_pkey primary key (performance_id, section_no)
);

create table catalogue.section (
  layout_id integer not null,
  section_no integer not null,
  name text not null,
  first_seat_no integer not null,
  seat_count integer not null,
  row_length integer not null,
  end_seat_no integer generated always as ((first_seat_no + seat_count)) stored not null,
  section_before integer generated always as (nullif((section_no - 1), 0)) stored,
  constraint section_check check (((row_length >= 1) and (row_length <= seat_count))),
  constraint section_check1 check (((section_no > 1) or (first_seat_no = 1))),
  constraint section_first_seat_no_check check ((first_seat_no > 0)),
  constraint section_name_check check (((char_length(name) >= 1) and (char_length(name) <= 100))),
  constraint section_seat_count_check check ((seat_count > 0)),
  constraint section_section_no_check check ((section_no > 0)),
  constraint section_layout_id_fkey foreign key (layout_id) references catalogue.layout(layout_id),
  constraint section_layout_id_section_before_first_seat_no_fkey foreign key (layout_id, section_before, first_seat_no) references catalogue.section(layout_id, section_no, end_seat_no),
  constraint section_pkey primary key (layout_id, section_no),
  constraint section_layout_id_name_key unique (layout_id, name),
  constraint section_layout_id_section_no_end_seat_no_key unique (layout_id, section_no, end_seat_no)
);

create table catalogue.venue (
  venue_id integer generated always as identity not null,
  name text not null,
  city text not null,
  address text,
  created_at timestamp with time zone default clock_timestamp() not null,
  request_id uuid not null,
  fingerprint bytea not null,
  constraint venue_address_check check (((char_length(address) >= 1) and (char_length(address) <= 200))),
  constraint venue_city_check check (((char_length(city) >= 1) and (char_length(city) <= 100))),
  constraint venue_name_check check (((char_length(name) >= 1) and (char_length(name) <= 100))),
  constraint venue_pkey primary key (venue_id),
  constraint venue_request_id_key unique (request_id)
);

create index performance_by_concert on catalogue.performance using btree (concert_id, starts_at, performance_id);

create index performance_by_start on catalogue.performance using btree (starts_at, concert_id);


create schema messaging;

create sequence messaging.log_id as bigint;

create table messaging.cursor (
  reader text not null,
  epoch integer default 0 not null,
  xid xid8 default '0'::xid8 not null,
  id bigint default 0 not null,
  moved_at timestamp with time zone default clock_timestamp() not null,
  constraint cursor_pkey primary key (reader)
) with (fillfactor=50);

create table messaging.epoch (
  only_row boolean default true not null,
  epoch integer not null,
  constraint epoch_only_row_check check (only_row),
  constraint epoch_pkey primary key (only_row)
);

create table messaging.log (
  epoch integer default messaging.current_epoch() not null,
  xid xid8 default pg_current_xact_id() not null,
  id bigint default nextval('messaging.log_id'::regclass) not null,
  names text[] not null,
  events json not null,
  event_count integer not null,
  at timestamp with time zone default clock_timestamp() not null,
  constraint log_check check (((json_typeof(events) = 'array'::text) and (position(('\u0000'::text) in ((events)::text)) = 0) and (position(('\ud'::text) in ((events)::text)) = 0))),
  constraint log_pkey primary key (epoch, xid, id)
) partition by range (id);

create table messaging.parked (
  parked_id bigint generated always as identity not null,
  reader text not null,
  epoch integer not null,
  xid xid8 not null,
  id bigint not null,
  "position" integer not null,
  event jsonb not null,
  error text not null,
  attempts integer default 1 not null,
  parked_at timestamp with time zone default clock_timestamp() not null,
  retry_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  settled_by text,
  constraint parked_settled_by_check check ((settled_by = any (array['retried'::text, 'compensated'::text]))),
  constraint parked_pkey primary key (parked_id),
  constraint parked_reader_epoch_xid_id_position_key unique (reader, epoch, xid, id, "position")
);

create index parked_open on messaging.parked using btree (retry_at) where (settled_at is null);

create or replace function messaging.current_epoch()
 returns integer
 language sql
 stable
as $function$ select epoch from messaging.epoch $function$;

create or replace function messaging.drop_passed_partitions(retention_ms bigint)
 returns setof text
 language plpgsql
as $function$
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
end $function$;

create or replace function messaging.is_passed(part regclass, retention_ms bigint)
 returns boolean
 language plpgsql
as $function$
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
end $function$;

create or replace function messaging.make_partitions()
 returns void
 language plpgsql
as $function$
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
end $function$;


create schema operator_log;

create table operator_log.entry (
  entry_id bigint generated always as identity not null,
  at timestamp with time zone default clock_timestamp() not null,
  action text not null,
  subject text not null,
  before json,
  after json,
  request_id uuid not null,
  address text not null,
  constraint entry_pkey primary key (entry_id)
);

create index entry_by_subject on operator_log.entry using btree (subject, entry_id);

create or replace function operator_log.refuse_change()
 returns trigger
 language plpgsql
as $function$
begin
  raise exception 'the operator''s log is never changed'
    using errcode = 'restrict_violation';
end $function$;

create trigger immutable before delete or update or truncate on operator_log.entry for each statement execute function operator_log.refuse_change();


create schema payments;

create table payments.payment (
  payment_id uuid not null,
  reservation_id uuid not null,
  user_id uuid not null,
  performance_id integer not null,
  seats json not null,
  amount_krw integer not null,
  turn_room text,
  turn_epoch integer,
  turn_number bigint,
  state text not null,
  expires_at timestamp with time zone not null,
  opened_at timestamp with time zone default date_trunc('milliseconds'::text, clock_timestamp()) not null,
  paid_at timestamp with time zone,
  closed_at timestamp with time zone,
  request_id uuid,
  constraint payment_amount_krw_check check ((amount_krw >= 0)),
  constraint payment_check check (((state = 'VOID'::text) or (num_nulls(turn_room, turn_epoch, turn_number) = 0))),
  constraint payment_check1 check (((state = any (array['PAID'::text, 'REFUNDED'::text])) = ((paid_at is not null) and (request_id is not null)))),
  constraint payment_check2 check (((state = any (array['DUE'::text, 'PAID'::text])) = (closed_at is null))),
  constraint payment_state_check check ((state = any (array['DUE'::text, 'PAID'::text, 'REFUNDED'::text, 'LAPSED'::text, 'REFUSED'::text, 'VOID'::text]))),
  constraint payment_pkey primary key (payment_id)
) with (fillfactor=75, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0);

create table payments.transfer (
  transfer_id uuid not null,
  kind text not null,
  debit_account uuid not null,
  credit_account uuid not null,
  amount_krw integer not null,
  wallet_id uuid not null,
  balance_after_krw bigint not null,
  reservation_id uuid,
  fingerprint bytea,
  seq bigint generated always as identity not null,
  at timestamp with time zone not null,
  constraint transfer_balance_after_krw_check check ((balance_after_krw >= 0)),
  constraint transfer_check check (((amount_krw > 0) or ((amount_krw = 0) and (kind <> 'CHARGE'::text)))),
  constraint transfer_check1 check ((debit_account <> credit_account)),
  constraint transfer_check2 check (
case kind
    when 'CHARGE'::text then ((debit_account = '00000000-0000-8000-8000-000000000001'::uuid) and (credit_account = wallet_id))
    when 'PAYMENT'::text then ((debit_account = wallet_id) and (credit_account = '00000000-0000-8000-8000-000000000002'::uuid))
    when 'REFUND'::text then ((debit_account = '00000000-0000-8000-8000-000000000002'::uuid) and (credit_account = wallet_id))
    else false
end),
  constraint transfer_check3 check (((kind = 'CHARGE'::text) = (reservation_id is null))),
  constraint transfer_pkey primary key (transfer_id)
);

create table payments.wallet (
  user_id uuid not null,
  balance_krw bigint default 0 not null,
  constraint wallet_balance_krw_check check (((balance_krw >= 0) and (balance_krw <= '1000000000000'::bigint))),
  constraint wallet_pkey primary key (user_id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_cost_delay=0);

create index payment_by_deadline on payments.payment using btree (expires_at);

create index payment_by_user on payments.payment using btree (user_id, opened_at, payment_id);

create index transfer_by_wallet on payments.transfer using btree (wallet_id, seq);


create schema reservations;

create table reservations.reservation (
  reservation_id uuid not null,
  user_id uuid not null,
  performance_id integer not null,
  seats json not null,
  amount_krw integer not null,
  status text not null,
  created_at timestamp with time zone default date_trunc('milliseconds'::text, clock_timestamp()) not null,
  expires_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint reservation_amount_krw_check check ((amount_krw >= 0)),
  constraint reservation_status_check check ((status = any (array['HELD'::text, 'CONFIRMED'::text, 'CANCELLED'::text, 'EXPIRED'::text]))),
  constraint reservation_pkey primary key (reservation_id)
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_cost_delay=0);

create index reservation_by_user on reservations.reservation using btree (user_id, created_at, reservation_id);


create schema seats;

create table seats.buyer (
  performance_id integer not null,
  user_id uuid not null,
  seat_count integer not null,
  constraint buyer_seat_count_check check ((seat_count >= 0)),
  constraint buyer_pkey primary key (performance_id, user_id)
) with (fillfactor=85, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_cost_delay=0);

create table seats.hold (
  reservation_id uuid not null,
  user_id uuid not null,
  performance_id integer not null,
  seat_nos integer[] not null,
  seat_versions integer[] not null,
  amount_krw integer not null,
  state "char" default 'H'::"char" not null,
  held_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  fingerprint bytea not null,
  constraint hold_amount_krw_check check ((amount_krw >= 0)),
  constraint hold_check check (((cardinality(seat_nos) = cardinality(seat_versions)) and (cardinality(seat_nos) > 0))),
  constraint hold_state_check check ((state = any (array['H'::"char", 'S'::"char", 'R'::"char"]))),
  constraint hold_pkey primary key (reservation_id)
) with (fillfactor=85, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_cost_delay=0);

create table seats.performance (
  performance_id integer not null,
  room text not null,
  seat_count integer not null,
  seats_per_person integer not null,
  sale_opens_at timestamp with time zone not null,
  sale_closes_at timestamp with time zone not null,
  constraint performance_seat_count_check check ((seat_count > 0)),
  constraint performance_seats_per_person_check check ((seats_per_person > 0)),
  constraint performance_pkey primary key (performance_id)
);

create table seats.seat (
  performance_id integer not null,
  seat_no integer not null,
  price_krw integer not null,
  version integer default 0 not null,
  state "char" default 'F'::"char" not null,
  reservation_id uuid,
  constraint seat_check check (((state = 'F'::"char") = (reservation_id is null))),
  constraint seat_price_krw_check check ((price_krw >= 0)),
  constraint seat_state_check check ((state = any (array['F'::"char", 'H'::"char", 'S'::"char"]))),
  constraint seat_pkey primary key (performance_id, seat_no)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_cost_delay=0);


create schema waiting_room;

create table waiting_room.room (
  room text not null,
  epoch integer default 1 not null,
  last_number bigint default 0 not null,
  head bigint default 0 not null,
  waiting integer default 0 not null,
  active integer default 0 not null,
  rate_count integer,
  rate_window_ms integer,
  capacity integer,
  allowance double precision not null,
  refilled_at timestamp with time zone default date_trunc('milliseconds'::text, clock_timestamp()) not null,
  state text default 'OPEN'::text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  opens_at timestamp with time zone,
  admitted bigint default 0 not null,
  departed bigint default 0 not null,
  recent integer[] default '{}'::integer[] not null,
  pace_count double precision default 0 not null,
  pace_span_ms double precision default 0 not null,
  epoch_starts bigint[] default '{1}'::bigint[] not null,
  constraint room_active_check check ((active >= 0)),
  constraint room_admitted_check check ((admitted >= 0)),
  constraint room_allowance_check check ((allowance >= (0)::double precision)),
  constraint room_capacity_check check ((capacity > 0)),
  constraint room_check check (((head >= 0) and (head <= last_number))),
  constraint room_check1 check (((rate_count is null) = (rate_window_ms is null))),
  constraint room_check2 check ((cardinality(epoch_starts) = epoch)),
  constraint room_departed_check check ((departed >= 0)),
  constraint room_epoch_check check ((epoch >= 1)),
  constraint room_pace_count_check check ((pace_count >= (0)::double precision)),
  constraint room_pace_span_ms_check check ((pace_span_ms >= (0)::double precision)),
  constraint room_rate_count_check check ((rate_count > 0)),
  constraint room_rate_window_ms_check check ((rate_window_ms > 0)),
  constraint room_state_check check ((state = any (array['OPEN'::text, 'PAUSED'::text, 'CLOSED'::text]))),
  constraint room_waiting_check check ((waiting >= 0)),
  constraint room_pkey primary key (room)
) with (fillfactor=20, autovacuum_vacuum_threshold=200, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_cost_delay=0);

create table waiting_room.token (
  room text not null,
  number bigint not null,
  epoch integer not null,
  user_id uuid not null,
  state text default 'WAITING'::text not null,
  joined_at timestamp with time zone default clock_timestamp() not null,
  admitted_at timestamp with time zone,
  expires_at timestamp with time zone,
  reservation_id uuid,
  ended_at timestamp with time zone,
  claimed_at timestamp with time zone,
  holds_until timestamp with time zone,
  departure bigint,
  kept_for jsonb,
  constraint token_check check (((state = 'WAITING'::text) or (admitted_at is not null) or (state = 'LEFT'::text))),
  constraint token_check1 check (((admitted_at is null) = (expires_at is null))),
  constraint token_check2 check (((state = 'SPENT'::text) = (reservation_id is not null))),
  constraint token_check3 check (((state = any (array['WAITING'::text, 'ACTIVE'::text])) = (ended_at is null))),
  constraint token_check4 check (((claimed_at is null) or (admitted_at is not null))),
  constraint token_check5 check (((admitted_at is null) = (holds_until is null))),
  constraint token_check6 check ((expires_at >= holds_until)),
  constraint token_check7 check (((departure is not null) = ((state = 'LEFT'::text) and (admitted_at is null)))),
  constraint token_state_check check ((state = any (array['WAITING'::text, 'ACTIVE'::text, 'SPENT'::text, 'EXPIRED'::text, 'LEFT'::text]))),
  constraint token_pkey primary key (room, number)
) with (fillfactor=85, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_cost_delay=0);

create index token_active on waiting_room.token using btree (room, expires_at) where (state = 'ACTIVE'::text);

create unique index token_departure on waiting_room.token using btree (room, departure) where (departure is not null);

create index token_kept on waiting_room.token using btree (user_id) where ((kept_for is not null) and (state = 'ACTIVE'::text));

create unique index token_live on waiting_room.token using btree (room, user_id) where (state = any (array['WAITING'::text, 'ACTIVE'::text]));
