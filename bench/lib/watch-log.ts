/**
 * How long after a payment the seat is sold and the turn is spent, as anybody sees who looks at the log: a connection of
 * its own reads it again and again, and what it finds is committed. Nothing is asked of the service.
 *
 * It says no less than it was: from the look before the one that found the payment, to the end of the one that found the
 * last of what follows. That is too long by a look or so (1 to 2 ms on an idle machine).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Stage } from './stage.ts';

const PAUSE_MS = 1;
const STUCK_MS = 20_000;
const NAMES = ['PaymentProcessed', 'SeatSold', 'TokenExpired'] as const;

// Everything that the look before cannot have seen is of a transaction that was not over then.
const LOOK = `select h.xid::text as horizon, l.id, l.events
from (select pg_snapshot_xmin(pg_current_snapshot()) as xid) as h
left join lateral (
  select id, events from messaging.log
  where (epoch, xid) >= (messaging.current_epoch(), $1::xid8) and names && $2::text[]
) as l on true`;

interface Look {
  readonly horizon: string;
  readonly id: string | null;
  readonly events: readonly { readonly name: string; readonly reservationId: string }[] | null;
}

interface Purchase {
  paidAfterMs?: number;
  soldMs?: number;
  spentMs?: number;
}

export interface LogWatch {
  /** When so many purchases that began since are complete: how long each took to be, in milliseconds. */
  lags(count: number): Promise<number[]>;
}

/** Begins to watch. To be followed by `lags`, which ends it. */
export async function watchLog(stage: Stage, database: string): Promise<LogWatch> {
  const client = new Client({
    ...stage.postgres.connection,
    database,
    options: '-c enable_seqscan=off -c jit=off',
  });
  await client.connect();
  const look = async (horizon: string) =>
    (await client.query<Look>({ name: 'watch-log', text: LOOK, values: [horizon, NAMES] })).rows;
  const began = await client.query<{ horizon: string }>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as horizon',
  );
  const start = began.rows[0]?.horizon ?? '0';

  async function lags(count: number): Promise<number[]> {
    const purchases = new Map<string, Purchase>();
    const seen = new Set<string>();
    const complete: number[] = [];
    let horizon = start;
    let [beforeMs, lastMoveMs] = [performance.now(), performance.now()];
    while (complete.length < count) {
      const startedMs = performance.now();
      const rows = await look(horizon);
      const foundMs = performance.now();
      for (const { id, events } of rows) {
        if (id === null || seen.has(id)) continue;
        seen.add(id);
        lastMoveMs = foundMs;
        for (const event of events ?? []) complete.push(...note(purchases, event, beforeMs, foundMs));
      }
      if (foundMs - lastMoveMs > STUCK_MS)
        throw new Error(`stuck: ${complete.length} of ${count} purchases are complete`);
      horizon = rows[0]?.horizon ?? horizon;
      beforeMs = startedMs;
      await delay(PAUSE_MS);
    }
    return complete;
  }

  return {
    lags: async (count) => {
      try {
        return await lags(count);
      } finally {
        await client.end();
      }
    },
  };
}

/** Gives the lag of the purchase when this was the last that it lacked. */
function note(
  purchases: Map<string, Purchase>,
  { name, reservationId }: { readonly name: string; readonly reservationId: string },
  beforeMs: number,
  foundMs: number,
): number[] {
  const purchase = purchases.get(reservationId) ?? {};
  purchases.set(reservationId, purchase);
  if (name === 'PaymentProcessed') purchase.paidAfterMs = beforeMs;
  else if (name === 'SeatSold') purchase.soldMs = foundMs;
  else if (name === 'TokenExpired') purchase.spentMs = foundMs;
  else return [];
  const { paidAfterMs, soldMs, spentMs } = purchase;
  if (paidAfterMs === undefined || soldMs === undefined || spentMs === undefined) return [];
  purchases.delete(reservationId);
  return [Math.max(soldMs, spentMs) - paidAfterMs];
}
