/** When all that follows from purchases is done. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/** Behind each look, so that the looks do not take the cores from what they look for. */
const PAUSE_MS = 5;
const STUCK_MS = 10_000;

/** Waits until so many purchases, of one seat each, are complete in the tables. */
export function complete(stage: Stage, database: string, count: number): Promise<void> {
  return allComplete(stage, database, { seats: count, purchases: count });
}

/** The same of so many seats; gives up when nothing moves any more. */
export async function allComplete(
  stage: Stage,
  database: string,
  expected: { readonly seats: number; readonly purchases: number },
): Promise<void> {
  await using session = await stage.connect(database);
  let before = -1;
  let lastMoveMs = performance.now();
  for (;;) {
    const [row] = await session.query<{ sold: number; paid: number; confirmed: number; spent: number }>(
      `select
        (select count(*)::int from seats.seat where state = 'S') as sold,
        (select count(*)::int from payments.payment where state = 'PAID') as paid,
        (select count(*)::int from reservations.reservation where status = 'CONFIRMED') as confirmed,
        (select count(*)::int from waiting_room.token where state = 'SPENT') as spent`,
    );
    const { sold = 0, paid = 0, confirmed = 0, spent = 0 } = row ?? {};
    const least = Math.min(paid, confirmed, spent);
    if (least === expected.purchases && sold === expected.seats) return;
    const now = least + sold;
    if (now !== before) lastMoveMs = performance.now();
    if (performance.now() - lastMoveMs > STUCK_MS)
      throw new Error(`stuck: ${JSON.stringify(row)} of ${JSON.stringify(expected)}`);
    before = now;
    await delay(PAUSE_MS);
  }
}
