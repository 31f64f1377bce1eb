/** The payments module on a database of its own, as two instances have it, without the other services. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { AnyEvent, EventOf } from '#contract/events.ts';
import type { Place } from '#contract/ids.ts';
import { createMessaging, type Messaging } from '../../src/messaging/index.ts';
import { createPayments, type Payments } from '../../src/payments/index.ts';
import type { PayRequest } from '../../src/payments/payment.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { derivedUuid, fingerprint } from '../../src/platform/identifiers.ts';
import type { Database, Tx } from '../../src/platform/postgres/database.ts';
import { createTestDatabase, readNothing, type TestDatabase } from './database.ts';
import { createLogRecorder, type LogRecorder } from './log-recorder.ts';

export interface Instance {
  readonly database: Database;
  readonly messaging: Messaging;
  readonly payments: Payments;
  readonly log: LogRecorder;
  /** How many sets it has decided, of all kinds or of one. */
  readonly sets: (kind?: string) => number;
}

export interface Money extends AsyncDisposable {
  readonly one: Instance;
  /** Another instance on the same database. */
  readonly two: Instance;
  /** What the payments service does on these events; what it emits goes to the log. */
  react<E extends keyof Payments['reactions']>(name: E, events: readonly EventOf<E>[]): Promise<void>;
  charge(userId: string, amountKrw: number, key?: string): ReturnType<Payments['charge']>;
  pay(userId: string, reservationId: string, key?: string, by?: Instance): ReturnType<Payments['pay']>;
  /** A request to pay as the route makes it, on the turn of the hold unless another one is given. */
  payRequest(userId: string, reservationId: string, key: string, turn?: Place): PayRequest;
  balanceKrw(userId: string): Promise<number>;
  /** Rows of any question about the tables. */
  ask<Row extends Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<Row[]>;
  states(): Promise<Record<string, number>>;
  events<N extends AnyEvent['name']>(name: N): Promise<EventOf<N>[]>;
  /** Makes these payments' deadlines come that much nearer. */
  advance(ms: number, reservationIds: readonly string[]): Promise<void>;
  /** Expects the books to balance and the events to say what the rows say. */
  audit(): Promise<void>;
}

