/** One purchase in the tables of seats, reservations and payments: what is not under way agrees in all of them. */
import { statement } from '../platform/postgres/statement.ts';
import { type Check, SETTLED_SUSPECTS, UNDER_WAY, VERDICT } from './check.ts';

// Seats name reservations and reservations name seats. A reservation that is under way excuses nobody but itself.
// A reservation names each seat with the version that its hold gave it; the sale, which is the seat's next change, adds one.
const SOLD_IS_PAID = statement(`/* audit.sold-is-paid */
with ${UNDER_WAY},
owned as (
  select r.reservation_id, r.performance_id, (e ->> 'no')::int as seat_no, (e ->> 'version')::int + 1 as version
  from reservations.reservation r cross join lateral json_array_elements(r.seats) as e
  where r.status = 'CONFIRMED'
), sold as (
  select performance_id, seat_no, version, reservation_id from seats.seat where state = 'S'
), apart as (
  select performance_id, seat_no, o.reservation_id as owner_id, s.reservation_id as holder_id
  from owned o full join sold s using (performance_id, seat_no)
  where (o.reservation_id, o.version) is distinct from (s.reservation_id, s.version)
), paid as (
  select reservation_id from payments.payment where state = 'PAID'
), suspects (reservation_id, what) as (
  select holder_id, format('seat %s of performance %s is sold to reservation %s, which %s', seat_no, performance_id, holder_id,
    coalesce((select case status when 'CONFIRMED' then 'is CONFIRMED without it' else 'is ' || status end
      from reservations.reservation where reservation_id = holder_id), 'does not exist'))
  from apart where holder_id is not null
  union all
  select owner_id, format('reservation %s is CONFIRMED, but seat %s of performance %s is not sold to it', owner_id, seat_no, performance_id)
  from apart where owner_id is not null
  union all
  select reservation_id, case
      when r.reservation_id is null then format('reservation %s is paid, but %s', reservation_id, coalesce((
        select 'it is ' || status from reservations.reservation x where x.reservation_id = p.reservation_id), 'does not exist'))
      else format('reservation %s is CONFIRMED, but its payment %s', reservation_id, coalesce((
        select 'is ' || min(state) from payments.payment x where x.reservation_id = r.reservation_id), 'does not exist'))
    end
  from (select reservation_id from reservations.reservation where status = 'CONFIRMED') r full join paid p using (reservation_id)
  where r.reservation_id is null or p.reservation_id is null
  union all
  select reservation_id, format('reservation %s has %s payments that are PAID', reservation_id, count(*))
  from paid group by reservation_id having count(*) > 1
), ${SETTLED_SUSPECTS}
select (select count(*) from sold) as counted, ${VERDICT}`);

const HELD_IS_RESERVED = statement(`/* audit.held-is-reserved */
with ${UNDER_WAY},
wanted as (
  select r.reservation_id, r.performance_id, (e ->> 'no')::int as seat_no, (e ->> 'version')::int as version
  from reservations.reservation r cross join lateral json_array_elements(r.seats) as e
  where r.status = 'HELD'
), held as (
  select performance_id, seat_no, version, reservation_id from seats.seat where state = 'H'
), apart as (
  select performance_id, seat_no, w.reservation_id as owner_id, s.reservation_id as holder_id
  from wanted w full join held s using (performance_id, seat_no)
  where (w.reservation_id, w.version) is distinct from (s.reservation_id, s.version)
), due as (
  select reservation_id from payments.payment where state = 'DUE'
), suspects (reservation_id, what) as (
  select holder_id, format('seat %s of performance %s is held for reservation %s, which %s', seat_no, performance_id, holder_id,
    coalesce((select case status when 'HELD' then 'is HELD without it' else 'is ' || status end
      from reservations.reservation where reservation_id = holder_id), 'does not exist'))
  from apart where holder_id is not null
  union all
  select owner_id, format('reservation %s is HELD, but seat %s of performance %s is not held for it', owner_id, seat_no, performance_id)
  from apart where owner_id is not null
  union all
  select reservation_id, case
      when r.reservation_id is null then format('a payment is due for reservation %s, which %s', reservation_id, coalesce((
        select 'is ' || status from reservations.reservation x where x.reservation_id = d.reservation_id), 'does not exist'))
      else format('reservation %s is HELD, but its payment %s', reservation_id, coalesce((
        select 'is ' || min(state) from payments.payment x where x.reservation_id = r.reservation_id), 'does not exist'))
    end
  from (select reservation_id from reservations.reservation where status = 'HELD') r full join due d using (reservation_id)
  where r.reservation_id is null or d.reservation_id is null
  union all
  select reservation_id, format('reservation %s has %s payments that are DUE', reservation_id, count(*))
  from due group by reservation_id having count(*) > 1
), ${SETTLED_SUSPECTS}
select (select count(*) from held) as counted, ${VERDICT}`);

