/**
 * What a check is, and the parts that the statements of checks share.
 *
 * A check is one statement over one snapshot of its own. It has a part `broken` with a sentence for each violation, and gives how
 * much it looked at, how many violations there are, and the first of them: nothing that grows with the sale is fetched.
 */
import { eventsFor, READERS } from '../messaging/index.ts';
import type { Statement } from '../platform/postgres/statement.ts';

/** What people can rely on, as docs/decisions/0017-the-auditor.md lists it. */
export type Promised = 'I1' | 'I2' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10';

export interface Check {
  readonly name: string;
  readonly promise: Promised;
  /** What holds when nothing is found. */
  readonly says: string;
  /** Checks that stand one behind the other may share one, which gives a row for each, in their order. */
  readonly statement: Statement;
  /** Waiting for the service is a violation after so many seconds: $1. Where no service runs, all may wait. */
  readonly takesPatience?: true;
}

const VIOLATIONS_SHOWN = 20;

/** The last columns of every check: what the part of that name found. */
export const verdictOf = (broken: string) => `(select count(*) from ${broken}) as violation_count,
  array(select what from ${broken} order by what limit ${VIOLATIONS_SHOWN}) as violations`;
export const VERDICT = verdictOf('broken');

/**
 * An event may be in the log, or parked, just because it is not what its schema says. So nothing may fail here: what is left
 * of an id without its digits is four hyphens.
 */
export const isUuid = (text: string) =>
  `(${text} like '________-____-____-____-____________' and translate(${text}, '0123456789abcdefABCDEF', '') = '----')`;
const RESERVATION_OF_EVENT = `case when ${isUuid(`(e ->> 'reservationId')`)} then (e ->> 'reservationId')::uuid end`;

const INTEREST = READERS.flatMap((reader) => eventsFor(reader).map((name) => `('${reader}', '${name}')`));
const NAMES = [...new Set(READERS.flatMap(eventsFor))].map((name) => `'${name}'`);

/**
 * Events that somebody who is to react to them has not passed, and those that are parked. A reaction commits its effects,
 * the events that it emits and its cursor together, so whatever these do not name must agree everywhere, exactly.
 * (Rows first, events of those rows second: the planner would take all events of the log apart to look for few.)
 */
export const UNREAD = `interest (reader, name) as (values ${INTEREST.join(', ')}),
rows_ahead as materialized (
  select c.reader, l.at, l.events
  from messaging.cursor c
  join messaging.log l on (l.epoch, l.xid, l.id) > (c.epoch, c.xid, c.id) and l.names && array[${NAMES.join(', ')}]
), unread as materialized (
  select l.reader, l.at, e
  from rows_ahead l
  cross join lateral json_array_elements(l.events) as e
  join interest i on i.reader = l.reader and i.name = e ->> 'name'
  union all
  select reader, parked_at, event::json from messaging.parked where settled_at is null
)`;

/** The reservations that these name. */
export const UNDER_WAY = `${UNREAD},
under_way as materialized (
  select distinct ${RESERVATION_OF_EVENT} as reservation_id from unread
)`;

/** What was found, without what is under way: few rows as a rule, whatever the planner believes. */
export const SETTLED_SUSPECTS = `broken as (
  select s.what from suspects s
  where not exists (select from under_way u where u.reservation_id = s.reservation_id)
)`;
