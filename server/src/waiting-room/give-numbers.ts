/** Writes the places of those who join now: waiting, or let in at once where their turn has come with it. */
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

// Who is let in at once is here to be told of it, so the turn is taken up with it.
const GIVE = statement(`/* waiting-room.give-numbers */
insert into waiting_room.token (
  room, number, epoch, user_id, state, admitted_at, claimed_at, expires_at, holds_until
)
select room, number, epoch, user_id, case when at is null then 'WAITING' else 'ACTIVE' end, at, at, ends_at, ends_at
from unnest($1::text[], $2::bigint[], $3::int[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
  as g (room, number, epoch, user_id, at, ends_at)`);

export interface NewPlace {
  readonly room: string;
  readonly number: number;
  readonly epoch: number;
  readonly userId: string;
}

/** A turn that begins now, by the store's clock. */
export interface TurnNow {
  readonly at: string;
  readonly endsAt: string;
}

/** `turnOf`: the turn that a place begins with; undefined for one that waits. */
export function giveNumbers(
  tx: Tx,
  places: readonly NewPlace[],
  turnOf: (place: NewPlace) => TurnNow | undefined,
): void {
  if (places.length === 0) return;
  const turns = places.map(turnOf);
  tx.send(GIVE, [
    places.map((place) => place.room),
    places.map((place) => place.number),
    places.map((place) => place.epoch),
    places.map((place) => place.userId),
    turns.map((turn) => turn?.at ?? null),
    turns.map((turn) => turn?.endsAt ?? null),
  ]);
}
