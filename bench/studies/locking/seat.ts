/** A hundred buyers, one seat: each round another seat of one performance. */
import assert from 'node:assert/strict';
import { fingerprint, newUuid } from '../../../server/src/platform/identifiers.ts';
import { statement } from '../../../server/src/platform/postgres/statement.ts';
import type { HoldRequest } from '../../../server/src/seats/index.ts';
import type { Stage } from '../../lib/stage.ts';
import { CROWD, type Run } from './round.ts';
import { OURS, type Scenario } from './scenario.ts';
import { openService } from './service.ts';
import { type Change, OPTIMISTIC, optimistic, PESSIMISTIC, pessimistic, RETRIED } from './strategies.ts';

interface SeatRow {
  readonly version: number;
  readonly state: string;
  readonly [column: string]: unknown;
}

const READ = `select version, state from seats.seat where performance_id = 1 and seat_no = $1`;

// The rows that our own hold writes: seat, hold, the buyer's count, and the event.
const TAKE = statement(`/* study.take */
with taken as (
  update seats.seat set state = 'H', version = version + 1, reservation_id = $3
  where performance_id = 1 and seat_no = $1 and version = $2 and state = 'F'
  returning seat_no, version, price_krw
), held as (
  insert into seats.hold (
    reservation_id, user_id, performance_id, seat_nos, seat_versions, amount_krw, fingerprint, held_at, expires_at
  )
  select $3, $4::uuid, 1, array[seat_no], array[version], price_krw, $5, clock_timestamp(),
    clock_timestamp() + interval '5 minutes'
  from taken
), counted as (
  insert into seats.buyer (performance_id, user_id, seat_count) select 1, $4::uuid, 1 from taken
), logged as (
  insert into messaging.log (names, events, event_count)
  select '{SeatReserved}', json_build_array(json_build_object(
    'name', 'SeatReserved', 'reservationId', $3, 'userId', $4::uuid, 'performanceId', 1, 'seats',
    json_build_array(json_build_object('no', seat_no, 'version', version)), 'amountKrw', price_krw, 'turn',
    json_build_object('room', 'main', 'epoch', 1, 'number', 1), 'expiresAt', clock_timestamp(), 'payNow', false
  )), 1
  from taken
)
select seat_no from taken`);

const CHANGE: Change<HoldRequest, SeatRow> = {
  read: statement(`/* study.read-seat */ ${READ}`),
  lock: statement(`/* study.lock-seat */ ${READ} and state = 'F' for update`),
  keyOf: (request) => [request.seatNos[0]],
  write: (request, { version, state }) => {
    if (state !== 'F') return undefined;
    const { reservationId, userId, seatNos } = request;
    return { statement: TAKE, values: [seatNos[0], version, reservationId, userId, request.fingerprint] };
  },
};

export const SEAT: Scenario<HoldRequest> = {
  title: 'one seat',
  references: [
    pessimistic(PESSIMISTIC, CHANGE),
    optimistic(OPTIMISTIC, CHANGE, 1),
    optimistic(RETRIED, CHANGE, Number.POSITIVE_INFINITY),
  ],
  ours: {
    name: OURS,
    open: async (stage, database) => {
      const service = await openService(stage, database);
      return {
        attempt: async (request) => {
          const { outcome } = await service.seats.hold(request);
          return { ending: outcome === 'held' ? 'done' : 'refused', tries: 1 };
        },
        get commits() {
          assert.equal(service.seats.stats.refusedFromMemory, 0, 'everybody was refused by the row');
          return service.batchesOf('hold-seats');
        },
        get reruns() {
          return service.begun - service.batchesOf('hold-seats');
        },
        [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
      };
    },
  },
  prepare: async (stage, database, rounds) => {
    await stage.query(
      database,
      `insert into seats.performance (performance_id, room, seat_count, seats_per_person, sale_opens_at, sale_closes_at)
       values (1, 'main', $1, 4, '2020-01-01', '2099-01-01')`,
      [rounds],
    );
    await stage.query(
      database,
      'insert into seats.seat (performance_id, seat_no, price_krw) select 1, n, 10000 from generate_series(1, $1::int) n',
      [rounds],
    );
    return Array.from({ length: rounds }, (_, round) =>
      Array.from({ length: CROWD }, () => requestFor(round + 1)),
    );
  },
  verify,
};

function requestFor(seatNo: number): HoldRequest {
  const seatNos = [seatNo];
  return {
    reservationId: newUuid(),
    userId: newUuid(),
    performanceId: 1,
    seatNos,
    turn: { room: 'main', epoch: 1, number: 1 },
    payNow: false,
    fingerprint: fingerprint({ performanceId: 1, seats: seatNos }),
  };
}

/** Each seat has exactly one owner: the one who was told so, in every table. */
async function verify(stage: Stage, database: string, { outcomes }: Run<HoldRequest>): Promise<void> {
  const told = outcomes.filter(({ ending }) => ending === 'done').map(({ work }) => work);
  const rows = await stage.query<{ seat_no: number; owner: string; holds: number }>(
    database,
    `select s.seat_no, s.reservation_id as owner,
       (select count(*)::int from seats.hold h join seats.buyer b on b.user_id = h.user_id and b.seat_count = 1
        where h.seat_nos = array[s.seat_no] and h.reservation_id = s.reservation_id and h.state = 'H') as holds
     from seats.seat s where s.state = 'H' and s.version = 1 order by s.seat_no`,
  );
  const [counted] = await stage.query<{ holds: number }>(
    database,
    'select count(*)::int as holds from seats.hold',
  );
  const owners = new Map(told.map((work) => [work.seatNos[0], work.reservationId]));
  assert.equal(told.length, outcomes.length / CROWD, 'one of each hundred was told that the seat is theirs');
  assert.equal(owners.size, told.length, 'each of another seat');
  assert.equal(rows.length, told.length, 'every seat was taken, once');
  assert.equal(counted?.holds, told.length, 'there is no hold beside these');
  for (const { seat_no: seatNo, owner, holds } of rows) {
    assert(owners.get(seatNo) === owner && holds === 1, `seat ${seatNo} is not of the one who was told so`);
  }
}
