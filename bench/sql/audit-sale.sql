-- A sale in the middle of its day, as rows that agree: for each performance so many seats, of which 60 % are sold by twos,
-- 1 % held and 9 % free again; a room of its own in which a tenth as many people wait; the money of everybody; and the log.
-- set bench.performances and bench.seats (a multiple of 1,000) first.

-- So many thousandths of the seats.
create function pg_temp.share(thousandths int) returns int language sql as
$$ select current_setting('bench.seats')::int / 1000 * thousandths $$;

insert into catalogue.venue (name, city, request_id, fingerprint)
values ('Stadium', 'Seoul', gen_random_uuid(), '\x00');
insert into catalogue.layout (venue_id, name, section_count, seat_count) select venue_id, 'all', 50, pg_temp.share(1000) from catalogue.venue;
insert into catalogue.section (layout_id, section_no, name, first_seat_no, seat_count, row_length)
select layout_id, n, 'Block ' || n, (n - 1) * pg_temp.share(20) + 1, pg_temp.share(20), 50 from catalogue.layout, generate_series(1, 50) as n;
insert into catalogue.concert (title, description, genre, request_id, fingerprint)
values ('The audit', '', 'concert', gen_random_uuid(), '\x00');
insert into catalogue.performance (
  concert_id, layout_id, room, starts_at, sale_opens_at, sale_closes_at, seats_per_person, from_price_krw, request_id, fingerprint
)
select concert_id, layout_id, 'sale-' || n, clock_timestamp() + interval '30 days', date_trunc('day', clock_timestamp() - interval '2 days'),
  date_trunc('day', clock_timestamp() + interval '29 days'), 4, 30000, gen_random_uuid(), '\x00'
from catalogue.concert, catalogue.layout, generate_series(1, current_setting('bench.performances')::int) as n order by n;
insert into catalogue.price (performance_id, layout_id, section_no, price_krw)
select performance_id, layout_id, section_no, 30000 from catalogue.performance join catalogue.section using (layout_id);
insert into seats.performance
select performance_id, room, pg_temp.share(1000), seats_per_person, sale_opens_at, sale_closes_at from catalogue.performance;

-- People do not buy from the first row to the last: the seats lie side by side, the pairs all over the house.
create temporary table pair as
select row_number() over (order by md5(n::text)) - 1 as k, n * 2 + 1 as seat_no from generate_series(0, pg_temp.share(500) - 1) as n;

-- sold: S, held: H, lapsed: R. One place in line and two seats each.
create temporary table purchase as
select p.performance_id, p.room, k + 1 as number, pair.seat_no,
  md5(p.performance_id || 'r' || k)::uuid as reservation_id, md5(p.performance_id || 'u' || k)::uuid as user_id,
  md5(p.performance_id || 'p' || k)::uuid as payment_id, md5(p.performance_id || 't' || k)::uuid as transfer_id,
  case when k < pg_temp.share(300) then 'S' when k < pg_temp.share(305) then 'H' else 'R' end as state,
  date_trunc('milliseconds', clock_timestamp() - interval '3 hours') + k * interval '20 milliseconds' as at,
  json_build_array(json_build_object('no', seat_no, 'version', 1), json_build_object('no', seat_no + 1, 'version', 1)) as seats
from seats.performance p, pair where k < pg_temp.share(350)
order by p.performance_id, k;
alter table purchase add column held_at timestamptz, add column expires_at timestamptz;
update purchase set held_at = case state when 'H' then date_trunc('milliseconds', clock_timestamp()) else at + interval '2 seconds' end;
update purchase set expires_at = held_at + case state when 'H' then interval '2 hours' else interval '300001 milliseconds' end;

insert into seats.seat (performance_id, seat_no, price_krw, version, state, reservation_id)
select p.performance_id, n, 30000, case b.state when 'S' then 2 when 'H' then 1 when 'R' then 2 else 0 end,
  (case b.state when 'S' then 'S' when 'H' then 'H' else 'F' end)::"char",
  case when b.state in ('S', 'H') then b.reservation_id end
from seats.performance p cross join generate_series(1, pg_temp.share(1000)) as n
left join purchase b on b.performance_id = p.performance_id and b.seat_no = n - 1 + n % 2
order by p.performance_id, n;
insert into seats.hold (
  reservation_id, user_id, performance_id, seat_nos, seat_versions, amount_krw, state, held_at, expires_at, fingerprint
)
select reservation_id, user_id, performance_id, array[seat_no, seat_no + 1], '{1,1}', 60000, state::"char", held_at, expires_at, '\x00'
from purchase;
insert into seats.buyer select performance_id, user_id, case state when 'R' then 0 else 2 end from purchase;

