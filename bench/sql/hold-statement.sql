-- A hold in the strongest single statement: lock, decide and write in one go. The same rows as ours.
\set i :i + 1
\set seat :client_id * :per_client + :i
with seat as (
  update seats.seat set state = 'H', version = version + 1, reservation_id = gen_random_uuid()
  where performance_id = :performance::int and seat_no = :seat::int and state = 'F'
  returning reservation_id, price_krw, version
), buyer as (
  insert into seats.buyer as b (performance_id, user_id, seat_count) select :performance::int, gen_random_uuid(), 1 from seat
  on conflict (performance_id, user_id) do update set seat_count = b.seat_count + 1 where b.seat_count < 4
  returning user_id
), hold as (
  insert into seats.hold (reservation_id, user_id, performance_id, seat_nos, seat_versions, amount_krw, fingerprint, held_at, expires_at)
  select reservation_id, user_id, :performance::int, array[:seat::int], array[version], price_krw, '\x00112233445566778899aabbccddeeff', clock_timestamp(), clock_timestamp() + interval '5 minutes'
  from seat, buyer
  returning reservation_id, user_id, seat_versions, expires_at
)
insert into messaging.log (names, events, event_count)
select '{SeatReserved}', json_build_array(json_build_object('name', 'SeatReserved', 'reservationId', reservation_id, 'userId', user_id, 'performanceId', :performance::int, 'seats', json_build_array(json_build_object('no', :seat::int, 'version', seat_versions[1])), 'amountKrw', 10000, 'turn', json_build_object('room', 'main', 'epoch', 1, 'number', :seat::int), 'expiresAt', expires_at, 'payNow', false)), 1
from hold;
