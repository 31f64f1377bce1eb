/**
 * Where a hold is decided.
 *
 * One batch is one transaction: the wanted seats that are free are locked, `decideHolds` decides on what was
 * locked, and the grants are written as sets. All or nothing per request; the seat's row is what grants,
 * never a cache and never the clock.
 *
 * Every set of this module locks seats first, then holds, then buyers, each in the order of their keys, so
 * that sets of several instances do not deadlock. A reader's transaction runs one set after the other; in
 * the rare case that its buyers cross those of a batch, one of the two is turned back and tried again.
 */
import type { EventOf } from '#contract/events.ts';
import type { Messaging } from '../messaging/index.ts';
import { AGAIN } from '../platform/batcher.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import { exactWrite, statement } from '../platform/postgres/statement.ts';
import { recallHolds } from './recall-holds.ts';
import {
  type Buyer,
  buyerKey,
  decideHolds,
  type Decision,
  type Found,
  type FreeSeat,
  type Grant,
  type Held,
  type HoldOutcome,
  type HoldRequest,
  type Terms,
} from './seat.ts';

// LATERAL keeps the plan a walk over the primary key in the order of the keys; rows that are not free are
// neither locked nor returned. After a lock wait PostgreSQL checks the state again on the newest row.
const LOCK_FREE = statement(`/* seats.lock-free */
select s.performance_id, s.seat_no, s.version, s.price_krw
from (
  select distinct performance_id, seat_no
  from unnest($1::int[], $2::int[]) as wanted (performance_id, seat_no)
  order by performance_id, seat_no
) as wanted
cross join lateral (
  select performance_id, seat_no, version, price_krw
  from seats.seat
  where performance_id = wanted.performance_id and seat_no = wanted.seat_no and state = 'F'
  for update
) as s`);

// OFFSET 0 keeps these a walk over primary keys, whatever a cached plan believes of the tables.
// The statement begins once the seats are locked: that moment is the time of the whole batch.
const TERMS = statement(`/* seats.terms */
select p.performance_id, p.room, p.seat_count, p.seats_per_person, p.sale_opens_at, p.sale_closes_at,
  date_trunc('milliseconds', statement_timestamp()) as at
from unnest($1::int[]) as wanted (performance_id)
cross join lateral (
  select * from seats.performance where performance_id = wanted.performance_id offset 0
) as p`);

// Whoever comes for the first time, as most do, is no row of it.
const BUYERS = statement(`/* seats.buyers */
select s.performance_id, s.user_id, s.seat_count
from unnest($1::int[], $2::uuid[]) as b (performance_id, user_id)
cross join lateral (
  select * from seats.buyer where performance_id = b.performance_id and user_id = b.user_id offset 0
) as s`);

// A plain insert costs less than one that looks for conflicts. Where another instance was faster with the same buyer, the
// batch starts over and finds the row.
const ADD_BUYERS = statement(`/* seats.add-buyers */
insert into seats.buyer (performance_id, user_id, seat_count)
select performance_id, user_id, sum(seat_count)
from unnest($1::int[], $2::uuid[], $3::int[]) as g (performance_id, user_id, seat_count)
group by performance_id, user_id
order by performance_id, user_id`);

const COUNT_BUYERS = statement(`/* seats.count-buyers */
insert into seats.buyer as b (performance_id, user_id, seat_count)
select performance_id, user_id, sum(seat_count)
from unnest($1::int[], $2::uuid[], $3::int[]) as g (performance_id, user_id, seat_count)
group by performance_id, user_id
order by performance_id, user_id
on conflict (performance_id, user_id) do update set seat_count = b.seat_count + excluded.seat_count
where b.seat_count + excluded.seat_count <= (
  select p.seats_per_person from seats.performance p where p.performance_id = b.performance_id
)`);

// A seat that is locked stays free until it is taken.
const TAKE = exactWrite(`/* seats.take */
update seats.seat s
set state = 'H', version = g.version, reservation_id = g.reservation_id
from unnest($1::int[], $2::int[], $3::int[], $4::uuid[]) as g (performance_id, seat_no, version, reservation_id)
where s.performance_id = g.performance_id and s.seat_no = g.seat_no and s.state = 'F' and s.version = g.version - 1`);

// Arrays of different lengths cannot be unnested as rows, so a hold's seats travel as array literals.
const REMEMBER = statement(`/* seats.remember */
insert into seats.hold (
  reservation_id, user_id, performance_id, seat_nos, seat_versions, amount_krw, fingerprint, held_at, expires_at
)
select reservation_id, user_id, performance_id, seat_nos::int[], seat_versions::int[], amount_krw, fingerprint,
  held_at, expires_at
from unnest(
  $1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::int[], $7::bytea[], $8::timestamptz[],
  $9::timestamptz[]
) as g (
  reservation_id, user_id, performance_id, seat_nos, seat_versions, amount_krw, fingerprint, held_at, expires_at
)
order by reservation_id`);

export interface HoldSeatsDeps {
  readonly database: Pick<Database, 'transaction'>;
  readonly messaging: Pick<Messaging, 'append'>;
  readonly holdTtlMs: number;
}

