/**
 * The log: appending inside a transaction, and reading in an order that never skips a row.
 *
 * Rows are read in the order (epoch, xid, id) up to the horizon, the oldest transaction still running: a row
 * with a lower id can be committed later, and reading by id alone would lose it.
 */
import assert from 'node:assert/strict';
import type { AnyEvent, EventName } from '#contract/events.ts';
import type { Reader, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { AppendedRow, RecentRows } from './recent-rows.ts';
import type { LoggedEvent } from './waves.ts';

/** A place in the log; `xid` is the text of an xid8. */
export interface Position {
  readonly epoch: number;
  readonly xid: string;
  readonly id: number;
}

interface LogRow extends Position {
  /** Null when none of the row's events was asked for, when it is above the horizon, or when they are known here. */
  readonly events: readonly unknown[] | null;
  readonly above_horizon: boolean;
  readonly asked_for: boolean;
}

/** What a reader can take at once is bounded; a row is taken whole, so rows are bounded too. */
const EVENTS_PER_ROW_MAX = 1_024;
const ROWS_MAX = 256;

const APPEND = statement(`/* messaging.append */
insert into messaging.log (names, events, event_count) values ($1, $2, $3)
returning epoch, xid::text as xid, id`);

// Rows are taken while the asked-for events before them are fewer than $6, so the first one always is. What is in those of $7
// is known here.
const FETCH = statement(`/* messaging.fetch */
select epoch, xid::text as xid, id, above_horizon, asked_for,
  case when asked_for and not above_horizon and id <> all ($7::bigint[]) then events end as events
from (
  select l.epoch, l.xid, l.id, l.events, c.asked_for,
    l.epoch = (select messaging.current_epoch()) and l.xid >= pg_snapshot_xmin(pg_current_snapshot()) as above_horizon,
    sum(case when c.asked_for then l.event_count else 0 end) over (
      order by l.epoch, l.xid, l.id rows between unbounded preceding and 1 preceding
    ) as events_before
  from messaging.log l
  cross join lateral (select l.names && $4::text[] as asked_for) as c
  where (l.epoch, l.xid, l.id) > ($1::int, $2::xid8, $3::bigint)
  order by l.epoch, l.xid, l.id
  limit $5
) as l
where coalesce(events_before, 0) < $6::int
order by l.epoch, l.xid, l.id`);

// Ids begin with 1, so this is before every row of the oldest transaction that is still running.
const FIND_HORIZON = statement(`/* messaging.find-horizon */
select messaging.current_epoch() as epoch, pg_snapshot_xmin(pg_current_snapshot())::text as xid, 0 as id`);

/** Adds events to the transaction that they belong to; a fault shows at its commit. */
export function appendEvents(tx: Tx, events: readonly AnyEvent[], appended: Appended): void {
  if (events.length === 0) return;
  const rows: AppendedRow[] = [];
  for (let start = 0; start < events.length; start += EVENTS_PER_ROW_MAX) {
    const part = events.slice(start, start + EVENTS_PER_ROW_MAX);
    tx.send(APPEND, [namesOf(part), JSON.stringify(part), part.length], (appendedRows) => {
      for (const position of appendedRows as Position[]) rows.push({ ...position, events: part });
    });
  }
  tx.onCommit(() => appended(events, rows));
}

/** Told what was appended, after the commit: the events, and the rows that they are in. */
export type Appended = (events: readonly AnyEvent[], rows: readonly AppendedRow[]) => void;

export function namesOf(events: readonly AnyEvent[]): EventName[] {
  return [...new Set(events.map((event) => event.name))];
}

/** What there is after a position. Rows that are committed but still above the horizon are not to be taken yet. */
export type Seen =
  | { readonly found: 'idle' | 'above-horizon' }
  | {
      readonly found: 'rows';
      /** The events of these names, about as many as were asked for at most; none when no row has one. */
      readonly items: readonly LoggedEvent[];
      readonly last: Position;
      /** Nothing was left behind, above the horizon or for another look. */
      readonly isAll: boolean;
    };

export async function readLog(
  reader: Reader,
  after: Position,
  names: readonly EventName[],
  { eventsMax, recent }: { readonly eventsMax: number; readonly recent: RecentRows },
): Promise<Seen> {
  const known = recent.after(after.id);
  const ids = known.map((row) => row.id);
  const values = [after.epoch, after.xid, after.id, names, ROWS_MAX, eventsMax, ids];
  const rows = await reader.rows<LogRow & Record<string, unknown>>(FETCH, values);
  const firstAbove = rows.findIndex((row) => row.above_horizon);
  const ready = firstAbove === -1 ? rows : rows.slice(0, firstAbove);
  const last = ready.at(-1);
  if (ready.some((row) => row.asked_for && contentOf(row, known) === undefined)) {
    // One of its ids has been used again, in another life of the data that nobody has told us of.
    recent.forget();
    return readLog(reader, after, names, { eventsMax, recent });
  }
  if (last === undefined) return { found: rows.length > 0 ? 'above-horizon' : 'idle' };
  const found = ready.flatMap((row) => eventsOf(row, known));
  return {
    found: 'rows',
    items: found.filter((item) => names.includes(item.event.name)),
    last,
    isAll: firstAbove === -1 && rows.length < ROWS_MAX && found.length < eventsMax,
  };
}

/** Where everything before is settled: committed and seen by every later statement, or never to be committed. */
export async function findHorizon(reader: Reader): Promise<Position> {
  const [row] = await reader.rows<Position & Record<string, unknown>>(FIND_HORIZON, []);
  assert(row !== undefined, 'the horizon is one row');
  return row;
}

/** Only what has a name can concern anybody. */
function eventsOf(row: LogRow, known: readonly AppendedRow[]): LoggedEvent[] {
  const { epoch, xid, id } = row;
  if (!row.asked_for) return [];
  return (contentOf(row, known) ?? []).flatMap((event, position) =>
    isNamed(event) ? [{ event, epoch, xid, id, position }] : [],
  );
}

/** As it was sent, or as it was appended here; undefined for a row that is another one than was appended here. */
function contentOf(row: LogRow, known: readonly AppendedRow[]): readonly unknown[] | undefined {
  return row.events ?? known.find((appended) => isSame(appended, row))?.events;
}

function isNamed(event: unknown): event is AnyEvent {
  return typeof event === 'object' && event !== null && 'name' in event;
}

export function isSame(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.xid === b.xid && a.id === b.id;
}

export function isAfter(a: Position, b: Position): boolean {
  if (a.epoch !== b.epoch) return a.epoch > b.epoch;
  const [ax, bx] = [BigInt(a.xid), BigInt(b.xid)];
  return ax === bx ? a.id > b.id : ax > bx;
}
