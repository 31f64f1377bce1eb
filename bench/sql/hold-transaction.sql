-- A hold as a usual service writes it: begin, statements, commit. The same rows as ours.
-- Ids follow from the number of the seat, all over the index as random ones are, and cost no statement of their own.
\set i :i + 1
\set seat :client_id * :per_client + :i
begin;
select price_krw, version from seats.seat where performance_id = :performance::int and seat_no = :seat::int and state = 'F' for update;
insert into seats.buyer as b (performance_id, user_id, seat_count) values (:performance::int, md5('u' || :seat::text)::uuid, 1)
  on conflict (performance_id, user_id) do update set seat_count = b.seat_count + 1 where b.seat_count < 4;
update seats.seat set state = 'H', version = version + 1, reservation_id = md5('r' || :seat::text)::uuid where performance_id = :performance::int and seat_no = :seat::int;
insert into seats.hold (reservation_id, user_id, performance_id, seat_nos, seat_versions, amount_krw, fingerprint, held_at, expires_at)
  values (md5('r' || :seat::text)::uuid, md5('u' || :seat::text)::uuid, :performance::int, array[:seat::int], array[1], 10000, '\x00112233445566778899aabbccddeeff', clock_timestamp(), clock_timestamp() + interval '5 minutes');
insert into messaging.log (names, events, event_count) values ('{SeatReserved}', json_build_array(json_build_object('name', 'SeatReserved', 'reservationId', md5('r' || :seat::text)::uuid, 'userId', md5('u' || :seat::text)::uuid, 'performanceId', :performance::int, 'seats', json_build_array(json_build_object('no', :seat::int, 'version', 1)), 'amountKrw', 10000, 'turn', json_build_object('room', 'main', 'epoch', 1, 'number', :seat::int), 'expiresAt', clock_timestamp(), 'payNow', false)), 1);
commit;
