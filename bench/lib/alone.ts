/**
 * The reference of how soon a request is answered: the statements of a hold and of a payment, each a set of one, through
 * `pg` and nothing else. It is the service's own code without HTTP, without anybody at the door and without reactions.
 */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../server/src/config/config.ts';
import { type Context, createContext } from '../../server/src/context.ts';
import { fingerprint, newUuid } from '../../server/src/platform/identifiers.ts';
import { createLogger } from '../../server/src/platform/logger.ts';
import { type Quantiles, quantilesOf } from './quantiles.ts';
import type { Stage } from './stage.ts';

const PERFORMANCE = 1;
const PRICE_KRW = 10_000;

export interface Alone {
  readonly hold: Quantiles;
  readonly pay: Quantiles;
}

/** So many holds and so many payments, one at a time, at an even pace; `early` ones before, without a pause. */
export async function statementsAlone(
  stage: Stage,
  { early, count, perSecond }: { readonly early: number; readonly count: number; readonly perSecond: number },
): Promise<Alone> {
  const database = await stage.freshDatabase();
  const { config, secrets } = loadConfig({
    DATABASE_URL: stage.urlOf(database),
    DATA_DIR: stage.folder,
    LOG_LEVEL: 'error',
  });
  await using context = await createContext(config, secrets, createLogger('error'));
  const seats = count + early;
  await laySeats(stage, database, seats);
  const purchases = await Promise.all(
    Array.from({ length: seats }, (_, index) => purchaseOf(context, index + 1)),
  );
  const everyMs = 1_000 / perSecond;
  const timed = async (act: (purchase: Purchase) => Promise<{ readonly outcome: string }>) => {
    await timeEach(purchases.slice(0, early), 0, act);
    return quantilesOf(await timeEach(purchases.slice(early), everyMs, act));
  };
  const hold = await timed((purchase) => context.seats.hold(purchase.hold));
  await openPayments(context, purchases);
  const pay = await timed((purchase) => context.payments.pay(purchase.pay));
  await committed(stage, database, seats);
  return { hold, pay };
}

async function laySeats(stage: Stage, database: string, seats: number): Promise<void> {
  await stage.query(
    database,
    `insert into seats.performance (performance_id, room, seat_count, seats_per_person, sale_opens_at, sale_closes_at)
     values ($1, 'main', $2, 4, '2000-01-01', '2100-01-01')`,
    [PERFORMANCE, seats],
  );
  await stage.query(
    database,
    'insert into seats.seat (performance_id, seat_no, price_krw) select $1, n, $2 from generate_series(1, $3::int) n',
    [PERFORMANCE, PRICE_KRW, seats],
  );
  await stage.query(database, 'vacuum analyze seats.seat');
}

type Purchase = Awaited<ReturnType<typeof purchaseOf>>;

/** Somebody with money, who wants this seat. */
async function purchaseOf({ payments }: Context, seat: number) {
  const [userId, reservationId, transferId] = [newUuid(), newUuid(), newUuid()];
  const turn = { room: 'main', epoch: 1, number: seat };
  const asked = { fingerprint: fingerprint({ seat }) };
  await payments.charge({ transferId, userId, amountKrw: PRICE_KRW, ...asked });
  const hold = { reservationId, userId, performanceId: PERFORMANCE, seatNos: [seat], turn, payNow: false };
  return {
    seat,
    hold: { ...hold, ...asked },
    pay: { requestId: newUuid(), userId, reservationId, turn, ...asked },
  };
}

/** What reactions would do, as one set: each payment is due. */
async function openPayments({ database, payments }: Context, purchases: readonly Purchase[]): Promise<void> {
  const { run } = payments.reactions.ReservationCreated;
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  await database.transaction((tx) =>
    run(
      tx,
      purchases.map(({ hold, seat }) => ({
        name: 'ReservationCreated',
        reservationId: hold.reservationId,
        userId: hold.userId,
        performanceId: PERFORMANCE,
        seats: [{ no: seat, version: 1 }],
        amountKrw: PRICE_KRW,
        turn: hold.turn,
        expiresAt,
        payNow: false,
      })),
    ),
  );
}

/** In milliseconds, from the call to the answer. */
async function timeEach(
  purchases: readonly Purchase[],
  everyMs: number,
  act: (purchase: Purchase) => Promise<{ readonly outcome: string }>,
): Promise<number[]> {
  const times: number[] = [];
  for (const purchase of purchases) {
    if (everyMs > 0) await delay(everyMs);
    const startedMs = performance.now();
    const { outcome } = await act(purchase);
    times.push(performance.now() - startedMs);
    assert(outcome !== 'refused', 'seat and money are there');
  }
  return times;
}

/** Counts rows, not answers. */
async function committed(stage: Stage, database: string, expected: number): Promise<void> {
  const [row] = await stage.query<{ held: number; paid: number }>(
    database,
    `select (select count(*)::int from seats.seat where state = 'H') as held,
       (select count(*)::int from payments.payment where state = 'PAID') as paid`,
  );
  if (row?.held !== expected || row.paid !== expected)
    throw new Error(`${row?.held} held, ${row?.paid} paid, ${expected} expected`);
}
