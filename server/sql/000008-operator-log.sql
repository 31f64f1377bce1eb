-- What operators did: written in the transaction that did it, and never changed.

create schema operator_log;

create table operator_log.entry (
  entry_id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  action text not null,
  -- of what kind the action says: the name of a room, the id of a concert, …
  subject text not null,
  -- as they were written, in their order
  before json,
  after json,
  -- the request that asked for it, and where it came from
  request_id uuid not null,
  address text not null
);
create index entry_by_subject on operator_log.entry (subject, entry_id);

-- No statement of ours changes an entry. This is for the one that somebody types at a prompt: who owns the table can
-- still switch the trigger off, but not by mistake.
create function operator_log.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the operator''s log is never changed'
    using errcode = 'restrict_violation';
end $$;

create trigger immutable before update or delete or truncate on operator_log.entry
  for each statement execute function operator_log.refuse_change();
