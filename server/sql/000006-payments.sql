-- Money: wallets, the transfers that move it, and what is due for each reservation.

create schema payments;

-- The upper bound is a seat belt. What a person may charge up to is a rule of the code and far below; a refund
-- always succeeds, so it may pass that rule.
create table payments.wallet (
  user_id uuid primary key,
  balance_krw bigint not null default 0 check (balance_krw between 0 and 1000000000000)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- Double entry: one row takes from one account and gives to another, so the books balance by construction.
-- A person's account is the person's id. ...01 is where charges come from, ...02 where payments go; the same
-- ids are in payments/wallet.ts. Rows are only ever added.
create table payments.transfer (
  transfer_id uuid primary key,
  kind text not null,
  debit_account uuid not null,
  credit_account uuid not null,
  -- a free seat is paid for with nothing, and its transfer remembers the request
  amount_krw int not null check (amount_krw > 0 or amount_krw = 0 and kind <> 'CHARGE'),
  wallet_id uuid not null,
  balance_after_krw bigint not null check (balance_after_krw >= 0),
  reservation_id uuid,
  fingerprint bytea,
  -- given under the wallet's lock: the order of one wallet's transfers
  seq bigint not null generated always as identity,
  at timestamptz not null,
  check (debit_account <> credit_account),
  check (
    case kind
      when 'CHARGE' then debit_account = '00000000-0000-8000-8000-000000000001' and credit_account = wallet_id
      when 'PAYMENT' then debit_account = wallet_id and credit_account = '00000000-0000-8000-8000-000000000002'
      when 'REFUND' then debit_account = '00000000-0000-8000-8000-000000000002' and credit_account = wallet_id
      else false
    end
  ),
  check ((kind = 'CHARGE') = (reservation_id is null))
);
create index transfer_by_wallet on payments.transfer (wallet_id, seq);

-- One row per reservation, found through the reservation's id (payment_id is derived from it). This row decides
-- whether a hold is paid or lapses: both are a change of its state, under its lock, by the database's clock.
--
--   DUE ─▶ PAID ─▶ REFUNDED      DUE ─▶ LAPSED | REFUSED | VOID
create table payments.payment (
  payment_id uuid primary key,
  reservation_id uuid not null,
  user_id uuid not null,
  performance_id int not null,
  seats jsonb not null,
  amount_krw int not null check (amount_krw >= 0),
  -- the turn that the hold was made on and, once paid, the one that it was paid on; unknown for what was given back before it was opened
  turn_room text,
  turn_epoch int,
  turn_number bigint,
  state text not null check (state in ('DUE', 'PAID', 'REFUNDED', 'LAPSED', 'REFUSED', 'VOID')),
  expires_at timestamptz not null,
  -- whole milliseconds, as the API shows them: a page can go on exactly after one
  opened_at timestamptz not null default date_trunc('milliseconds', clock_timestamp()),
  paid_at timestamptz,
  closed_at timestamptz,
  -- the transfer that paid it
  request_id uuid,
  check (state = 'VOID' or num_nulls(turn_room, turn_epoch, turn_number) = 0),
  check ((state in ('PAID', 'REFUNDED')) = (paid_at is not null and request_id is not null)),
  check ((state in ('DUE', 'PAID')) = (closed_at is null))
) with (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Nothing in them ever changes, so a change of state touches no index. For the same reason the second one is
-- not limited to what is due; payments/lapse-payments.ts bounds its scan otherwise.
create index payment_by_user on payments.payment (user_id, opened_at, payment_id);
create index payment_by_deadline on payments.payment (expires_at);
