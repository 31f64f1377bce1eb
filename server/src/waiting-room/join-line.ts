/**
 * Where numbers are given.
 *
 * One batch is one transaction that holds the rooms' locks until its commit, and is answered after it: a join
 * that was answered before another was sent has the lower number, on whatever instance.
 */
import assert from 'node:assert/strict';
import { AGAIN } from '../platform/batcher.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { type Settled, settleRooms } from './admit.ts';
import { claim } from './claim-turns.ts';
import type { JoinOutcome, JoinRequest, Turn, TurnTimes } from './line.ts';
import { lockFreeRooms, type Rooms } from './lock-rooms.ts';
import { decideJoins, type Entry, placeKey, type PlaceRow, unclaimed } from './place.ts';
import { type Movement, viewOf } from './room.ts';

// Runs after the locks: a place that another instance gave to the same person while we waited is seen here.
const LIVE = statement(`/* waiting-room.live-places */
select t.room, t.number, t.epoch, t.user_id, t.state, t.reservation_id, t.expires_at,
  t.claimed_at is not null as claimed, coalesce(t.expires_at <= clock_timestamp(), false) as overdue
from (select distinct room, user_id from unnest($1::text[], $2::uuid[]) as p (room, user_id)) as p
cross join lateral (
  select * from waiting_room.token
  where room = p.room and user_id = p.user_id and state in ('WAITING', 'ACTIVE')
  limit 1
) as t`);

type FreshEntry = Extract<Entry, { outcome: 'fresh' | 'repeated' }>;

export interface JoinLineDeps extends TurnTimes {
  readonly database: Database;
}

/** What was done for the entries of one set. */
interface Done {
  readonly rooms: Rooms;
  readonly settled: ReadonlyMap<string, Settled>;
  /** Taken up now, by place. */
  readonly claimed: ReadonlyMap<string, Turn | undefined>;
}

/** Decides a set of joins; one outcome for each request, in order. Not decided: somebody else is at its room. */
export function joinLine(
  deps: JoinLineDeps,
  requests: readonly JoinRequest[],
): Promise<(JoinOutcome | typeof AGAIN)[]> {
  return deps.database.transaction(async (tx) => {
    const names = requests.map((request) => request.room);
    const [free, live] = await Promise.all([
      lockFreeRooms(tx, names),
      tx.rows<PlaceRow>(LIVE, [names, requests.map((request) => request.userId)]),
    ]);
    const { rooms } = free;
    const entries = decideJoins(requests, free, live);
    const claiming = unclaimed(entries);
    const [settled, turns] = await Promise.all([
      write(tx, rooms, entries, deps),
      claim(tx, claiming, deps.activeTtlMs),
    ]);
    const claimed = new Map(claiming.map((place, index) => [placeKey(place), turns[index]]));
    return entries.map((entry) => toOutcome(entry, { rooms, settled, claimed }));
  });
}

async function write(
  tx: Tx,
  rooms: Rooms,
  entries: readonly Entry[],
  times: TurnTimes,
): Promise<ReadonlyMap<string, Settled>> {
  const fresh = entries.filter((entry): entry is FreshEntry => entry.outcome === 'fresh');
  if (fresh.length === 0) return new Map();
  const movements = movementsOf(entries, fresh);
  const moved = [...rooms.values()].filter(({ room }) => movements.has(room));
  const places = fresh.map(({ room, number, userId }) => {
    const epoch = rooms.get(room)?.epoch;
    assert(epoch !== undefined, 'nobody joins a room that is not locked');
    return { room, number, epoch, userId };
  });
  return settleRooms(tx, moved, movements, times, places);
}

function movementsOf(entries: readonly Entry[], fresh: readonly FreshEntry[]): Map<string, Movement> {
  const waiting = entries.flatMap((entry) =>
    entry.outcome === 'present' && entry.row.state === 'WAITING' ? [entry.row] : [],
  );
  const here = Map.groupBy([...waiting, ...fresh], (place) => place.room);
  return new Map(
    [...Map.groupBy(fresh, (entry) => entry.room)].map(([room, list]) => [
      room,
      { joined: list.length, here: new Set(here.get(room)?.map((place) => place.number)) },
    ]),
  );
}

function toOutcome(entry: Entry, { rooms, settled, claimed }: Done): JoinOutcome | typeof AGAIN {
  if (entry.outcome === 'again') return AGAIN;
  if (entry.outcome === 'refused') return entry;
  const name = entry.outcome === 'present' ? entry.row.room : entry.room;
  const room = rooms.get(name);
  assert(room !== undefined, 'nobody joins a room that is not locked');
  const after = settled.get(name);
  const view = after?.view ?? viewOf(room);
  const turnExpiresAt = after?.turnExpiresAt ?? null;
  if (entry.outcome === 'present') {
    const { row } = entry;
    const called = row.state === 'WAITING' && row.number <= view.head;
    return {
      outcome: 'joined',
      fresh: false,
      place: { room: name, epoch: row.epoch, number: row.number },
      state: called ? 'ACTIVE' : row.state,
      turnExpiresAt: called ? turnExpiresAt : (claimed.get(placeKey(row))?.expiresAt ?? row.expires_at),
      view,
    };
  }
  const called = entry.number <= view.head;
  return {
    outcome: 'joined',
    fresh: entry.outcome === 'fresh',
    place: { room: name, epoch: room.epoch, number: entry.number },
    state: called ? 'ACTIVE' : 'WAITING',
    turnExpiresAt: called ? turnExpiresAt : null,
    view,
  };
}
