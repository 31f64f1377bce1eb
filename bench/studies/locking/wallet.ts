/** A hundred movements on one wallet, charges and payments by turns; the same wallet in every round. */
import assert from 'node:assert/strict';
import { derivedUuid, fingerprint, newUuid } from '../../../server/src/platform/identifiers.ts';
import { statement } from '../../../server/src/platform/postgres/statement.ts';
import type { Stage } from '../../lib/stage.ts';
import { CROWD, type Run } from './round.ts';
import { OURS, type Scenario } from './scenario.ts';
import { openService } from './service.ts';
import {
  type Change,
  OPTIMISTIC,
  optimistic,
  PESSIMISTIC,
  pessimistic,
  RETRIED_UNTIL_DONE,
  THREE_TRIES,
} from './strategies.ts';

const USER = newUuid();
const START_KRW = 100_000_000;
const CHARGE_KRW = 10_000;
const PAYMENT_KRW = 7_000;

interface Movement {
  readonly transferId: string;
  /** What is paid; null for a charge. */
  readonly reservationId: string | null;
  readonly amountKrw: number;
}

interface WalletRow {
  readonly balance_krw: number;
  readonly version: number;
  readonly [column: string]: unknown;
}

const READ = `select balance_krw, version from payments.wallet where user_id = $1`;
const MOVED = `moved as (
  update payments.wallet set balance_krw = $3, version = version + 1 where user_id = $1 and version = $2
  returning user_id, balance_krw
)`;

// The rows that our own charge writes: the wallet and a transfer.
const CHARGE = statement(`/* study.charge */
with ${MOVED}, posted as (
  insert into payments.transfer (
    transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, fingerprint, at
  )
  select $4, 'CHARGE', '00000000-0000-8000-8000-000000000001', user_id, $5, user_id, balance_krw, $6, clock_timestamp()
  from moved
)
select user_id from moved`);

// The rows that our own payment writes: what was due, the wallet, a transfer, and the event.
const PAY = statement(`/* study.pay */
with ${MOVED}, posted as (
  insert into payments.transfer (
    transfer_id, kind, debit_account, credit_account, amount_krw, wallet_id, balance_after_krw, reservation_id,
    fingerprint, at
  )
  select $4, 'PAYMENT', user_id, '00000000-0000-8000-8000-000000000002', $5, user_id, balance_krw, $7, $6,
    clock_timestamp()
  from moved
), paid as (
  update payments.payment set state = 'PAID', paid_at = clock_timestamp(), request_id = $4
  where payment_id = $8 and state = 'DUE' and exists (select from moved)
), logged as (
  insert into messaging.log (names, events, event_count)
  select '{PaymentProcessed}', json_build_array(json_build_object(
    'name', 'PaymentProcessed', 'paymentId', $8::uuid, 'reservationId', $7::uuid, 'userId', user_id, 'performanceId', 1,
    'seats', json_build_array(json_build_object('no', 1, 'version', 1)), 'amountKrw', $5::int,
    'turn', json_build_object('room', 'main', 'epoch', 1, 'number', 1)
  )), 1
  from moved
)
select user_id from moved`);

const CHANGE: Change<Movement, WalletRow> = {
  read: statement(`/* study.read-wallet */ ${READ}`),
  lock: statement(`/* study.lock-wallet */ ${READ} for update`),
  keyOf: () => [USER],
  write: (movement, { version, balance_krw: balance }) => {
    const { transferId, amountKrw, reservationId } = movement;
    const print = fingerprint({ amountKrw });
    if (reservationId === null) {
      return {
        statement: CHARGE,
        values: [USER, version, balance + amountKrw, transferId, amountKrw, print],
      };
    }
    if (balance < amountKrw) return undefined;
    const after = balance - amountKrw;
    const paymentId = paymentIdOf(reservationId);
    const values = [USER, version, after, transferId, amountKrw, print, reservationId, paymentId];
    return { statement: PAY, values };
  },
};

/** As payments derives it. */
function paymentIdOf(reservationId: string): string {
  return derivedUuid('payment', reservationId);
}

