/** When all that follows from holds, or from purchases, is done. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Session, Stage } from './stage.ts';

/** Behind each look, so that the looks do not take the cores from what they look for. */
const PAUSE_MS = 5;
const STUCK_MS = 10_000;

/** Waits until so many holds have their reservation and the payment that is due. Gives how many had not, at first. */
export async function allDue(stage: Stage, database: string, holds: number): Promise<number> {
  const due = `select least((select count(*) from reservations.reservation), (select count(*) from payments.payment))::int as done`;
  let atFirst: number | undefined;
  await untilDone(stage, database, async (session) => {
    const [row] = await session.query<{ done: number }>(due);
    const missing = holds - (row?.done ?? 0);
    atFirst ??= missing;
    return { missing, of: row };
  });
  return atFirst ?? 0;
}

/** Waits until so many purchases, of one seat each, are complete in the tables. */
export function complete(stage: Stage, database: string, count: number): Promise<void> {
  return allComplete(stage, database, { seats: count, purchases: count });
}

/** The same of so many seats. */
export async function allComplete(
  stage: Stage,
  database: string,
  expected: { readonly seats: number; readonly purchases: number },
): Promise<void> {
  await untilDone(stage, database, async (session) => {
    const [row] = await session.query<{ sold: number; paid: number; confirmed: number; spent: number }>(
      `select
        (select count(*)::int from seats.seat where state = 'S') as sold,
        (select count(*)::int from payments.payment where state = 'PAID') as paid,
        (select count(*)::int from reservations.reservation where status = 'CONFIRMED') as confirmed,
        (select count(*)::int from waiting_room.token where state = 'SPENT') as spent`,
    );
    const { sold = 0, paid = 0, confirmed = 0, spent = 0 } = row ?? {};
    const missing = expected.purchases - Math.min(paid, confirmed, spent) + expected.seats - sold;
    return { missing, of: row };
  });
}

/** Looks until nothing is missing; gives up when nothing moves any more. */
async function untilDone(
  stage: Stage,
  database: string,
  look: (session: Session) => Promise<{ readonly missing: number; readonly of: unknown }>,
): Promise<void> {
  await using session = await stage.connect(database);
  let before = Number.POSITIVE_INFINITY;
  let lastMoveMs = performance.now();
  for (;;) {
    const { missing, of } = await look(session);
    if (missing === 0) return;
    if (missing !== before) lastMoveMs = performance.now();
    if (missing < 0 || performance.now() - lastMoveMs > STUCK_MS)
      throw new Error(`stuck: ${missing} are missing, at ${JSON.stringify(of)}`);
    before = missing;
    await delay(PAUSE_MS);
  }
}
