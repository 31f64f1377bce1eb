-- Turns that are kept open for holds know for which ones, so that a hold that comes to nothing keeps its turn no longer.

alter table waiting_room.token
  -- Until when each hold keeps the turn, by its reservation; only of holds that outlast the turn's own end, so almost
  -- always null.
  add column kept_for jsonb;

-- What such a hold's end is told with is who held. Almost empty, and no other change of a place touches it.
create index token_kept on waiting_room.token (user_id) where kept_for is not null and state = 'ACTIVE';