export const WALLET: Scenario<Movement> = {
  title: 'one wallet',
  references: [
    pessimistic(PESSIMISTIC, CHANGE),
    optimistic(OPTIMISTIC, CHANGE, 1),
    optimistic(THREE_TRIES, CHANGE, 3),
    optimistic(RETRIED_UNTIL_DONE, CHANGE, Number.POSITIVE_INFINITY),
  ],
  ours: {
    name: OURS,
    open: async (stage, database) => {
      const service = await openService(stage, database);
      const batches = () => service.batchesOf('charge-wallets') + service.batchesOf('pay-reservations');
      return {
        attempt: async (movement) => {
          const { outcome } = await moved(service, movement);
          return { ending: outcome === 'refused' ? 'refused' : 'done', tries: 1 };
        },
        get commits() {
          return batches();
        },
        get reruns() {
          return service.begun - batches();
        },
        [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
      };
    },
  },
  prepare,
  verify,
};

function moved({ payments }: Awaited<ReturnType<typeof openService>>, movement: Movement) {
  const { transferId, reservationId, amountKrw } = movement;
  if (reservationId === null) {
    return payments.charge({ transferId, userId: USER, amountKrw, fingerprint: fingerprint({ amountKrw }) });
  }
  const turn = { room: 'main', epoch: 1, number: 1 };
  const print = fingerprint({ reservationId });
  return payments.pay({ requestId: transferId, userId: USER, reservationId, turn, fingerprint: print });
}

/** Our wallets need no version; the column is for the others. */
async function prepare(stage: Stage, database: string, rounds: number): Promise<Movement[][]> {
  await stage.query(database, 'alter table payments.wallet add column version int not null default 0');
  await stage.query(database, 'insert into payments.wallet (user_id, balance_krw) values ($1, $2)', [
    USER,
    START_KRW,
  ]);
  const works = Array.from({ length: rounds }, () =>
    Array.from({ length: CROWD }, (_, index): Movement => {
      const isCharge = index % 2 === 0;
      return {
        transferId: newUuid(),
        reservationId: isCharge ? null : newUuid(),
        amountKrw: isCharge ? CHARGE_KRW : PAYMENT_KRW,
      };
    }),
  );
  const due = works.flat().flatMap(({ reservationId }) => reservationId ?? []);
  await stage.query(
    database,
    `insert into payments.payment (
       payment_id, reservation_id, user_id, performance_id, seats, amount_krw, turn_room, turn_epoch, turn_number,
       state, expires_at
     )
     select d.payment_id, d.reservation_id, $3, 1, '[{"no": 1, "version": 1}]', $4, 'main', 1, 1, 'DUE',
       clock_timestamp() + interval '1 hour'
     from unnest($1::uuid[], $2::uuid[]) as d (payment_id, reservation_id)`,
    [due.map(paymentIdOf), due, USER, PAYMENT_KRW],
  );
  return works;
}

/** The balance is the sum of the movements that were told to be done, and each transfer has the balance that it left. */
async function verify(stage: Stage, database: string, { outcomes }: Run<Movement>): Promise<void> {
  const done = outcomes.filter(({ ending }) => ending === 'done').map(({ work }) => work);
  assert(done.length > 0 && outcomes.every(({ ending }) => ending !== 'refused'), 'nobody lacks money here');
  const rightKrw = done.reduce((sum, work) => sum + signed(work), START_KRW);
  const [row] = await stage.query<{ balance: string; transfers: string[]; wrong: number; paid: number }>(
    database,
    `with chain as (
       select transfer_id, balance_after_krw, $1::bigint + sum(case kind when 'CHARGE' then amount_krw else -amount_krw end)
         over (order by seq) as should_be
       from payments.transfer
     )
     select (select balance_krw from payments.wallet) as balance, array_agg(transfer_id) as transfers,
       (count(*) filter (where balance_after_krw <> should_be))::int as wrong,
       (select count(*)::int from payments.payment where state = 'PAID') as paid
     from chain`,
    [START_KRW],
  );
  assert.equal(Number(row?.balance), rightKrw, 'the balance is the sum of the movements');
  assert.equal(row?.wrong, 0, 'each transfer has the balance that it left');
  assert.deepEqual(new Set(row?.transfers), new Set(done.map((work) => work.transferId)));
  assert.equal(row?.paid, done.filter((work) => work.reservationId !== null).length, 'what was paid is paid');
}

function signed({ reservationId, amountKrw }: Movement): number {
  return reservationId === null ? amountKrw : -amountKrw;
}
