-- Joining in the strongest single statement. The numbers are a sequence's: they are given before the commit, so
-- somebody who was answered earlier may stand behind somebody who came later.
insert into waiting_room.token (room, number, epoch, user_id)
values ('main', nextval('bench_number'), 1, gen_random_uuid())
on conflict (room, user_id) where state in ('WAITING', 'ACTIVE') do nothing
returning number;
