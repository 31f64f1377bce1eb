/** Where somebody stands: no query while waiting, the record once called. */
import type { Clock } from '../platform/clock.ts';
import type { TurnChecks } from './check-turns.ts';
import type { Joined } from './line.ts';
import type { Holder } from './place-token.ts';
import { isOfLine } from './room.ts';
import { type RoomViews, versionOf } from './room-view.ts';
import { aheadOf, calledStanding, type Standing, waitingStanding } from './standing.ts';

export interface Standings {
  /** No older than the version that its owner has seen, wherever that was. */
  of(holder: Holder, seenVersion?: string): Promise<Standing>;
  /** The same of somebody who waits, if nobody has to be asked for it. */
  atHand(holder: Holder, seenVersion?: string): Standing | undefined;
  /** Right after a join, which the views have taken note of. */
  afterJoin(userId: string, joined: Joined): Promise<Standing>;
}

export interface StandingsDeps {
  readonly views: Pick<RoomViews, 'find' | 'atHand'>;
  readonly turns: Pick<TurnChecks, 'ended' | 'look'>;
  readonly clock: Clock;
}

export function createStandings({ views, turns, clock }: StandingsDeps): Standings {
  async function standingOf(holder: Holder, seenVersion?: string): Promise<Standing> {
    const { room, number } = holder.place;
    const known = await views.find(room, { number, version: seenVersion });
    // One of a record of the line that is lost: it was looked for anew.
    if (known === undefined || !isOfLine(holder.place, known.view) || number > known.view.lastNumber) {
      return calledStanding(known?.view, 'EXPIRED', null, number);
    }
    const ended = turns.ended(holder);
    if (ended !== undefined) return calledStanding(known.view, ended, null, number);
    if (number > known.view.head) {
      if (known.departed.has(number)) return calledStanding(known.view, 'LEFT', null, number);
      return waitingStanding(known.view, number, aheadOf(known, number), clock.wallMs());
    }
    const turn = await turns.look(holder);
    return calledStanding(known.view, turn?.state ?? 'EXPIRED', turn?.expiresAt ?? null, number);
  }

  return {
    of: standingOf,
    atHand: (holder, version) => {
      const { room, number } = holder.place;
      const known = views.atHand(room, { number, version });
      if (known === undefined || !isOfLine(holder.place, known.view)) return undefined;
      if (number <= known.view.head) return undefined;
      if (known.departed.has(number) || turns.ended(holder) !== undefined) return undefined;
      return waitingStanding(known.view, number, aheadOf(known, number), clock.wallMs());
    },
    afterJoin: async (userId, { fresh, state, place, turnExpiresAt, view }) => {
      const { number } = place;
      if (state !== 'WAITING') {
        return calledStanding(view, state, state === 'ACTIVE' ? turnExpiresAt : null, number);
      }
      if (!fresh) return standingOf({ userId, place }, versionOf(view));
      // Whoever came behind came with the same transaction, and waits: nobody has to be counted out.
      return waitingStanding(view, number, view.waiting - 1 - (view.lastNumber - number), clock.wallMs());
    },
  };
}
