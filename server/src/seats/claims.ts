/** A claim: the seats of one reservation, with the versions that its hold gave them. */
import type { SeatAtVersion } from '#contract/events.ts';
import type { Tx } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';

export interface SeatClaim {
  readonly reservationId: string;
  readonly performanceId: number;
  readonly seats: readonly SeatAtVersion[];
}

export interface ChangedSeat {
  readonly reservation_id: string;
  readonly performance_id: number;
  readonly seat_no: number;
  readonly version: number;
}

// Only what the claims still own: a late event neither waits for a seat that is somebody else's by now nor
// makes anybody wait for it.
const LOCK_SEATS = statement(`/* seats.lock-claimed */
select 1
from (
  select distinct performance_id, seat_no, reservation_id
  from unnest($1::uuid[], $2::int[], $3::int[]) as c (reservation_id, performance_id, seat_no)
  order by performance_id, seat_no
) as c
cross join lateral (
  select from seats.seat
  where performance_id = c.performance_id and seat_no = c.seat_no and reservation_id = c.reservation_id
  for update
) as s`);

const LOCK_HOLDS = statement(`/* seats.lock-holds */
select reservation_id, state from seats.hold
where reservation_id = any($1::uuid[])
order by reservation_id
for update`);

/** Locks the claims' seats and holds, and gives the claims whose hold is in one of the states. */
export async function lockHolds(
  tx: Tx,
  claims: readonly SeatClaim[],
  states: readonly ('H' | 'S' | 'R')[],
): Promise<SeatClaim[]> {
  const [owners, performanceIds, seatNos] = seatColumns(claims);
  const [, holds] = await Promise.all([
    tx.rows(LOCK_SEATS, [owners, performanceIds, seatNos]),
    tx.rows<{ reservation_id: string; state: 'H' | 'S' | 'R' }>(LOCK_HOLDS, [
      claims.map((claim) => claim.reservationId),
    ]),
  ]);
  const state = new Map(holds.map((hold) => [hold.reservation_id, hold.state]));
  const once = new Map(claims.map((claim) => [claim.reservationId, claim]));
  return [...once.values()].filter((claim) => {
    const is = state.get(claim.reservationId);
    return is !== undefined && states.includes(is);
  });
}

/** The claims' seats as columns: reservation, performance, number, version. */
export function seatColumns(claims: readonly SeatClaim[]): [string[], number[], number[], number[]] {
  const rows = claims.flatMap((claim) => claim.seats.map((seat) => ({ claim, seat })));
  return [
    rows.map(({ claim }) => claim.reservationId),
    rows.map(({ claim }) => claim.performanceId),
    rows.map(({ seat }) => seat.no),
    rows.map(({ seat }) => seat.version),
  ];
}

/** Rows of changed seats, gathered by reservation. */
export function toClaims(
  rows: readonly ChangedSeat[],
): { reservationId: string; performanceId: number; seats: SeatAtVersion[] }[] {
  const claims = Map.groupBy(rows, (row) => row.reservation_id);
  return [...claims].map(([reservationId, changed]) => ({
    reservationId,
    performanceId: changed[0]?.performance_id ?? 0,
    seats: changed.map((row) => ({ no: row.seat_no, version: row.version })),
  }));
}
