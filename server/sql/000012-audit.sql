-- What the auditor said, and when: so that any instance answers for it, and that it is known after the sale.

create schema audit;

create table audit.pass (
  pass_no bigint generated always as identity primary key,
  audit_id uuid not null unique,
  -- RUNNING is also what an instance leaves behind that ended meanwhile; whoever reads it knows by its age.
  state text not null default 'RUNNING' check (state in ('RUNNING', 'CLEAN', 'VIOLATED', 'FAILED')),
  started_at timestamptz not null default clock_timestamp(),
  took_ms int check (took_ms >= 0),
  under_way int not null default 0 check (under_way >= 0),
  violation_count bigint not null default 0 check (violation_count >= 0),
  checks jsonb not null default '[]',
  check ((state = 'RUNNING') = (took_ms is null)),
  check (state not in ('CLEAN', 'VIOLATED') or (state = 'VIOLATED') = (violation_count > 0))
);
