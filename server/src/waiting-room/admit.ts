/**
 * Where people are let in: strictly in the order of their numbers, under the room's lock.
 *
 * Every transaction that gives numbers, ends turns or reopens them, and every change of the terms, comes through
 * here, so that a free turn is never idle and the room's counters are written in the transaction that changes what
 * they count.
 */
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { giveNumbers, type NewPlace, type TurnNow } from './give-numbers.ts';
import type { TurnTimes } from './line.ts';
import {
  admitted,
  type Calling,
  type LockedRoom,
  type Movement,
  type RoomView,
  settlement,
  type Settlement,
  viewOf,
} from './room.ts';
import { fromGroups } from './room-row.ts';

/** Those who left are stepped over: so many numbers at a time, or a crowd that left would keep the room locked. */
export const STEP_MAX = 20_000;

// LATERAL walks the primary key from the head and stops at the count, or at the end of the step.
const NEXT = statement(`/* waiting-room.next */
select r.room, t.number
from unnest($1::text[], $2::bigint[], $3::int[]) as r (room, head, admit)
cross join lateral (
  select number from waiting_room.token
  where room = r.room and number > r.head and number <= r.head + $4::int and state = 'WAITING'
  order by number
  limit r.admit
) as t`);

// Who is here to be told has the full time; anybody else must come before the claim window is over.
const ADMIT = statement(`/* waiting-room.admit */
update waiting_room.token t
set state = 'ACTIVE', admitted_at = n.at, expires_at = n.ends_at, holds_until = n.ends_at,
  claimed_at = case when n.here then n.at end
from (
  select room, number, at, here, at + case when here then $5::int else $6::int end * interval '1 millisecond' as ends_at
  from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::boolean[]) as n (room, number, at, here)
) as n
where t.room = n.room and t.number = n.number`);

const WRITE = statement(`/* waiting-room.write-rooms */
update waiting_room.room r
set head = w.head, last_number = w.last_number, waiting = w.waiting, active = w.active, admitted = w.admitted,
  departed = w.departed, allowance = w.allowance, recent = w.recent::int[], pace_count = w.pace_count,
  pace_span_ms = w.pace_span_ms, refilled_at = w.at
from unnest(
  $1::text[], $2::bigint[], $3::bigint[], $4::int[], $5::int[], $6::bigint[], $7::bigint[], $8::float8[], $9::text[],
  $10::float8[], $11::float8[], $12::timestamptz[]
) as w (
  room, head, last_number, waiting, active, admitted, departed, allowance, recent, pace_count, pace_span_ms, at
)
where r.room = w.room`);

export interface Settled {
  readonly room: LockedRoom;
  readonly view: RoomView;
  /** When the turns will end that began now, of those who are here; null when none did. */
  readonly turnExpiresAt: string | null;
}

/**
 * Lets in whom the policy allows after these movements, and writes the rooms; writes the places of those who `join`, too,
 * because some of them may be let in at once. By room's name.
 */
export async function settleRooms(
  tx: Tx,
  rooms: readonly LockedRoom[],
  movements: ReadonlyMap<string, Movement>,
  times: TurnTimes,
  joining: readonly NewPlace[] = [],
): Promise<Map<string, Settled>> {
  const plans = rooms.map((room) => settlement(room, movements.get(room.room) ?? {}));
  const atOnce = calledAtOnce(rooms, plans, times);
  giveNumbers(tx, joining, ({ room, number }) => {
    const calling = atOnce.get(room);
    return calling !== undefined && number <= calling.head ? calling.turn : undefined;
  });
  const asked = await findNext(
    tx,
    plans.filter(({ admit: count, room }) => count > 0 && !atOnce.has(room.room)),
  );
  const called: Called = new Map([...atOnce, ...asked]);
  const settled = plans.map((plan) => admitted(plan, called.get(plan.room.room)));
  tx.send(WRITE, [
    settled.map((room) => room.room),
    settled.map((room) => room.head),
    settled.map((room) => room.lastNumber),
    settled.map((room) => room.waiting),
    settled.map((room) => room.active),
    settled.map((room) => room.admitted),
    settled.map((room) => room.departed),
    settled.map((room) => room.bucket.allowance),
    settled.map((room) => fromGroups(room.bucket.recent)),
    settled.map((room) => room.pace.count),
    settled.map((room) => room.pace.spanMs),
    settled.map((room) => room.at),
  ]);
  const hasBegun = admit(tx, settled, asked, movements, times);
  return new Map(
    settled.map((room) => [
      room.room,
      {
        room,
        view: viewOf(room),
        turnExpiresAt: atOnce.has(room.room) || hasBegun.has(room.room) ? turnEnd(room, times) : null,
      },
    ]),
  );
}

/** By room. */
type Called = ReadonlyMap<string, Calling>;

/** Where nobody waited before, those who are let in are the first of those who join: nothing to ask. */
function calledAtOnce(
  rooms: readonly LockedRoom[],
  plans: readonly Settlement[],
  times: TurnTimes,
): ReadonlyMap<string, Calling & { readonly turn: TurnNow }> {
  const called = new Map<string, Calling & { readonly turn: TurnNow }>();
  for (const [index, { room, admit: count }] of plans.entries()) {
    const before = rooms[index];
    if (count === 0 || before === undefined || before.waiting > 0) continue;
    const numbers = Array.from({ length: count }, (_, i) => before.lastNumber + 1 + i);
    const turn = { at: room.at, endsAt: turnEnd(room, times) };
    called.set(room.room, { numbers, head: before.lastNumber + count, turn });
  }
  return called;
}

/** The numbers to let in of those who wait. */
async function findNext(tx: Tx, asking: readonly Settlement[]): Promise<Called> {
  const called = new Map<string, Calling>();
  if (asking.length === 0) return called;
  const rows = await tx.rows<{ room: string; number: number }>(NEXT, [
    asking.map(({ room }) => room.room),
    asking.map(({ room }) => room.head),
    asking.map(({ admit: count }) => count),
    STEP_MAX,
  ]);
  const found = Map.groupBy(rows, (row) => row.room);
  for (const { room, admit: wanted } of asking) {
    const numbers = found.get(room.room)?.map((row) => row.number) ?? [];
    const stepped = Math.min(room.head + STEP_MAX, room.lastNumber);
    called.set(room.room, { numbers, head: numbers.length < wanted ? stepped : (numbers.at(-1) ?? 0) });
  }
  return called;
}

/** When a turn ends that begins now with its owner here. */
function turnEnd({ at }: { readonly at: string }, { activeTtlMs }: TurnTimes): string {
  return new Date(Date.parse(at) + activeTtlMs).toISOString();
}

/** Gives the rooms where somebody was let in who is here. */
function admit(
  tx: Tx,
  rooms: readonly LockedRoom[],
  called: Called,
  movements: ReadonlyMap<string, Movement>,
  { activeTtlMs, claimWindowMs }: TurnTimes,
): ReadonlySet<string> {
  const turns = rooms.flatMap(({ room, at }) => {
    const here = movements.get(room)?.here;
    return (called.get(room)?.numbers ?? []).map((number) => ({
      room,
      number,
      at,
      here: here?.has(number) ?? false,
    }));
  });
  if (turns.length === 0) return new Set();
  tx.send(ADMIT, [
    turns.map((turn) => turn.room),
    turns.map((turn) => turn.number),
    turns.map((turn) => turn.at),
    turns.map((turn) => turn.here),
    activeTtlMs,
    claimWindowMs,
  ]);
  return new Set(turns.filter((turn) => turn.here).map((turn) => turn.room));
}
