/** Seats, holds and buyers among themselves, and beside the catalogue. */
import { statement } from '../platform/postgres/statement.ts';
import { type Check, UNREAD, VERDICT } from './check.ts';

// A seat without a hold, a hold without its seat, and two holds of one seat are all a row that has no equal on the other
// side: at most one hold can be the one that the seat names.
const SEAT_OWNERS = statement(`/* audit.seat-owners */
with owned as (
  select h.reservation_id, h.performance_id, h.state, c.seat_no,
    c.version + case h.state when 'S' then 1 else 0 end as version
  from seats.hold h, unnest(h.seat_nos, h.seat_versions) as c (seat_no, version)
  where h.state <> 'R'
), taken as (
  select performance_id, seat_no, state, version, reservation_id from seats.seat where state <> 'F'
), broken as (
  select case
      when o.reservation_id is null then format('seat %s of performance %s is %s for reservation %s, but no hold has it',
        seat_no, performance_id, case s.state when 'S' then 'sold' else 'held' end, s.reservation_id)
      when s.reservation_id is null then format('the hold of reservation %s has seat %s of performance %s, which is free',
        o.reservation_id, seat_no, performance_id)
      else format('seat %s of performance %s is %s at version %s for reservation %s, but the hold of reservation %s has it %s at version %s',
        seat_no, performance_id, case s.state when 'S' then 'sold' else 'held' end, s.version, s.reservation_id,
        o.reservation_id, case o.state when 'S' then 'sold' else 'held' end, o.version)
    end as what
  from taken s full join owned o using (performance_id, seat_no)
  where (s.state, s.version, s.reservation_id) is distinct from (o.state, o.version, o.reservation_id)
  union all
  select format('the hold of reservation %s names a seat of performance %s twice', reservation_id, performance_id)
  from seats.hold
  where cardinality(seat_nos) > 1 and state <> 'R'
    and cardinality(seat_nos) <> (select count(distinct seat_no) from unnest(seat_nos) as seat_no)
)
select (select count(*) from seats.seat) as counted, ${VERDICT}`);

const BUYER_COUNTS = statement(`/* audit.buyer-counts */
with counted as (
  select performance_id, user_id, sum(cardinality(seat_nos))::int as seat_count
  from seats.hold where state <> 'R'
  group by performance_id, user_id
), noted as (
  select performance_id, user_id, seat_count from seats.buyer where seat_count <> 0
), broken as (
  select format('buyer %s of performance %s is counted with %s seats, and has %s', user_id, performance_id,
    coalesce(n.seat_count, 0), coalesce(c.seat_count, 0)) as what
  from noted n full join counted c using (performance_id, user_id)
  where n.seat_count is distinct from c.seat_count
  union all
  select format('buyer %s of performance %s has %s seats, of at most %s', c.user_id, performance_id, c.seat_count,
    p.seats_per_person)
  from counted c join seats.performance p using (performance_id)
  where c.seat_count > p.seats_per_person
)
select (select count(*) from seats.buyer) as counted, ${VERDICT}`);

// Sections are spelled out, seat by seat: as ranges they would be compared with every seat.
const SEAT_ROWS = statement(`/* audit.seat-rows */
with ${UNREAD},
to_be_laid_out as (
  select e ->> 'performanceId' as performance_id from unread where reader = 'seats' and e ->> 'name' = 'PerformanceScheduled'
), planned as (
  select p.performance_id, p.layout_id, p.room, p.seats_per_person, l.seat_count
  from catalogue.performance p join catalogue.layout l using (layout_id)
), wanted as (
  select p.performance_id, seat_no, c.price_krw
  from planned p
  join catalogue.section s using (layout_id)
  join catalogue.price c on c.performance_id = p.performance_id and c.section_no = s.section_no
  cross join lateral generate_series(s.first_seat_no, s.first_seat_no + s.seat_count - 1) as seat_no
), suspects as (
  select performance_id, case
      when p.performance_id is null then format('performance %s has seats, and the catalogue has no such performance', o.performance_id)
      when o.performance_id is null then format('performance %s is in the catalogue, and was never laid out', p.performance_id)
      else format('performance %s has %s seats in room %s, %s to a person, and %s in room %s, %s to a person, in the catalogue',
        p.performance_id, o.seat_count, o.room, o.seats_per_person, p.seat_count, p.room, p.seats_per_person)
    end as what
  from planned p full join seats.performance o using (performance_id)
  where (p.room, p.seats_per_person, p.seat_count) is distinct from (o.room, o.seats_per_person, o.seat_count)
  union all
  select performance_id, case
      when s.price_krw is null then format('seat %s of performance %s is missing', seat_no, performance_id)
      when w.price_krw is null then format('seat %s of performance %s is not in its layout', seat_no, performance_id)
      else format('seat %s of performance %s costs %s won, and %s in the catalogue', seat_no, performance_id, s.price_krw, w.price_krw)
    end
  from wanted w full join (select performance_id, seat_no, price_krw from seats.seat) s using (performance_id, seat_no)
  where w.price_krw is distinct from s.price_krw
), broken as (
  select what from suspects s
  where not exists (select from to_be_laid_out t where t.performance_id = s.performance_id::text)
)
select (select count(*) from seats.seat) as counted, ${VERDICT}`);

export const seatChecks: readonly Check[] = [
  {
    name: 'seat-owners',
    promise: 'I1',
    says: 'every seat that is held or sold has exactly one hold, which says the same',
    statement: SEAT_OWNERS,
  },
  {
    name: 'buyer-counts',
    promise: 'I1',
    says: 'every buyer is counted with what the holds say, and has no more seats than allowed',
    statement: BUYER_COUNTS,
  },
  {
    name: 'seat-rows',
    promise: 'I1',
    says: 'every performance has exactly the seats of its layout, at the prices of the catalogue',
    statement: SEAT_ROWS,
  },
];
