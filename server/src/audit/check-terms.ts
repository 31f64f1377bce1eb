/**
 * Who was let in, against what the operator had set at that moment: capacity and rate.
 *
 * The record is what the places say (admitted_at, ended_at), the terms are what the operator's log says, with the time of the
 * room at which each came into force. Whoever came at that very time may have come by the old terms or the new: the widest
 * counts. An entry without that time was written within moments after it, and those who came last before it may have come by
 * the change itself.
 */
import { statement } from '../platform/postgres/statement.ts';
import { type Check, verdictOf } from './check.ts';

/** Longer than a change of the terms takes, on a busy machine, from the time that it acts at to its entry that does not tell it. */
const CHANGE_MAX_MS = 2_000;

/**
 * A hold that was heard of late opens its turn again, while somebody else has its place (waiting-room/extend-turns.ts):
 * one more than the capacity is allowed then. That can only be a turn that outlived its own end and this grace (TURN_GRACE_MS
 * of waiting-room/place.ts); until then it counts.
 */
const TURN_GRACE_MS = 5_000;

// Whole milliseconds, as rooms count.
const TERMS = `terms as (
  select room, no, from_at, is_exact, capacity, rate_count, rate_window_ms,
    coalesce(lead(from_at) over (partition by room order by no), 'infinity') as until_at
  from (
    select r.room, 0::bigint as no, '-infinity'::timestamptz as from_at, true as is_exact,
      case when f.terms is null then r.capacity else (f.terms ->> 'capacity')::int end as capacity,
      case when f.terms is null then r.rate_count else (f.terms ->> 'rateCount')::int end as rate_count,
      case when f.terms is null then r.rate_window_ms else (f.terms ->> 'rateWindowMs')::int end as rate_window_ms
    from waiting_room.room r
    left join lateral (
      select coalesce(before, after) as terms from operator_log.entry
      where subject = r.room and action in ('room.create', 'room.change')
      order by entry_id limit 1
    ) f on true
    union all
    select subject, entry_id, coalesce((after ->> 'at')::timestamptz, date_trunc('milliseconds', at)), after ->> 'at' is not null,
      (after ->> 'capacity')::int, (after ->> 'rateCount')::int, (after ->> 'rateWindowMs')::int
    from operator_log.entry where action in ('room.create', 'room.change')
  ) t
)`;

/** All that happened in each room in its order; at one moment first who left, then new terms, then who came. */
const RECORD = `record as materialized (
  select room, at, step, number, sum(step) over in_order as inside, max(no) over in_order as no,
    max(at) filter (where step = 1) over in_order as last_at
  from (
    select room, admitted_at as at, 1 as step, number, null::bigint as no from waiting_room.token where admitted_at is not null
    union all
    select room, greatest(admitted_at, least(ended_at, holds_until + ${TURN_GRACE_MS} * interval '1 millisecond')), -1, null, null
    from waiting_room.token where admitted_at is not null
    union all
    select room, from_at, 0, null, no from terms
  ) m
  window in_order as (partition by room order by at, step, no rows unbounded preceding)
), known as (
  select t.room, t.no, t.capacity, t.rate_count, t.rate_window_ms, t.until_at,
    case when not t.is_exact and r.last_at >= t.from_at - ${CHANGE_MAX_MS} * interval '1 millisecond' then r.last_at else t.from_at end as from_at
  from terms t join record r on r.room = t.room and r.no = t.no and r.step = 0
)`;

// Both from one record, which is most of the work.
//
// Of the rate: the one so many places before must lie outside the window. Under terms of the same moment, which are rare, it
// is looked for by the numbers, which are in the order of admission.
const ADMISSIONS = statement(`/* audit.admissions */
with ${TERMS}, ${RECORD},
crowded as (
  select r.room, r.number, r.at, r.inside
  from record r join terms t using (room, no)
  where r.step = 1 and r.inside > t.capacity
), too_many as (
  select format('%s were inside room %s when number %s was let in at %s, of at most %s', s.inside, s.room, s.number, s.at, most) as what
  from crowded s
  cross join lateral (
    select max(coalesce(k.capacity, 2147483647)) as most from known k
    where k.room = s.room and k.from_at <= s.at and k.until_at >= s.at
  ) k
  where s.inside > most
), let_in as (
  select r.room, r.number, r.at, t.no, t.rate_count, t.rate_window_ms,
    lag(r.at, t.rate_count) over (partition by r.room order by r.at, r.number) as before_at
  from record r join terms t using (room, no)
  where r.step = 1
), hurried as (
  select * from let_in where before_at > at - rate_window_ms * interval '1 millisecond'
), too_fast as (
  select format('more than %s were let into room %s within %s ms when number %s was, at %s', s.rate_count, s.room, s.rate_window_ms,
    s.number, s.at) as what
  from hurried s
  where not exists (
    select from known k
    where k.room = s.room and k.no <> s.no and k.from_at <= s.at and k.until_at >= s.at
      and (k.rate_count is null or not coalesce((
        select t.admitted_at > s.at - k.rate_window_ms * interval '1 millisecond'
        from waiting_room.token t
        where t.room = s.room and t.number < s.number and t.admitted_at is not null
        order by t.number desc
        offset k.rate_count - 1 limit 1
      ), false))
  )
)
select (select count(*) from record where step = 1) as counted, ${verdictOf('too_many')}, 1 as place
union all
select (select count(*) from let_in), ${verdictOf('too_fast')}, 2
order by place`);

export const termsChecks: readonly Check[] = [
  {
    name: 'capacity',
    promise: 'I7',
    says: 'nobody was let in beyond the capacity of that moment',
    statement: ADMISSIONS,
  },
  {
    name: 'rate',
    promise: 'I6',
    says: 'in no window of the rate more were let in than it says',
    statement: ADMISSIONS,
  },
];
