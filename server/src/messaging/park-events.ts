/**
 * Events that a reader keeps failing on. They are set aside so that the rest goes on, reported, and tried
 * again with growing pauses until they succeed or their reaction has a compensating event to give instead.
 */
import type { AnyEvent } from '#contract/events.ts';
import type { Reader, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { ReaderName } from './saga-map.ts';
import type { LoggedEvent } from './waves.ts';

export interface ParkedEvent {
  readonly parked_id: number;
  readonly reader: ReaderName;
  /** As the log has it; it may be parked just because it is not what its schema says. */
  readonly event: AnyEvent;
  readonly error: string;
  readonly attempts: number;
  readonly parked_at: string;
  readonly retry_at: string;
}

const PARK = statement(`/* messaging.park */
insert into messaging.parked (reader, epoch, xid, id, position, event, error, retry_at)
values ($1, $2, $3::xid8, $4, $5, $6, $7, clock_timestamp() + interval '100 milliseconds')
on conflict (reader, epoch, xid, id, position) do nothing`);

const TAKE_DUE = statement(`/* messaging.take-parked */
select parked_id, reader, event, error, attempts, parked_at, retry_at
from messaging.parked
where settled_at is null and retry_at <= clock_timestamp() and reader = any($1::text[])
order by retry_at
limit 1
for update skip locked`);

const SETTLE = statement(`/* messaging.settle-parked */
update messaging.parked set settled_at = clock_timestamp(), settled_by = $2
where parked_id = $1 and settled_at is null
returning parked_id`);

// The pause doubles from 0.2 s to at most 5 minutes.
const POSTPONE = statement(`/* messaging.postpone-parked */
update messaging.parked
set attempts = attempts + 1, error = $2,
    retry_at = clock_timestamp() + least(interval '5 minutes', interval '100 milliseconds' * 2 ^ least(attempts, 20))
where parked_id = $1 and settled_at is null`);

const FORGET = statement(`/* messaging.forget-settled */
delete from messaging.parked where settled_at < clock_timestamp() - $1::float8 * interval '1 millisecond'`);

const LIST = statement(`/* messaging.list-parked */
select parked_id, reader, event, error, attempts, parked_at, retry_at
from messaging.parked
where settled_at is null and parked_id > $1
order by parked_id
limit $2`);

const HURRY = statement(`/* messaging.hurry-parked */
update messaging.parked set retry_at = clock_timestamp()
where parked_id = $1 and settled_at is null
returning reader, event->>'name' as event, attempts`);

const COUNT = statement(`/* messaging.count-parked */
select count(*) as open from messaging.parked where settled_at is null`);

export function parkEvent(tx: Tx, reader: ReaderName, item: LoggedEvent, error: unknown): void {
  const { epoch, xid, id, position, event } = item;
  tx.send(PARK, [reader, epoch, xid, id, position, JSON.stringify(event), errorText(error)]);
}

/** Locks one event whose time to be tried has come. */
export async function takeParked(tx: Tx, readers: readonly ReaderName[]): Promise<ParkedEvent | undefined> {
  const [parked] = await tx.rows<ParkedEvent>(TAKE_DUE, [readers]);
  return parked;
}

/** False when it is settled already, by another instance. */
export async function settleParked(
  tx: Tx,
  parked: ParkedEvent,
  by: 'retried' | 'compensated',
): Promise<boolean> {
  const rows = await tx.rows(SETTLE, [parked.parked_id, by]);
  return rows.length > 0;
}

export function postponeParked(tx: Tx, parked: ParkedEvent, error: unknown): void {
  tx.send(POSTPONE, [parked.parked_id, errorText(error)]);
}

/** What was settled longer ago than the log is kept tells nobody anything. */
export async function forgetSettled(tx: Tx, retentionMs: number): Promise<void> {
  await tx.rows(FORGET, [retentionMs]);
}

/** For the operator: what is parked now, in order of parking, after an id. */
export function listParked(reader: Reader, afterId: number, limit: number): Promise<ParkedEvent[]> {
  return reader.rows<ParkedEvent>(LIST, [afterId, limit]);
}

export interface HurriedEvent {
  readonly reader: ReaderName;
  readonly event: string;
  readonly attempts: number;
}

/** For the operator: try it now. Undefined when there is no such parked event. */
export async function hurryParked(tx: Tx, parkedId: number): Promise<HurriedEvent | undefined> {
  const [hurried] = await tx.rows<HurriedEvent & Record<string, unknown>>(HURRY, [parkedId]);
  return hurried;
}

export async function countParked(reader: Reader): Promise<number> {
  const [row] = await reader.rows<{ open: number }>(COUNT, []);
  return row?.open ?? 0;
}

function errorText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll('\0', '').slice(0, 500); // PostgreSQL's text holds every character but this one
}
