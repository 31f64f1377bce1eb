import type { EventOf } from '#contract/events.ts';
import type { Reactions } from '../messaging/index.ts';
import type { TurnChecks } from './check-turns.ts';
import type { EndedHold, Line, SpendOutcome } from './line.ts';
import type { Tx } from '../platform/postgres/database.ts';
import type { Policy } from './policy.ts';

type Spent = EventOf<'TokenExpired'> | EventOf<'TokenExpirationFailed'>;

export function waitingRoomReactions(
  line: Pick<Line, 'openRooms' | 'extend' | 'shorten' | 'spend'>,
  turns: Pick<TurnChecks, 'forget'>,
  defaultPolicy: Policy,
): Reactions<'waiting-room'> {
  const holdsEnded = async (tx: Tx, holds: readonly EndedHold[]): Promise<[]> => {
    const shortened = await line.shorten(tx, holds);
    tx.onCommit(() => turns.forget(shortened));
    return [];
  };
  return {
    PerformanceScheduled: {
      run: async (tx, sales) => {
        const rooms = sales.map((sale) => sale.room);
        await line.openRooms(tx, rooms, defaultPolicy);
        return [];
      },
    },
    SeatReserved: {
      run: async (tx, holds) => {
        const extended = await line.extend(tx, holds);
        tx.onCommit(() => turns.forget(extended));
        return [];
      },
    },
    ReservationCancelled: { run: holdsEnded },
    PaymentProcessingFailed: { run: holdsEnded },
    PaymentProcessed: {
      run: async (tx, purchases) => {
        const outcomes = await line.spend(tx, purchases);
        tx.onCommit(() => turns.forget(purchases.map((purchase) => purchase.turn)));
        return purchases.flatMap((purchase, index) => told(purchase, outcomes[index] ?? 'repeated'));
      },
    },
  };
}

/** The only place where what became of a turn gets the names of the events. A repeated one was answered the first time. */
function told(purchase: EventOf<'PaymentProcessed'>, outcome: SpendOutcome): Spent[] {
  if (outcome === 'repeated') return [];
  const { paymentId: _, ...claim } = purchase;
  const { reservationId, userId, turn } = claim;
  if (outcome === 'done') return [{ name: 'TokenExpired', reservationId, userId, turn }];
  const reason = outcome === 'already-spent' ? 'spent' : outcome;
  return [{ ...claim, name: 'TokenExpirationFailed', reason }];
}