// Independent of the seats' own rows.
const ONE_OWNER = statement(`/* audit.one-owner */
with ${UNDER_WAY},
owners as (
  select 'r'::"char" as kind, reservation_id, performance_id, seats
  from reservations.reservation where status in ('HELD', 'CONFIRMED')
  union all
  select 'p', reservation_id, performance_id, seats from payments.payment where state in ('DUE', 'PAID')
), owned as not materialized (
  select o.kind, o.performance_id, (e ->> 'no')::int as seat_no, o.reservation_id
  from owners o cross join lateral json_array_elements(o.seats) as e
  where not exists (select from under_way u where u.reservation_id = o.reservation_id)
), shared as materialized (
  select kind, performance_id, seat_no from owned group by kind, performance_id, seat_no having count(*) > 1
), broken as (
  select format('seat %s of performance %s is in %s %s at once: %s', seat_no, performance_id, count(*),
    case kind when 'r' then 'reservations' else 'payments' end, string_agg(reservation_id::text, ', ' order by reservation_id)) as what
  from owned where exists (select from shared) and (kind, performance_id, seat_no) in (select kind, performance_id, seat_no from shared)
  group by kind, performance_id, seat_no
)
select (select count(*) from owners) as counted, ${VERDICT}`);

// What is written of a purchase never changes, so wherever it is written it is the same. A payment that only bars (VOID,
// and on no turn) knows no price.
const AMOUNTS = statement(`/* audit.amounts */
with priced as (
  select h.reservation_id, sum(s.price_krw) as amount_krw
  from (select reservation_id, performance_id, unnest(seat_nos) as seat_no from seats.hold) h
  join seats.seat s using (performance_id, seat_no)
  group by h.reservation_id
), purchases as (
  select reservation_id, h.amount_krw as hold_krw, c.amount_krw as seats_krw, r.amount_krw as reservation_krw, p.amount_krw as payment_krw,
    h.reservation_id is null or (r.user_id, r.performance_id, json_array_length(r.seats)) <> (h.user_id, h.performance_id, cardinality(h.seat_nos))
      or (p.user_id, p.performance_id, json_array_length(p.seats)) <> (h.user_id, h.performance_id, cardinality(h.seat_nos))
      or (r.seats::text <> p.seats::text and r.seats::jsonb <> p.seats::jsonb) as is_other,
    p.state = 'VOID' and p.turn_room is null as is_bar
  from seats.hold h
  left join priced c using (reservation_id)
  full join reservations.reservation r using (reservation_id)
  full join payments.payment p using (reservation_id)
), broken as (
  select format('reservation %s: its seats cost %s won, its hold says %s, its reservation %s, its payment %s', reservation_id,
    coalesce(seats_krw::text, 'nothing'), coalesce(hold_krw::text, 'nothing'), coalesce(reservation_krw::text, 'nothing'),
    coalesce(payment_krw::text, 'nothing')) as what
  from purchases
  where hold_krw is distinct from seats_krw or reservation_krw <> hold_krw or (payment_krw <> hold_krw and not is_bar)
  union all
  select format('reservation %s is of another buyer, performance or other seats in its hold, its reservation or its payment', reservation_id)
  from purchases where is_other
)
select (select count(*) from purchases) as counted, ${VERDICT}`);

export const purchaseChecks: readonly Check[] = [
  {
    name: 'sold-is-paid',
    promise: 'I1',
    says: 'every sold seat belongs to one confirmed reservation that is paid once, and the other way round',
    statement: SOLD_IS_PAID,
  },
  {
    name: 'held-is-reserved',
    promise: 'I9',
    says: 'every held seat belongs to one held reservation with one payment due, and the other way round',
    statement: HELD_IS_RESERVED,
  },
  {
    name: 'one-owner',
    promise: 'I1',
    says: 'no seat is in two reservations that are open or confirmed, nor in two payments that are due or paid',
    statement: ONE_OWNER,
  },
  {
    name: 'amounts',
    promise: 'I2',
    says: 'the hold, the reservation and the payment of a purchase say the same, and cost what the seats cost',
    statement: AMOUNTS,
  },
];