insert into reservations.reservation (
  reservation_id, user_id, performance_id, seats, amount_krw, status, created_at, expires_at, closed_at
)
select reservation_id, user_id, performance_id, seats, 60000, case state when 'S' then 'CONFIRMED' when 'H' then 'HELD' else 'EXPIRED' end,
  held_at, expires_at, case state when 'S' then held_at + interval '3 seconds' when 'R' then expires_at + interval '400 milliseconds' end
from purchase;
insert into payments.payment (
  payment_id, reservation_id, user_id, performance_id, seats, amount_krw, turn_room, turn_epoch, turn_number, state, expires_at,
  opened_at, paid_at, closed_at, request_id
)
select payment_id, reservation_id, user_id, performance_id, seats, 60000, room, 1, number,
  case state when 'S' then 'PAID' when 'H' then 'DUE' else 'LAPSED' end, expires_at, held_at,
  case state when 'S' then held_at + interval '3 seconds' end, case state when 'R' then expires_at + interval '400 milliseconds' end,
  case state when 'S' then transfer_id end
from purchase;
insert into payments.wallet select user_id, case state when 'S' then 40000 else 100000 end from purchase;
insert into payments.transfer (
  transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, fingerprint, at
)
select md5('c' || user_id)::uuid, 'CHARGE', '00000000-0000-8000-8000-000000000001', user_id, 100000, user_id, 100000, '\x00', at from purchase;
insert into payments.transfer (
  transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, reservation_id, fingerprint, at
)
select transfer_id, 'PAYMENT', user_id, '00000000-0000-8000-8000-000000000002', 60000, user_id, 40000, reservation_id, '\x00',
  held_at + interval '3 seconds'
from purchase where state = 'S';

insert into waiting_room.room (
  room, last_number, head, waiting, active, admitted, rate_count, rate_window_ms, capacity, allowance, refilled_at
)
select room, pg_temp.share(450), pg_temp.share(350), pg_temp.share(100), pg_temp.share(5), pg_temp.share(350), 60, 1000, 1100, 0, clock_timestamp() + interval '2 hours' from seats.performance;
insert into operator_log.entry (at, action, subject, before, after, request_id, address)
select clock_timestamp() - interval '4 hours' + n * interval '10 minutes', case n when 0 then 'room.create' else 'room.change' end, room,
  case when n > 0 then terms end, terms, gen_random_uuid(), '127.0.0.1'
from seats.performance, generate_series(0, 20) as n,
  (select '{"state":"OPEN","opensAt":null,"rateCount":60,"rateWindowMs":1000,"capacity":1100}'::json as terms) as t order by n;
insert into waiting_room.token (
  room, number, epoch, user_id, state, joined_at, admitted_at, expires_at, holds_until, claimed_at, reservation_id, ended_at
)
select room, number, 1, user_id, case state when 'S' then 'SPENT' when 'H' then 'ACTIVE' else 'EXPIRED' end, at - interval '1 minute', at,
  case state when 'H' then expires_at else at + interval '10 minutes' end,
  case state when 'H' then expires_at else at + interval '10 minutes' end,
  at, case state when 'S' then reservation_id end, case when state <> 'H' then at + interval '10 seconds' end
from purchase;
insert into waiting_room.token (room, number, epoch, user_id)
select room, n, 1, md5(room || n)::uuid from seats.performance, generate_series(pg_temp.share(350) + 1, pg_temp.share(450)) as n;

-- Sets of a hundred, as a busy sale appends them.
create temporary table event as
select performance_id, number / 100 as batch, kind, names, state, case kind when 1 then 'SeatReserved' when 2 then 'ReservationCreated' end as name, number,
  json_build_object('name', names, 'reservationId', reservation_id, 'performanceId', performance_id, 'userId', user_id, 'seats', seats,
    'amountKrw', 60000, 'turn', json_build_object('room', room, 'epoch', 1, 'number', number), 'expiresAt', expires_at, 'payNow', false,
    'paymentId', payment_id) as event, held_at
from purchase
join (values ('S', 1, 'SeatReserved'), ('S', 2, 'ReservationCreated'), ('S', 3, 'PaymentProcessed'), ('S', 4, 'SeatSold'), ('S', 5, 'TokenExpired'),
  ('H', 1, 'SeatReserved'), ('H', 2, 'ReservationCreated'),
  ('R', 1, 'SeatReserved'), ('R', 2, 'ReservationCreated'), ('R', 6, 'PaymentProcessingFailed'), ('R', 7, 'SeatReleased')
) as e (of, kind, names) on e.of = purchase.state;
insert into messaging.log (names, events, event_count, at)
select array[names], json_agg(event), count(*), min(held_at) from event group by performance_id, batch, kind, names order by min(held_at), kind;
update messaging.cursor set epoch = 1, xid = pg_current_xact_id(), id = (select last_value from messaging.log_id);
