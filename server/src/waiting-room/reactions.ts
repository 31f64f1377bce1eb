import type { EventOf } from '#contract/events.ts';
import type { Reactions } from '../messaging/index.ts';
import type { TurnChecks } from './check-turns.ts';
import type { Line, SpendOutcome } from './line.ts';
import type { Policy } from './policy.ts';

type Spent = EventOf<'TokenExpired'> | EventOf<'TokenExpirationFailed'>;

export function waitingRoomReactions(
  line: Line,
  turns: TurnChecks,
  defaultPolicy: Policy,
): Reactions<'waiting-room'> {
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
        await line.extend(tx, holds);
        return [];
      },
    },
    PaymentProcessed: {
      run: async (tx, purchases) => {
        const outcomes = await line.spend(tx, purchases);
        tx.onCommit(() => turns.forget(purchases.map((purchase) => purchase.turn)));
        return purchases.flatMap((purchase, index) => told(purchase, outcomes[index] ?? 'repeated'));
      },
    },
  };
}

/** A repeated event was answered the first time. */
function told(purchase: EventOf<'PaymentProcessed'>, outcome: SpendOutcome): Spent[] {
  if (outcome === 'repeated') return [];
  const { paymentId: _, ...claim } = purchase;
  const { reservationId, userId, turn } = claim;
  if (outcome === 'expired') return [{ name: 'TokenExpired', reservationId, userId, turn }];
  return [{ ...claim, name: 'TokenExpirationFailed', reason: outcome }];
}
