/** The log beside the tables, and its readers. */
import { statement } from '../platform/postgres/statement.ts';
import { type Check, isUuid, UNREAD, VERDICT, verdictOf } from './check.ts';
import { BITS, bits } from './once.ts';

const BIT_OF_NAME = `case e ->> 'name' ${[...BITS].map(([name, bit]) => `when '${name}' then ${bit}`).join(' ')} end`;
const NAMES_OF = (mask: string) =>
  `array_to_string(array[${[...BITS].map(([name, bit]) => `case when (${mask}) & ${bit} <> 0 then '${name}' end`).join(', ')}], ', ')`;

/**
 * What the log says of each reservation. Its id stays the text that it is: whether a text is an id takes longer to find out
 * than everything else about an event. So that comes last, of what is suspect.
 */
const TOLD = `told as materialized (
  select id, bit_or(bit) as names, count(*) as event_count
  from (
    select e ->> 'reservationId' as id, ${BIT_OF_NAME} as bit
    from messaging.log l cross join lateral json_array_elements(l.events) as e
  ) e
  where id is not null and bit is not null
  group by id
)`;

/** A change and its event are one transaction, so nothing is under way between them. */
const REQUIRED = `
    case when h.reservation_id is not null then ${bits('SeatReserved')} else 0 end
    | case h.state when 'S' then ${bits('SeatSold')} when 'R' then ${bits('SeatReleased')} else 0 end
    | case when r.reservation_id is not null then ${bits('ReservationCreated')} else 0 end
    | case p.state when 'PAID' then ${bits('PaymentProcessed')} when 'REFUNDED' then ${bits('PaymentProcessed', 'PaymentRefunded')}
        when 'LAPSED' then ${bits('PaymentProcessingFailed')} when 'REFUSED' then ${bits('PaymentProcessingFailed')}
        when 'VOID' then ${bits('ReservationCancelled')} else 0 end
    | case when t.reservation_id is not null then ${bits('TokenExpired')} else 0 end`;
const FORBIDDEN = `
    case coalesce(h.state, '-') when '-' then ${bits('SeatReserved', 'SeatSold', 'SeatReleased')} when 'H' then ${bits('SeatSold', 'SeatReleased')}
        when 'S' then ${bits('SeatReleased')} else 0 end
    | case when r.reservation_id is null then ${bits('ReservationCreated')} else ${bits('ReservationCreationFailed')} end
    | case when r.status is distinct from 'CANCELLED' then ${bits('ReservationCancelled')} else 0 end
    | case when p.state is null or p.state not in ('PAID', 'REFUNDED') then ${bits('PaymentProcessed', 'PaymentRefunded')}
        when p.state = 'PAID' then ${bits('PaymentProcessingFailed', 'PaymentRefunded')} else ${bits('PaymentProcessingFailed')} end
    | case when p.state = 'DUE' then ${bits('PaymentProcessingFailed')} else 0 end
    | case when t.reservation_id is null then ${bits('TokenExpired')} else 0 end`;

// Both from one walk through the log, which is most of an audit's time.
//
// The log is dropped by whole partitions. While the first one is there it covers everything; after that it covers purchases
// that began well after what is left of it.
const EVENTS = statement(`/* audit.events */
with ${TOLD},
twice as materialized (
  select id from told where case when event_count <> bit_count(names::bit(32)) then ${isUuid('id')} end
), repeated as (
  select format('%s of reservation %s is %s times in the log', e ->> 'name', e ->> 'reservationId', count(*)) as what
  from messaging.log l cross join lateral json_array_elements(l.events) as e
  where exists (select from twice) and e ->> 'reservationId' in (select id from twice) and ${BIT_OF_NAME} is not null
  group by e ->> 'reservationId', e ->> 'name' having count(*) > 1
  union all
  select format('PerformanceScheduled of performance %s is %s times in the log', e ->> 'performanceId', count(*))
  from messaging.log l cross join lateral json_array_elements(l.events) as e
  where l.names @> array['PerformanceScheduled'] and e ->> 'name' = 'PerformanceScheduled'
  group by e ->> 'performanceId' having count(*) > 1
), covered as materialized (
  select case when to_regclass('messaging.log_0') is not null then '-infinity' else coalesce(min(at) + interval '1 minute', 'infinity') end as from_at
  from messaging.log
), compared as materialized (
  select coalesce(reservation_id::text, told.id) as reservation_id, coalesce(names, 0) as names, case when h.held_at < (select from_at from covered) then 0 else ${REQUIRED} end as required,
    ${FORBIDDEN} as forbidden
  from seats.hold h
  full join reservations.reservation r using (reservation_id)
  full join payments.payment p using (reservation_id)
  full join (select reservation_id from waiting_room.token where state = 'SPENT') t using (reservation_id)
  full join told on told.id = reservation_id::text
), untrue as (
  select format('the state of reservation %s is without its event in the log: %s', reservation_id, ${NAMES_OF('required & ~names')}) as what
  from compared where required & ~names <> 0
  union all
  select format('the log tells of reservation %s what its state does not say: %s', reservation_id, ${NAMES_OF('forbidden & names')})
  from compared where case when forbidden & names <> 0 then ${isUuid('reservation_id')} end
)
select (select coalesce(sum(event_count), 0)::bigint from told) as counted, ${verdictOf('repeated')}, 1 as place
union all
select (select count(*) from compared), ${verdictOf('untrue')}, 2
order by place`);

