import type { PlaceState } from '#contract/http/queue.ts';
import type { Place } from '#contract/ids.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import type { Turn } from './line.ts';
import { placeKey } from './place.ts';

const TURNS = statement(`/* waiting-room.turns */
select t.room, t.number, t.epoch, t.user_id, t.state, t.expires_at, t.claimed_at is not null as claimed,
  (extract(epoch from t.expires_at - clock.at) * 1000)::float8 as expires_in_ms,
  (extract(epoch from t.holds_until - clock.at) * 1000)::float8 as holds_for_ms
from (select distinct room, number from unnest($1::text[], $2::bigint[]) as p (room, number)) as p
cross join (select clock_timestamp() as at) as clock
cross join lateral (
  select * from waiting_room.token where room = p.room and number = p.number limit 1
) as t`);

interface TurnRow {
  readonly room: string;
  readonly number: number;
  readonly epoch: number;
  readonly user_id: string;
  readonly state: PlaceState;
  readonly expires_at: string | null;
  readonly claimed: boolean;
  readonly expires_in_ms: number | null;
  readonly holds_for_ms: number | null;
}

/** What became of each of these places; undefined for a number that was never given. */
export async function readTurns(reader: Reader, places: readonly Place[]): Promise<(Turn | undefined)[]> {
  const rows = await reader.rows<TurnRow>(TURNS, [
    places.map((place) => place.room),
    places.map((place) => place.number),
  ]);
  const turns = new Map(rows.map((row) => [placeKey(row), toTurn(row)]));
  return places.map((place) => turns.get(placeKey(place)));
}

function toTurn({ epoch, user_id: userId, state, claimed, ...row }: TurnRow): Turn {
  const active = state === 'ACTIVE';
  return {
    epoch,
    userId,
    state,
    claimed,
    expiresAt: active ? row.expires_at : null,
    expiresInMs: active ? row.expires_in_ms : null,
    holdsForMs: active ? row.holds_for_ms : null,
  };
}
