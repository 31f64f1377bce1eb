/** One turn, one purchase: the turn's row decides which. */
import type { Tx } from '../platform/postgres/database.ts';
import { endPlaces } from './end-places.ts';
import type { Purchase, SpendOutcome, TurnTimes } from './line.ts';
import { lockPlaces, lockRooms } from './lock-rooms.ts';
import { decideSpends, placeKey } from './place.ts';

/** Spends the turns of these purchases, in the order of the log; one outcome for each. */
export async function spendTurns(
  tx: Tx,
  purchases: readonly Purchase[],
  times: TurnTimes,
): Promise<SpendOutcome[]> {
  const places = purchases.map((purchase) => purchase.turn);
  const [rooms, rows] = await Promise.all([
    lockRooms(
      tx,
      places.map((place) => place.room),
    ),
    lockPlaces(tx, places),
  ]);
  const outcomes = decideSpends(purchases, rows);
  const byKey = new Map(rows.map((row) => [placeKey(row), row]));
  const endings = purchases.flatMap(({ turn, reservationId }, index) => {
    const row = byKey.get(placeKey(turn));
    if (row === undefined || outcomes[index] !== 'done') return [];
    return [{ row, state: 'SPENT' as const, reservationId }];
  });
  await endPlaces(tx, rooms, endings, times);
  return outcomes;
}
