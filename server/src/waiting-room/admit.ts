/**
 * Where people are let in: strictly in the order of their numbers, under the room's lock.
 *
 * Every transaction that gives numbers, ends turns or reopens them comes through here, so that a free turn is never idle
 * and the room's counters are written in the transaction that changes what they count.
 */
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type LockedRoom, type Movement, type RoomView, settlement, type Settlement } from './room.ts';

// LATERAL walks the primary key from the head and stops at the count; those who left are stepped over once.
const NEXT = statement(`/* waiting-room.next */
select r.room, t.number
from unnest($1::text[], $2::bigint[], $3::int[]) as r (room, head, admit)
cross join lateral (
  select number from waiting_room.token
  where room = r.room and number > r.head and state = 'WAITING'
  order by number
  limit r.admit
) as t`);

// Whole milliseconds, as everybody else will see them.
const ADMIT = statement(`/* waiting-room.admit */
update waiting_room.token t
set state = 'ACTIVE', admitted_at = at.start, expires_at = at.start + $3::int * interval '1 millisecond'
from unnest($1::text[], $2::bigint[]) as n (room, number),
  (select date_trunc('milliseconds', clock_timestamp()) as start) as at
where t.room = n.room and t.number = n.number
returning t.room, t.number, t.expires_at`);

// The bucket is as of the moment that was read, so no time is lost between two settlements.
const WRITE = statement(`/* waiting-room.write-rooms */
update waiting_room.room r
set head = w.head, last_number = w.last_number, waiting = w.waiting, active = w.active, allowance = w.allowance,
  refilled_at = r.refilled_at + w.elapsed_ms * interval '1 millisecond'
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::int[], $5::int[], $6::float8[], $7::float8[])
  as w (room, head, last_number, waiting, active, allowance, elapsed_ms)
where r.room = w.room`);

interface AdmittedRow {
  readonly room: string;
  readonly number: number;
  readonly expires_at: string;
}

export interface Settled {
  readonly view: RoomView;
  /** When the turns that began now will end; null when none did. */
  readonly turnExpiresAt: string | null;
}

/** Lets in whom the policy allows after these movements, and writes the rooms. By room's name. */
export async function settleRooms(
  tx: Tx,
  rooms: readonly LockedRoom[],
  movements: ReadonlyMap<string, Movement>,
  activeTtlMs: number,
): Promise<Map<string, Settled>> {
  const plans = rooms.map((room) => settlement(room, movements.get(room.room) ?? {}));
  const next = await findNext(tx, plans);
  const called = Map.groupBy(next, (row) => row.room);
  const settled = plans.map((plan) => admitted(plan, called.get(plan.room)?.map((row) => row.number) ?? []));
  const [turns] = await Promise.all([
    next.length === 0
      ? []
      : tx.rows<AdmittedRow>(ADMIT, [
          next.map((row) => row.room),
          next.map((row) => row.number),
          activeTtlMs,
        ]),
    tx.rows(WRITE, [
      settled.map((plan) => plan.room),
      settled.map((plan) => plan.head),
      settled.map((plan) => plan.lastNumber),
      settled.map((plan) => plan.waiting),
      settled.map((plan) => plan.active),
      settled.map((plan) => plan.allowance),
      settled.map((plan) => plan.elapsedMs),
    ]),
  ]);
  const expiry = new Map(turns.map((turn) => [turn.room, turn.expires_at]));
  return new Map(
    rooms.map((room, index) => [
      room.room,
      { view: viewOf(room, settled[index]), turnExpiresAt: expiry.get(room.room) ?? null },
    ]),
  );
}

async function findNext(tx: Tx, plans: readonly Settlement[]): Promise<{ room: string; number: number }[]> {
  const admitting = plans.filter((plan) => plan.admit > 0);
  if (admitting.length === 0) return [];
  return tx.rows<{ room: string; number: number }>(NEXT, [
    admitting.map((plan) => plan.room),
    admitting.map((plan) => plan.head),
    admitting.map((plan) => plan.admit),
  ]);
}

/** The plan with the numbers that are really let in. */
function admitted(plan: Settlement, numbers: readonly number[]): Settlement {
  return {
    ...plan,
    head: Math.max(plan.head, ...numbers),
    waiting: plan.waiting - numbers.length,
    active: plan.active + numbers.length,
    allowance: plan.allowance - numbers.length,
  };
}

function viewOf(room: LockedRoom, plan: Settlement | undefined): RoomView {
  const { epoch, state, policy } = room;
  const { head, lastNumber, waiting, active } = plan ?? room;
  return { room: room.room, epoch, state, policy, head, lastNumber, waiting, active };
}