export async function createMoney(): Promise<Money> {
  const db = await createTestDatabase();
  await readNothing(db);
  const one = instanceOn(db, db.database);
  const two = instanceOn(db, await db.open());
  const ask: Money['ask'] = (sql, ...values) => db.database.rows({ name: '', text: sql }, values);
  const events: Money['events'] = async (name) => {
    const sql = `select e from messaging.log l, json_array_elements(l.events) e where e ->> 'name' = $1 order by l.id`;
    return (await ask<{ e: EventOf<typeof name> }>(sql, name)).map((row) => row.e);
  };
  return {
    one,
    two,
    react: async (name, happened) => {
      const reaction = one.payments.reactions[name] as unknown as {
        run(tx: Tx, events: readonly AnyEvent[]): Promise<readonly AnyEvent[]>;
      };
      await one.database.transaction(async (tx) => {
        one.messaging.append(tx, await reaction.run(tx, happened as readonly AnyEvent[]));
      });
    },
    charge: (userId, amountKrw, key = randomUUID()) =>
      one.payments.charge({
        transferId: derivedUuid(userId, 'POST /wallet/charges', key),
        userId,
        amountKrw,
        fingerprint: fingerprint({ amount: amountKrw }),
      }),
    pay: (userId, reservationId, key = randomUUID(), by = one) =>
      by.payments.pay(payRequest(userId, reservationId, key)),
    payRequest,
    balanceKrw: async (userId) => (await one.payments.wallet(userId)).balanceKrw,
    ask,
    states: async () => {
      const rows = await ask<{ state: string; n: number }>(
        'select state, count(*) as n from payments.payment group by state',
      );
      return Object.fromEntries(rows.map((row) => [row.state, row.n]));
    },
    events,
    advance: async (ms, reservationIds) => {
      const sql = `update payments.payment set expires_at = expires_at - $1::int * interval '1 millisecond'
        where reservation_id = any($2::uuid[])`;
      await ask(sql, ms, reservationIds);
    },
    audit: () => audit(ask),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

const TURN: Place = { room: 'main', epoch: 1, number: 48_112 };

function payRequest(userId: string, reservationId: string, key: string, turn = TURN): PayRequest {
  return {
    requestId: derivedUuid(userId, 'POST /payments', key),
    userId,
    reservationId,
    turn,
    fingerprint: fingerprint({ reservationId }),
  };
}

function instanceOn(db: TestDatabase, database: Database): Instance {
  const log = createLogRecorder();
  const { logger } = log;
  const decided: string[] = [];
  const observe = (kind: string) => void decided.push(kind);
  const messaging = createMessaging({
    database,
    connection: db.connection,
    instanceId: randomUUID(),
    clock: systemClock,
    logger,
    retentionMs: 60_000,
    observe: () => {},
    onAppended: () => {},
    onParked: () => {},
  });
  const payments = createPayments({ database, messaging, clock: systemClock, logger, observe });
  const sets: Instance['sets'] = (kind) =>
    decided.filter((name) => kind === undefined || name === kind).length;
  return { database, messaging, payments, log, sets };
}

/** A reservation as the log announces it. */
export function reservation(
  given: Partial<EventOf<'ReservationCreated'>> = {},
): EventOf<'ReservationCreated'> {
  return {
    name: 'ReservationCreated',
    reservationId: randomUUID(),
    userId: randomUUID(),
    performanceId: 7,
    seats: [{ no: 17, version: 1 }],
    amountKrw: 50_000,
    turn: TURN,
    expiresAt: new Date(Date.now() + 300_000).toISOString(),
    payNow: false,
    ...given,
  };
}

export function cancelled(of: EventOf<'ReservationCreated'>): EventOf<'ReservationCancelled'> {
  const { reservationId, userId, performanceId, seats } = of;
  return { name: 'ReservationCancelled', reservationId, userId, performanceId, seats };
}

export function turnNotSpent(of: EventOf<'ReservationCreated'>): EventOf<'TokenExpirationFailed'> {
  const { reservationId, userId, performanceId, seats, amountKrw, turn } = of;
  const purchase = { reservationId, userId, performanceId, seats, amountKrw, turn };
  return { name: 'TokenExpirationFailed', ...purchase, reason: 'spent' };
}

const EVENT_OF_STATE = `
  with told as (
    select e ->> 'reservationId' as reservation_id, count(*) as n
    from messaging.log l, json_array_elements(l.events) e
    where e ->> 'name' = $1
    group by 1
  )
  select p.reservation_id, p.state, coalesce(told.n, 0) as told
  from payments.payment p
  left join told on told.reservation_id = p.reservation_id::text
  where coalesce(told.n, 0) <> case when p.state = any($2::text[]) then 1 else 0 end`;

async function audit(ask: Money['ask']): Promise<void> {
  const unexplained = await ask(`
    select w.user_id, w.balance_krw from payments.wallet w where w.balance_krw < 0 or w.balance_krw <> (
      select coalesce(sum(amount_krw) filter (where credit_account = w.user_id), 0)
        - coalesce(sum(amount_krw) filter (where debit_account = w.user_id), 0)
      from payments.transfer
    )`);
  expect(unexplained, 'a balance is what came minus what went').toEqual([]);
  const unchained = await ask(`
    select * from (
      select *, lag(balance_after_krw, 1, 0::bigint) over (partition by wallet_id order by seq) as before
      from payments.transfer
    ) t where balance_after_krw <> before + case when kind = 'PAYMENT' then -amount_krw else amount_krw end`);
  expect(unchained, 'each transfer starts from the balance that the one before it left').toEqual([]);
  const unpaid = await ask(`
    select p.payment_id from payments.payment p
    left join payments.transfer t on t.transfer_id = p.request_id and t.kind = 'PAYMENT'
      and t.reservation_id = p.reservation_id and t.amount_krw = p.amount_krw and t.at = p.paid_at
    where p.state in ('PAID', 'REFUNDED') and t.transfer_id is null`);
  expect(unpaid, 'what is paid has its transfer').toEqual([]);
  const [sums] = await ask<{ transfers: number; payments: number }>(`
    select (select count(*) from payments.transfer where kind <> 'CHARGE') as transfers,
      (select coalesce(sum(case state when 'PAID' then 1 when 'REFUNDED' then 2 end), 0)::int
       from payments.payment) as payments`);
  expect(sums?.transfers, 'no transfer without its payment').toBe(sums?.payments);
  for (const [event, states] of [
    ['PaymentProcessed', ['PAID', 'REFUNDED']],
    ['PaymentProcessingFailed', ['LAPSED', 'REFUSED']],
    ['PaymentRefunded', ['REFUNDED']],
  ] as const) {
    expect(await ask(EVENT_OF_STATE, event, states), `${event} says what the rows say`).toEqual([]);
  }
}
