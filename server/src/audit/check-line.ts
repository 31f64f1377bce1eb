/** Rooms, places and turns. */
import { statement } from '../platform/postgres/statement.ts';
import { type Check, SETTLED_SUSPECTS, UNDER_WAY, VERDICT } from './check.ts';

const ADMISSION_ORDER = statement(`/* audit.admission-order */
with ordered as (
  select room, number, admitted_at,
    max(admitted_at) over (partition by room order by number rows between unbounded preceding and 1 preceding) as latest
  from waiting_room.token where admitted_at is not null
), broken as (
  select format('number %s of room %s was let in at %s, when a lower one was let in only at %s', number, room, admitted_at, latest) as what
  from ordered where admitted_at < latest
  union all
  select case
      when t.state = 'WAITING' then format('number %s of room %s waits, though the line has come to %s', t.number, t.room, r.head)
      else format('number %s of room %s was let in, though the line has come only to %s', t.number, t.room, r.head)
    end
  from waiting_room.token t join waiting_room.room r using (room)
  where case when t.number <= r.head then t.state = 'WAITING' else t.admitted_at is not null end
)
select (select count(*) from ordered) as counted, ${VERDICT}`);

// The unique index and the checks of the table say some of it as well; here it holds without them.
const ROOM_COUNTERS = statement(`/* audit.room-counters */
with counted as (
  select room, count(*) as places, coalesce(min(number), 1) as first_number, coalesce(max(number), 0) as last_number,
    count(*) filter (where state = 'WAITING') as waiting, count(*) filter (where state = 'ACTIVE') as active,
    count(admitted_at) as admitted, count(departure) as departed, coalesce(max(departure), 0) as last_departure
  from waiting_room.token group by room
), broken as (
  select format('room %s says last number %s, waiting %s, active %s, admitted %s, departed %s; its places say %s, %s, %s, %s, %s', room,
    r.last_number, r.waiting, r.active, r.admitted, r.departed,
    coalesce(c.last_number, 0), coalesce(c.waiting, 0), coalesce(c.active, 0), coalesce(c.admitted, 0), coalesce(c.departed, 0)) as what
  from waiting_room.room r full join counted c using (room)
  where (r.last_number, r.waiting, r.active, r.admitted, r.departed) is distinct from
    (coalesce(c.last_number, 0), coalesce(c.waiting, 0), coalesce(c.active, 0), coalesce(c.admitted, 0), coalesce(c.departed, 0))
  union all
  select format('room %s has %s places with the numbers %s to %s, and its last to leave is number %s of %s', room, places, first_number,
    last_number, last_departure, departed)
  from counted where places <> last_number or first_number <> 1 or last_departure <> departed
  union all
  select format('number %s of room %s is of epoch %s, which has other numbers', t.number, t.room, t.epoch)
  from waiting_room.token t join waiting_room.room r using (room)
  where r.epoch_starts[t.epoch] is null or t.number < r.epoch_starts[t.epoch] or t.number >= r.epoch_starts[t.epoch + 1]
  union all
  select format('user %s has %s places in room %s at once, such as %s and %s', user_id, count(*), room, min(number), max(number))
  from waiting_room.token where state in ('WAITING', 'ACTIVE')
  group by room, user_id having count(*) > 1
)
select (select coalesce(sum(places), 0)::bigint from counted) as counted, ${VERDICT}`);

// A purchase whose turn was spent on it may have been given back at the same moment; it is refunded, and the turn stays spent.
const TURNS_SPENT = statement(`/* audit.turns-spent */
with ${UNDER_WAY},
spent as (
  select reservation_id, room, epoch, number, user_id from waiting_room.token where state = 'SPENT'
), bought as (
  select reservation_id, turn_room, turn_epoch, turn_number, user_id, state from payments.payment where state in ('PAID', 'REFUNDED')
), suspects (reservation_id, what) as (
  select reservation_id, case
      when b.reservation_id is null then format('turn %s of room %s is spent on reservation %s, which is not paid', s.number, s.room, reservation_id)
      when s.reservation_id is null then format('reservation %s is paid on turn %s of room %s, which is not spent on it', reservation_id,
        b.turn_number, b.turn_room)
      else format('reservation %s is paid on turn %s of room %s, and turn %s of room %s is spent on it', reservation_id, b.turn_number,
        b.turn_room, s.number, s.room)
    end
  from spent s full join bought b using (reservation_id)
  where (s.room, s.epoch, s.number, s.user_id) is distinct from (b.turn_room, b.turn_epoch, b.turn_number, b.user_id)
    and (b.state is distinct from 'REFUNDED' or s.reservation_id is not null)
  union all
  select min(reservation_id::text)::uuid, format('turn %s of room %s has paid for %s reservations, such as %s and %s', turn_number, turn_room, count(*),
    min(reservation_id::text), max(reservation_id::text))
  from bought b
  where state = 'PAID' and not exists (select from under_way u where u.reservation_id = b.reservation_id)
  group by turn_room, turn_epoch, turn_number having count(*) > 1
), ${SETTLED_SUSPECTS}
select (select count(*) from spent) as counted, ${VERDICT}`);

export const lineChecks: readonly Check[] = [
  {
    name: 'admission-order',
    promise: 'I6',
    says: 'nobody was let in before a lower number, and the line has come exactly as far as its room says',
    statement: ADMISSION_ORDER,
  },
  {
    name: 'room-counters',
    promise: 'I6',
    says: 'every room counts what its places say, its numbers have no holes, and nobody has two live places in it',
    statement: ROOM_COUNTERS,
  },
  {
    name: 'turns-spent',
    promise: 'I5',
    says: 'every paid reservation has spent the one turn that it was paid on, and no turn paid for two',
    statement: TURNS_SPENT,
  },
];
