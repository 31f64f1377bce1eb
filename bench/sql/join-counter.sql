-- Joining with numbers in order, as a usual service writes it: the room's row counts.
with room as (
  update waiting_room.room set last_number = last_number + 1, waiting = waiting + 1 where room = 'main' returning last_number
)
insert into waiting_room.token (room, number, epoch, user_id)
select 'main', last_number, 1, gen_random_uuid() from room
on conflict (room, user_id) where state in ('WAITING', 'ACTIVE') do nothing
returning number;