// The age of what the snapshot shows is its age at the snapshot: looking takes a while, and meanwhile readers go on.
const READERS_PASS = statement(`/* audit.readers */
with ${UNREAD},
behind as (
  select reader, count(*) as event_count, min(at) as oldest_at from unread group by reader
), broken as (
  select format('reader %s has not passed %s events, the oldest of %s', reader, event_count, oldest_at) as what
  from behind where oldest_at < transaction_timestamp() - $1::float8 * interval '1 second'
  union all
  select format('the cursor of reader %s is gone', reader) from (select distinct reader from interest) i
  where not exists (select from messaging.cursor c where c.reader = i.reader)
)
select (select coalesce(sum(event_count), 0)::bigint from behind) as counted, ${VERDICT}`);

const PARKED = statement(`/* audit.parked */
with broken as (
  select format('event %s, %s, is parked: reader %s has failed on it %s times, %s', parked_id, coalesce(event ->> 'name', 'of no name'),
    reader, attempts, error) as what
  from messaging.parked where settled_at is null
)
select (select count(*) from messaging.parked) as counted, ${VERDICT}`);

// Rooms end turns whatever their state; only an open one lets people in, and is written at least every few seconds then.
const STUCK = statement(`/* audit.stuck */
with bound as materialized (
  select transaction_timestamp() - $1::float8 * interval '1 second' as at
), broken as (
  select format('the payment of reservation %s is DUE, and its deadline was %s', reservation_id, expires_at) as what
  from payments.payment where state = 'DUE' and expires_at < (select at from bound)
  union all
  select format('reservation %s is HELD, and its deadline was %s', reservation_id, expires_at)
  from reservations.reservation where status = 'HELD' and expires_at < (select at from bound)
  union all
  select format('the hold of reservation %s is open, and its deadline was %s', reservation_id, expires_at)
  from seats.hold where state = 'H' and expires_at < (select at from bound)
  union all
  select format('turn %s of room %s is ACTIVE, and its end was %s', number, room, expires_at)
  from waiting_room.token where state = 'ACTIVE' and expires_at < (select at from bound)
  union all
  select format('the line of room %s stands still since %s, though %s wait and %s of %s turns are taken', room, refilled_at, waiting, active,
    coalesce(capacity::text, 'any number of'))
  from waiting_room.room
  where state = 'OPEN' and waiting > 0 and (capacity is null or active < capacity)
    and greatest(refilled_at, opens_at) < (select at from bound)
)
select (select count(*) from payments.payment where state = 'DUE') + (select count(*) from waiting_room.token where state = 'ACTIVE') as counted, ${VERDICT}`);

export const logChecks: readonly Check[] = [
  {
    name: 'one-event',
    promise: 'I5',
    says: 'nothing that happens once is in the log twice',
    statement: EVENTS,
  },
  {
    name: 'events-are-true',
    promise: 'I10',
    says: 'every change of state has its event in the log, and every event its change',
    statement: EVENTS,
  },
  {
    name: 'readers',
    promise: 'I10',
    says: 'no event has been waiting for its reader for a minute',
    statement: READERS_PASS,
    takesPatience: true,
  },
  { name: 'parked', promise: 'I10', says: 'no event is parked', statement: PARKED },
  {
    name: 'stuck',
    promise: 'I9',
    says: 'nothing is open a minute after its time, and no line stands still',
    statement: STUCK,
    takesPatience: true,
  },
];