/** Decides a set of holds; one outcome for each request, in order. */
export function holdSeats(
  deps: HoldSeatsDeps,
  requests: readonly HoldRequest[],
): Promise<(HoldOutcome | typeof AGAIN)[]> {
  const decided = deps.database.transaction(async (tx) => {
    const found = await find(tx, requests);
    const decisions = decideHolds(requests, found, deps.holdTtlMs);
    const grants = decisions.flatMap((decision) => (decision.outcome === 'granted' ? [decision.grant] : []));
    if (grants.length > 0) await write(tx, grants, found);
    deps.messaging.append(tx, [
      ...grants.map(reserved),
      ...requests.flatMap((request, index) => failed(request, decisions[index])),
    ]);
    return decisions.map((decision) => {
      if (decision.outcome === 'again') return AGAIN;
      return decision.outcome === 'granted' ? held(decision.grant) : decision;
    });
  });
  return decided.catch(startOverWhereAdded);
}

/**
 * Statements that travel together; PostgreSQL runs them in this order. What is recalled is read after the
 * locks: a hold that another instance committed while we waited is seen.
 */
async function find(tx: Tx, requests: readonly HoldRequest[]): Promise<Found> {
  const seats = requests.flatMap((r) => r.seatNos.map((seatNo) => [r.performanceId, seatNo] as const));
  const performances = requests.map((r) => r.performanceId);
  const [freeSeats, holds, terms, buyers] = await Promise.all([
    tx.rows<FreeSeat>(LOCK_FREE, [seats.map(([id]) => id), seats.map(([, no]) => no)]),
    recallHolds(tx, requests),
    tx.rows<Terms>(TERMS, [[...new Set(performances)]]),
    tx.rows<Buyer>(BUYERS, [performances, requests.map((r) => r.userId)]),
  ]);
  return { freeSeats, holds, terms, buyers };
}

async function write(tx: Tx, grants: readonly Grant[], found: Found): Promise<void> {
  const seats = grants.flatMap(({ request, seats: granted }) =>
    granted.map((seat) => ({ ...seat, reservationId: request.reservationId })),
  );
  remember(tx, grants);
  const counted = countBuyers(tx, grants, found);
  tx.send(TAKE, [
    seats.map((s) => s.performance_id),
    seats.map((s) => s.seat_no),
    seats.map((s) => s.version + 1),
    seats.map((s) => s.reservationId),
    seats.length,
  ]);
  await counted;
}

function remember(tx: Tx, grants: readonly Grant[]): void {
  tx.send(REMEMBER, [
    grants.map((g) => g.request.reservationId),
    grants.map((g) => g.request.userId),
    grants.map((g) => g.request.performanceId),
    grants.map((g) => `{${g.request.seatNos.join(',')}}`),
    grants.map((g) => `{${g.seats.map((seat) => seat.version + 1).join(',')}}`),
    grants.map((g) => g.amountKrw),
    grants.map((g) => g.request.fingerprint),
    grants.map((g) => g.heldAt),
    grants.map((g) => g.expiresAt),
  ]);
}

/** Nobody locked the buyers: another instance may have brought one of them to the limit meanwhile. */
async function countBuyers(tx: Tx, grants: readonly Grant[], { buyers }: Found): Promise<void> {
  const known = new Set(buyers.map((buyer) => buyerKey(buyer.performance_id, buyer.user_id)));
  const keyOf = ({ request }: Grant) => buyerKey(request.performanceId, request.userId);
  const { added = [], counted = [] } = Object.groupBy(grants, (grant) =>
    known.has(keyOf(grant)) ? 'counted' : 'added',
  );
  const valuesOf = (list: readonly Grant[]) => [
    list.map((g) => g.request.performanceId),
    list.map((g) => g.request.userId),
    list.map((g) => g.seats.length),
  ];
  if (added.length > 0) tx.send(ADD_BUYERS, valuesOf(added));
  if (counted.length === 0) return;
  const count = await tx.count(COUNT_BUYERS, valuesOf(counted));
  if (count !== new Set(counted.map(keyOf)).size) throw overtaken();
}

/** Another instance has added one of the buyers meanwhile. */
function startOverWhereAdded(error: unknown): never {
  const isAdded = error instanceof DatabaseFault && error.constraint === 'buyer_pkey';
  throw isAdded ? overtaken() : error;
}

/** Makes the batch start over on what is true now. */
function overtaken(): DatabaseFault {
  return new DatabaseFault('seats.hold', new Error('another instance served the same buyer'), 'again');
}

function reserved({ request, seats, amountKrw, expiresAt }: Grant): EventOf<'SeatReserved'> {
  const { reservationId, userId, performanceId, turn, payNow } = request;
  return {
    name: 'SeatReserved',
    reservationId,
    userId,
    performanceId,
    seats: seats.map((seat) => ({ no: seat.seat_no, version: seat.version + 1 })),
    amountKrw,
    turn,
    expiresAt,
    payNow,
  };
}

function failed(request: HoldRequest, decision: Decision | undefined): EventOf<'SeatReservationFailed'>[] {
  if (decision?.outcome !== 'refused') return [];
  const { userId, performanceId, seatNos } = request;
  return [
    {
      name: 'SeatReservationFailed',
      userId,
      performanceId,
      seatNos: [...seatNos],
      problem: decision.problem,
    },
  ];
}

function held({ request, amountKrw, expiresAt }: Grant): Held {
  const { reservationId, performanceId, seatNos } = request;
  return { outcome: 'held', replayed: false, reservationId, performanceId, seatNos, amountKrw, expiresAt };
}
