/**
 * Ends what was not paid in time. The payment's row decides, under its lock and by the database's clock.
 *
 * Deadlines are indexed, but states are not (a payment would then touch an index), so a scan also meets
 * whatever was paid long ago. That is bounded by remembering how far an earlier pass has come. A payment is
 * never opened with a deadline in the past, so behind that point nothing new appears, except what was passed
 * over: a row that was locked, or whose transaction committed late. So a pass looks back a little further
 * than the pass before it came. Every few passes one looks back further than any transaction lasts, and it
 * counts as having come no further than the first payment that it had to leave, however long that is locked. When the
 * database begins another life, what was ended may be due again, and the walk begins anew.
 */
import type { Logger } from '../platform/logger.ts';
import type { Messaging } from '../messaging/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { statement } from '../platform/postgres/statement.ts';
import { COLUMNS, type PaymentRow, processingFailed } from './payment.ts';

const EVERY_MS = 500;
const BATCH_MAX = 500;
const LOOK_BACK_MS = 5_000;
const LOOK_FAR_BACK_MS = 120_000;
const LOOK_FAR_BACK_EVERY = 10;
const FROM_THE_FIRST = '-infinity';

const BEGIN = statement(`/* payments.sweep-instant */ select clock_timestamp() as at`);

// The first pass of an instance walks the whole index once; the usual limit is for the hot path.
const FIRST_PASS_MAX_MS = 60_000;

// The time stands in a subquery so that it bounds the scan of the index. A row that somebody is just paying
// is locked and passed over; after a lock PostgreSQL checks the state again on the newest row.
export const LAPSE = statement(`/* payments.lapse */
with due as (
  select payment_id from payments.payment
  where expires_at >= $1::timestamptz - $2::int * interval '1 millisecond'
    and expires_at <= (select clock_timestamp()) and state = 'DUE'
  order by expires_at
  limit $3
  for update skip locked
)
update payments.payment
set state = 'LAPSED', closed_at = date_trunc('milliseconds', clock_timestamp())
where payment_id = any(array(select payment_id from due))
returning ${COLUMNS}`);

// What a pass left is due and locked. It is read without a lock, so whoever has it locked is not waited for.
export const LEFT = statement(`/* payments.sweep-left */
select expires_at from payments.payment
where expires_at >= $1::timestamptz - $2::int * interval '1 millisecond'
  and expires_at <= $3::timestamptz and state = 'DUE'
order by expires_at
limit 1`);

export interface LapseDeps {
  readonly database: Database;
  readonly messaging: Messaging;
}

export interface Sweep {
  /** Makes one pass and tells how many payments it lapsed. */
  pass(): Promise<number>;
  /** What earlier passes have come to, and the one that is under way, does not count. */
  forget(): void;
}

/** How far the passes have come. */
interface Reached {
  passes: number;
  near: string;
  far: string;
}

export function createSweep(deps: LapseDeps): Sweep {
  const nowhere = (): Reached => ({ passes: 0, near: FROM_THE_FIRST, far: FROM_THE_FIRST });
  let reached = nowhere();

  return {
    async pass() {
      const mine = reached;
      const looksFar = mine.passes % LOOK_FAR_BACK_EVERY === 0;
      const from = looksFar
        ? { at: mine.far, backMs: LOOK_FAR_BACK_MS }
        : { at: mine.near, backMs: LOOK_BACK_MS };
      const { startedAt, lapsed } = await sweepFrom(deps, from);
      // Only a pass that came to its end counts; after a fault the next one looks there again.
      if (looksFar) mine.far = (await firstLeft(deps, from, startedAt)) ?? startedAt;
      mine.near = startedAt;
      mine.passes++;
      return lapsed;
    },
    forget() {
      reached = nowhere();
    },
  };
}

/** Sweeps until the signal fires; any number of instances may do it at once. */
export async function sweepPayments(
  sweep: Pick<Sweep, 'pass'>,
  deps: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await sweep.pass();
    } catch (error) {
      deps.logger.warn({ err: error }, 'payments that are past their time could not be lapsed; trying again');
    }
    await deps.clock.sleep(EVERY_MS, signal);
  }
}

/** The earliest deadline that a pass should have ended and did not. */
function firstLeft({ database }: LapseDeps, from: SweepFrom, startedAt: string): Promise<string | undefined> {
  return database.transaction(async (tx) => {
    if (from.at === FROM_THE_FIRST) tx.bePatient(FIRST_PASS_MAX_MS);
    const [left] = await tx.rows<{ expires_at: string }>(LEFT, [from.at, from.backMs, startedAt]);
    return left?.expires_at;
  });
}

interface SweepFrom {
  readonly at: string;
  readonly backMs: number;
}

async function sweepFrom(deps: LapseDeps, first: SweepFrom): Promise<{ startedAt: string; lapsed: number }> {
  let from = first;
  let startedAt: string | undefined;
  for (let lapsed = 0; ;) {
    const batch = await lapseBatch(deps, from);
    startedAt ??= batch.startedAt;
    lapsed += batch.lapsed.length;
    if (batch.lapsed.length < BATCH_MAX) return { startedAt, lapsed };
    const latest = batch.lapsed.reduce((max, { expires_at }) => (expires_at > max ? expires_at : max), '');
    from = { at: latest, backMs: 0 };
  }
}

function lapseBatch(
  { database, messaging }: LapseDeps,
  from: SweepFrom,
): Promise<{ startedAt: string; lapsed: PaymentRow[] }> {
  return database.transaction(async (tx) => {
    if (from.at === FROM_THE_FIRST) tx.bePatient(FIRST_PASS_MAX_MS);
    const [instants, lapsed] = await Promise.all([
      tx.rows<{ at: string }>(BEGIN, []),
      tx.rows<PaymentRow>(LAPSE, [from.at, from.backMs, BATCH_MAX]),
    ]);
    messaging.append(
      tx,
      lapsed.map((payment) => processingFailed(payment, 'lapsed')),
    );
    return { startedAt: instants[0]?.at ?? FROM_THE_FIRST, lapsed };
  });
}
