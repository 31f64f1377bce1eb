-- The tables that a sale writes grow and change all the time, so they are analysed every few seconds; with the usual target
-- each time reads and sorts 30,000 rows for every column, which took a tenth of both cores while seats were held. Whatever
-- asks them at speed goes by keys and needs no statistics; for lists and the auditor a tenth of the sample says enough. Turns are
-- left as they are: among many who wait a small sample finds none, and takes any index of turns for as good as another.
do $$
declare
  found record;
begin
  for found in
    select a.attrelid::regclass as tab, a.attname as col
    from pg_attribute a
    where a.attrelid in (
      'seats.seat'::regclass, 'seats.hold'::regclass, 'seats.buyer'::regclass, 'reservations.reservation'::regclass,
      'payments.payment'::regclass, 'payments.transfer'::regclass, 'payments.wallet'::regclass
    ) and a.attnum > 0 and not a.attisdropped
  loop
    execute format('alter table %s alter column %I set statistics 10', found.tab, found.col);
  end loop;
end $$;
