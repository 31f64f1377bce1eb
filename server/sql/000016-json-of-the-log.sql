-- As in 000014: an event was turned into jsonb when it was appended, and back for each of its readers. How many events a row has is
-- what its writer says, and bounds how much a reader takes at once; to count them again would read each of them once more.

alter table messaging.log
  drop constraint log_check,
  alter column events type json using events::json,
  add constraint log_check check (
    json_typeof(events) = 'array'
    -- Escapes of what no text of PostgreSQL can hold: jsonb would refuse them. (No event has a field in which somebody could
    -- write a backslash.)
    and position('\u0000' in events::text) = 0 and position('\ud' in events::text) = 0
  );
