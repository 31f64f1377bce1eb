/**
 * Taking turns up: their owners have come. Needs no room's lock, so that a crowd that was let in does not stand in
 * the way of those who join: what it changes is nobody else's, and counts nowhere.
 */
import type { Place } from '#contract/ids.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { Turn } from './line.ts';
import { readTurns } from './read-turns.ts';

// One whose window is over is not opened again: the door says so already, and the next one may be on the way in.
// Let in and not ended is what ACTIVE is; by that name the planner would go through all turns that are open.
const CLAIM = statement(`/* waiting-room.claim-turns */
with open as materialized (
  select t.room, t.number
  from (
    select distinct room, number, epoch
    from unnest($1::text[], $2::bigint[], $3::int[]) as p (room, number, epoch)
    order by room, number
  ) as p
  cross join lateral (
    select room, number from waiting_room.token
    where room = p.room and number = p.number and epoch = p.epoch
      and admitted_at is not null and ended_at is null and claimed_at is null and expires_at > clock_timestamp()
    limit 1
    for update
  ) as t
)
update waiting_room.token t
set claimed_at = clock.at,
  holds_until = clock.at + $4::int * interval '1 millisecond',
  expires_at = greatest(t.expires_at, clock.at + $4::int * interval '1 millisecond')
from open, (select date_trunc('milliseconds', clock_timestamp()) as at) as clock
where t.room = open.room and t.number = open.number and t.claimed_at is null`);

export interface ClaimTurnsDeps {
  readonly database: Database;
  readonly activeTtlMs: number;
}

/** The turns as they are then; one that is not open, or was taken up before, stays as it is. */
export function claimTurns(deps: ClaimTurnsDeps, places: readonly Place[]): Promise<(Turn | undefined)[]> {
  return deps.database.transaction((tx) => claim(tx, places, deps.activeTtlMs));
}

/** The same as a part of a transaction. */
export async function claim(
  tx: Tx,
  places: readonly Place[],
  activeTtlMs: number,
): Promise<(Turn | undefined)[]> {
  if (places.length === 0) return [];
  const [, turns] = await Promise.all([
    tx.rows(CLAIM, [
      places.map((place) => place.room),
      places.map((place) => place.number),
      places.map((place) => place.epoch),
      activeTtlMs,
    ]),
    readTurns(tx, places),
  ]);
  return turns;
}
