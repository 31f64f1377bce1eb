-- After a restore the operator raises a room's epoch. Numbers from then on are of the new one; those below keep their
-- places, and what was given from there on in the life that is lost is refused. So for each epoch its first number is kept.
alter table waiting_room.room
  add column epoch_starts bigint[] not null default '{1}',
  add check (cardinality(epoch_starts) = epoch);
