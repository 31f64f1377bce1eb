-- After a restore the operator raises a room's epoch. Numbers from here on are of the new one; those below keep their
-- places, and what was given from here on in the life that is lost is refused.
alter table waiting_room.room
  add column epoch_from bigint not null default 1 check (epoch_from >= 1);
