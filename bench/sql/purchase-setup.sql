-- Seats, wallets with money and active turns for so many buyers; buyer n is the uuid that ends in n.
create function bench_buyer(n bigint) returns uuid language sql immutable as
  $$ select lpad(to_hex(n), 32, '0')::uuid $$;
create function bench_setup(buyers int) returns void language sql as $$
  insert into seats.performance (performance_id, room, seat_count, seats_per_person, sale_opens_at, sale_closes_at)
    values (1, 'main', buyers, 4, 'epoch', 'infinity');
  insert into seats.seat (performance_id, seat_no, price_krw) select 1, n, 10000 from generate_series(1, buyers) n;
  insert into payments.wallet (user_id, balance_krw) select bench_buyer(n), 10000 from generate_series(1, buyers) n;
  insert into waiting_room.room (room, last_number, head, waiting, active, allowance)
    values ('main', 0, 0, 0, 0, 'infinity');
$$;
