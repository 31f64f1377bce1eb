-- A whole purchase in the strongest statements: one for the place, one for the hold, one for the payment.
-- Ids follow from the number of the seat, all over the index as random ones are, and cost no statement of their own.
\set i :i + 1
\set seat :client_id * :per_client + :i
insert into waiting_room.token (room, number, epoch, user_id, state, admitted_at, claimed_at, expires_at, holds_until)
  values ('main', :seat::int, 1, bench_buyer(:seat::int), 'ACTIVE', statement_timestamp(), statement_timestamp(), statement_timestamp() + interval '10 minutes', statement_timestamp() + interval '10 minutes');
with seat as (
  update seats.seat set state = 'H', version = version + 1, reservation_id = md5('r' || :seat::text)::uuid
  where performance_id = :performance::int and seat_no = :seat::int and state = 'F' returning price_krw, version
), buyer as (
  insert into seats.buyer as b (performance_id, user_id, seat_count) select :performance::int, bench_buyer(:seat::int), 1 from seat
  on conflict (performance_id, user_id) do update set seat_count = b.seat_count + 1 where b.seat_count < 4 returning user_id
), hold as (
  insert into seats.hold (reservation_id, user_id, performance_id, seat_nos, seat_versions, amount_krw, fingerprint, held_at, expires_at)
  select md5('r' || :seat::text)::uuid, bench_buyer(:seat::int), :performance::int, array[:seat::int], array[version], price_krw, '\x00112233445566778899aabbccddeeff', clock_timestamp(), clock_timestamp() + interval '5 minutes' from seat, buyer
), reservation as (
  insert into reservations.reservation (reservation_id, user_id, performance_id, seats, amount_krw, status, expires_at)
  select md5('r' || :seat::text)::uuid, bench_buyer(:seat::int), :performance::int, '[]', price_krw, 'HELD', clock_timestamp() + interval '5 minutes' from seat
), payment as (
  insert into payments.payment (payment_id, reservation_id, user_id, performance_id, seats, amount_krw, turn_room, turn_epoch, turn_number, state, expires_at)
  select md5('p' || :seat::text)::uuid, md5('r' || :seat::text)::uuid, bench_buyer(:seat::int), :performance::int, '[]', price_krw, 'main', 1, :seat::int, 'DUE', clock_timestamp() + interval '5 minutes' from seat
)
insert into messaging.log (names, events, event_count) select '{SeatReserved,ReservationCreated}', json_build_array(json_build_object('name', 'SeatReserved', 'reservationId', md5('r' || :seat::text)::uuid, 'userId', bench_buyer(:seat::int), 'performanceId', :performance::int, 'seats', json_build_array(json_build_object('no', :seat::int, 'version', 1)), 'amountKrw', 10000, 'turn', json_build_object('room', 'main', 'epoch', 1, 'number', :seat::int), 'expiresAt', clock_timestamp(), 'payNow', false), json_build_object('name', 'ReservationCreated', 'reservationId', md5('r' || :seat::text)::uuid, 'userId', bench_buyer(:seat::int), 'performanceId', :performance::int, 'seats', json_build_array(json_build_object('no', :seat::int, 'version', 1)), 'amountKrw', 10000, 'turn', json_build_object('room', 'main', 'epoch', 1, 'number', :seat::int), 'expiresAt', clock_timestamp(), 'payNow', false)), 2 from seat;
with paid as (
  update payments.payment set state = 'PAID', paid_at = clock_timestamp(), request_id = gen_random_uuid()
  where payment_id = md5('p' || :seat::text)::uuid and state = 'DUE' and expires_at > clock_timestamp() returning amount_krw
), wallet as (
  update payments.wallet set balance_krw = balance_krw - amount_krw from paid where user_id = bench_buyer(:seat::int) and balance_krw >= amount_krw returning balance_krw
), transfer as (
  insert into payments.transfer (transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, reservation_id, at)
  select gen_random_uuid(), 'PAYMENT', bench_buyer(:seat::int), '00000000-0000-8000-8000-000000000002', amount_krw, bench_buyer(:seat::int), balance_krw, md5('r' || :seat::text)::uuid, clock_timestamp() from paid, wallet
), reservation as (
  update reservations.reservation set status = 'CONFIRMED', closed_at = clock_timestamp() from paid where reservation_id = md5('r' || :seat::text)::uuid and status = 'HELD'
), seat as (
  update seats.seat set state = 'S', version = version + 1 from paid where performance_id = :performance::int and seat_no = :seat::int and state = 'H'
), hold as (
  update seats.hold set state = 'S' from paid where reservation_id = md5('r' || :seat::text)::uuid
), turn as (
  update waiting_room.token set state = 'SPENT', reservation_id = md5('r' || :seat::text)::uuid, ended_at = clock_timestamp() from paid where room = 'main' and number = :seat::int and state = 'ACTIVE'
)
insert into messaging.log (names, events, event_count) select '{PaymentProcessed,SeatSold,TokenExpired}', json_build_array(json_build_object('name', 'PaymentProcessed', 'reservationId', md5('r' || :seat::text)::uuid, 'userId', bench_buyer(:seat::int), 'performanceId', :performance::int, 'seats', json_build_array(json_build_object('no', :seat::int, 'version', 1)), 'amountKrw', 10000, 'turn', json_build_object('room', 'main', 'epoch', 1, 'number', :seat::int), 'expiresAt', clock_timestamp(), 'payNow', false), json_build_object('name', 'SeatSold', 'reservationId', md5('r' || :seat::text)::uuid, 'userId', bench_buyer(:seat::int), 'performanceId', :performance::int, 'seats', json_build_array(json_build_object('no', :seat::int, 'version', 1)), 'amountKrw', 10000, 'turn', json_build_object('room', 'main', 'epoch', 1, 'number', :seat::int), 'expiresAt', clock_timestamp(), 'payNow', false), json_build_object('name', 'TokenExpired', 'reservationId', md5('r' || :seat::text)::uuid, 'userId', bench_buyer(:seat::int), 'performanceId', :performance::int, 'seats', json_build_array(json_build_object('no', :seat::int, 'version', 1)), 'amountKrw', 10000, 'turn', json_build_object('room', 'main', 'epoch', 1, 'number', :seat::int), 'expiresAt', clock_timestamp(), 'payNow', false)), 3 from paid;
