/** Wallets, transfers and payments. All in one module, so nothing is under way between them. */
import { statement } from '../platform/postgres/statement.ts';
import { type Check, VERDICT } from './check.ts';

// The chain from nothing to the balance: when every step is right and the last one is the balance, the sum is, too.
const BALANCES = statement(`/* audit.balances */
with chained as (
  select wallet_id, seq, transfer_id, amount_krw, balance_after_krw,
    coalesce(lag(balance_after_krw) over steps, 0) + case when credit_account = wallet_id then amount_krw else -amount_krw end as computed_krw,
    lead(seq) over steps is null as is_last
  from payments.transfer
  window steps as (partition by wallet_id order by seq)
), broken as (
  select format('transfer %s of wallet %s leaves %s won, and should leave %s', transfer_id, wallet_id, balance_after_krw, computed_krw) as what
  from chained where balance_after_krw <> computed_krw or balance_after_krw < 0
  union all
  select format('wallet %s has %s won, and %s after its last transfer', coalesce(w.user_id, t.wallet_id),
    coalesce(w.balance_krw::text, 'no row for'), coalesce(t.balance_after_krw::text, 'none'))
  from payments.wallet w full join (select * from chained where is_last) t on t.wallet_id = w.user_id
  where w.balance_krw is distinct from coalesce(t.balance_after_krw, 0) or w.balance_krw < 0
)
select (select count(*) from chained) as counted, ${VERDICT}`);

// By the accounts, not by the kinds: ...01 is where charges come from, ...02 where payments go.
const MONEY_CONSERVED = statement(`/* audit.money-conserved */
with entries as (
  select debit_account as account, -sum(amount_krw) as amount_krw from payments.transfer group by debit_account
  union all
  select credit_account, sum(amount_krw) from payments.transfer group by credit_account
), sums as (
  select coalesce(sum(amount_krw), 0) as all_krw,
    coalesce(sum(amount_krw) filter (where account = '00000000-0000-8000-8000-000000000001'), 0) as funding_krw,
    coalesce(sum(amount_krw) filter (where account = '00000000-0000-8000-8000-000000000002'), 0) as sales_krw,
    (select coalesce(sum(balance_krw), 0) from payments.wallet) as balances_krw,
    (select coalesce(sum(amount_krw), 0) from payments.payment where state = 'PAID') as paid_krw
  from entries
), broken as (
  select format('the accounts do not add up to nothing, but to %s won', all_krw) as what from sums where all_krw <> 0
  union all
  select format('%s won were charged and %s taken, but the wallets have %s', -funding_krw, sales_krw, balances_krw)
  from sums where -funding_krw - sales_krw <> balances_krw
  union all
  select format('%s won were taken and not given back, but the paid payments are %s', sales_krw, paid_krw)
  from sums where sales_krw <> paid_krw
)
select (select count(*) from payments.transfer) as counted, ${VERDICT}`);

// A transfer is named by the key of its request.
const ONE_EFFECT = statement(`/* audit.one-effect */
with broken as (
  select format('the request of transfer %s has moved money %s times', transfer_id, count(*)) as what
  from payments.transfer group by transfer_id having count(*) > 1
)
select (select count(*) from payments.transfer) as counted, ${VERDICT}`);

const PAYMENT_TRANSFERS = statement(`/* audit.payment-transfers */
with moved as (
  select reservation_id, count(*) filter (where kind = 'PAYMENT') as paid_count, count(*) filter (where kind = 'REFUND') as refunded_count,
    bool_and(t.amount_krw = p.amount_krw and t.wallet_id = p.user_id and (t.kind = 'REFUND' or t.transfer_id = p.request_id)) as is_its_own
  from payments.transfer t left join payments.payment p using (reservation_id)
  where t.kind <> 'CHARGE'
  group by reservation_id
), broken as (
  select format('the payment of reservation %s is %s, with %s transfers that pay and %s that give back', reservation_id,
    coalesce(p.state, 'not there'), coalesce(m.paid_count, 0), coalesce(m.refunded_count, 0)) as what
  from payments.payment p full join moved m using (reservation_id)
  where coalesce(m.paid_count, 0) <> case when p.state in ('PAID', 'REFUNDED') then 1 else 0 end
    or coalesce(m.refunded_count, 0) <> case when p.state = 'REFUNDED' then 1 else 0 end
  union all
  select format('a transfer of reservation %s has another amount, wallet or request than its payment', reservation_id)
  from moved where not is_its_own
  union all
  select format('reservation %s has %s payments', reservation_id, count(*))
  from payments.payment group by reservation_id having count(*) > 1
)
select (select count(*) from payments.payment) as counted, ${VERDICT}`);

const LAPSED_IN_TIME = statement(`/* audit.lapsed-in-time */
with lapsed as (
  select reservation_id, expires_at, closed_at from payments.payment where state = 'LAPSED'
), broken as (
  select format('the payment of reservation %s lapsed at %s, before its deadline %s', reservation_id, closed_at, expires_at) as what
  from lapsed where closed_at < expires_at
  union all
  select format('the hold of reservation %s ends at %s, and its payment is due until %s', h.reservation_id, h.expires_at, p.expires_at)
  from seats.hold h join payments.payment p using (reservation_id)
  where h.expires_at <> p.expires_at and p.turn_room is not null
)
select (select count(*) from lapsed) as counted, ${VERDICT}`);

export const moneyChecks: readonly Check[] = [
  {
    name: 'balances',
    promise: 'I2',
    says: 'no balance is negative, and each is what its transfers come to, at every step',
    statement: BALANCES,
  },
  {
    name: 'money-conserved',
    promise: 'I2',
    says: 'what was charged is in wallets or was taken, and what was taken is what the paid payments say',
    statement: MONEY_CONSERVED,
  },
  {
    name: 'one-effect',
    promise: 'I5',
    says: 'a request with one key has moved money once, however often it was sent',
    statement: ONE_EFFECT,
  },
  {
    name: 'payment-transfers',
    promise: 'I5',
    says: 'what is paid was paid by one transfer, and given back by one if it was refunded; nothing else moved money',
    statement: PAYMENT_TRANSFERS,
  },
  {
    name: 'lapsed-in-time',
    promise: 'I8',
    says: 'no hold was ended for want of payment before its time',
    statement: LAPSED_IN_TIME,
  },
];
