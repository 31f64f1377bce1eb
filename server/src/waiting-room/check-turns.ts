/**
 * Is it this person's turn? Asked by the door for every booking request, so the answer is remembered for a
 * moment; what was not remembered is asked of the store, as a set. When the store does not answer, nobody
 * passes: the fault goes to whoever asked. Who joins and is let in at once is remembered too: a purchase within a second asks
 * nobody.
 *
 * To ask is to be there: the first look at a turn that nobody has taken up takes it up.
 */
import type { Place } from '#contract/ids.ts';
import { limits } from '../limits.ts';
import { createBatcher } from '../platform/batcher.ts';
import type { Clock } from '../platform/clock.ts';
import { RecentMap } from '../platform/recent-map.ts';
import type { Line, Turn } from './line.ts';
import type { Holder } from './place-token.ts';

/**
 * A turn that another instance spent is open here no longer than this; its second purchase is refunded. And one
 * that timed out may be opened again elsewhere, by a hold that was heard of late.
 */
const CHANGING_REMEMBERED_MS = 1_000;
/** Of one room: about 20 MB, which a room takes that lets in so many. */
const REMEMBERED_MAX = 100_000;
/** Rooms that were asked about lately, or let somebody in who joined; the turns of another are asked of the store. */
const ROOMS_REMEMBERED_MAX = 16;

/** What somebody wants to do on a turn. A turn past its own end, kept for a hold, is good for no other hold. */
export type Act = 'look' | 'hold' | 'pay';
export type Admission = 'active' | 'waiting' | 'over' | 'foreign';

export interface TurnChecks {
  /**
   * The turn as of now, or at most a second ago; undefined when there is none, or it is somebody else's. A time that
   * is over counts, whether noted or not.
   */
  look(holder: Holder): Promise<Turn | undefined>;
  requireActive(place: Place, userId: string, act: Act): Promise<Admission>;
  /** Whether it is remembered that the turn is open; asks nobody. */
  mayLookAtHand(holder: Holder): boolean;
  /** What is remembered of a place that is over; asks nobody. */
  ended(holder: Holder): Turn['state'] | undefined;
  /**
   * For what tells of turns besides, such as joining: called before the store is asked, it gives what remembers a turn that
   * was told.
   */
  asking(): (place: Place, turn: Turn) => void;
  forget(places: readonly Place[]): void;
  /** The data have begun another life: what is remembered, and what is being asked at this moment, does not hold. */
  forgetAll(): void;
}

export interface TurnChecksDeps {
  readonly line: Pick<Line, 'turns' | 'claim'>;
  readonly clock: Clock;
  readonly observe: (batcher: string, requests: number, durationMs: number) => void;
}

interface Remembered {
  readonly turn: Turn;
  readonly askedAtMs: number;
}

export function createTurnChecks({ line, clock, observe }: TurnChecksDeps): TurnChecks {
  let latest = createTurnMemory(clock);
  const batching = { ...limits.batch, clock, observe };
  const reads = createBatcher<Place, Turn | undefined>({
    ...batching,
    name: 'check-turns',
    run: (places) => line.turns(places),
  });
  const claims = createBatcher<Place, Turn | undefined>({
    ...batching,
    name: 'claim-turns',
    run: (places) => line.claim(places),
  });

  function asking(): (place: Place, turn: Turn) => Remembered {
    // Into this one goes what is answered, even if it is not the latest any more by then.
    const memory = latest;
    const askedAtMs = clock.monotonicMs();
    return (place, turn) => memory.remember(place, turn, askedAtMs);
  }

  async function find({ place, userId }: Holder): Promise<Remembered | undefined> {
    const known = latest.recall(place);
    if (known !== undefined && isSaidOf(known.turn, { place, userId })) return known;
    const remember = asking();
    const turn = await reads.submit(place);
    if (turn === undefined) return undefined;
    const isTheirs = turn.userId === userId && turn.epoch === place.epoch;
    const isOpen = turn.state === 'ACTIVE' && !isTimedOut(turn);
    if (!isOpen || turn.claimed || !isTheirs) return remember(place, turn);
    const rememberClaimed = asking();
    const claimed = await claims.submit(place);
    return claimed && rememberClaimed(place, claimed);
  }

  return {
    look: async (holder) => {
      const turn = (await find(holder))?.turn;
      return turn?.epoch === holder.place.epoch && turn.userId === holder.userId ? turn : undefined;
    },
    requireActive: async (place, userId, act) => {
      const holder = { place, userId };
      const found = await find(holder);
      return found === undefined ? 'over' : admissionOf(found, holder, act, clock.monotonicMs());
    },
    mayLookAtHand: (holder) => {
      const found = latest.recall(holder.place);
      return found !== undefined && admissionOf(found, holder, 'look', clock.monotonicMs()) === 'active';
    },
    ended: ({ place, userId }) => {
      const turn = latest.recall(place)?.turn;
      const isTheirs = turn?.epoch === place.epoch && turn.userId === userId;
      return isTheirs && turn.state !== 'ACTIVE' ? turn.state : undefined;
    },
    asking,
    forget: (places) => latest.forget(places),
    forgetAll: () => {
      latest = createTurnMemory(clock);
    },
  };
}

/** What turns were a moment ago, or are for good. */
function createTurnMemory(clock: Clock) {
  /** By room and number. */
  const remembered = new RecentMap<string, RecentMap<number, Remembered>>(ROOMS_REMEMBERED_MAX);
  return {
    recall: ({ room, number }: Place): Remembered | undefined => {
      const ofRoom = remembered.get(room);
      if (ofRoom === undefined) return undefined;
      remembered.set(room, ofRoom); // so that a room that is asked about stays
      const found = ofRoom.get(number);
      if (found === undefined) return undefined;
      return clock.monotonicMs() < found.askedAtMs + lastsMs(found.turn) ? found : undefined;
    },
    /** Waiting ends at any moment, and a turn that timed out may still be extended by a hold of the last one. */
    remember: ({ room, number }: Place, turn: Turn, askedAtMs: number): Remembered => {
      if (isTimedOut(turn)) return { turn: { ...turn, state: 'EXPIRED', expiresAt: null }, askedAtMs };
      const found = { turn, askedAtMs };
      if (turn.state === 'WAITING') return found;
      const ofRoom = remembered.get(room) ?? new RecentMap<number, Remembered>(REMEMBERED_MAX);
      remembered.set(room, ofRoom);
      // What was asked for earlier may be answered later: a join that took its time does not undo a turn that was given up.
      const known = ofRoom.get(number);
      if (known !== undefined && known.askedAtMs > askedAtMs) return known;
      ofRoom.set(number, found);
      return found;
    },
    forget: (places: readonly Place[]): void => {
      for (const { room, number } of places) remembered.get(room)?.delete(number);
    },
  };
}

function isTimedOut({ state, expiresInMs }: Turn): boolean {
  return state === 'ACTIVE' && (expiresInMs ?? 0) <= 0;
}

/**
 * Spent is for good, and so is a place that was given up before its turn was taken up. A turn that was given up is over for the
 * door, but may yet be spent: by what was bought in that second at an instance that remembered it as open.
 */
function lastsMs({ state, claimed, expiresInMs }: Turn): number {
  if (state === 'ACTIVE') return Math.min(CHANGING_REMEMBERED_MS, expiresInMs ?? 0);
  const mayChange = state === 'EXPIRED' || (state === 'LEFT' && claimed);
  return mayChange ? CHANGING_REMEMBERED_MS : Number.POSITIVE_INFINITY;
}

/** What is remembered for good may be of another life of the room, in which the number was somebody else's. */
function isSaidOf(turn: Turn, { place, userId }: Holder): boolean {
  return Number.isFinite(lastsMs(turn)) || (turn.epoch === place.epoch && turn.userId === userId);
}

/** What a turn is good for now that was asked for a moment ago. */
function admissionOf({ turn, askedAtMs }: Remembered, holder: Holder, act: Act, nowMs: number): Admission {
  if (turn.epoch !== holder.place.epoch) return 'over';
  if (turn.userId !== holder.userId) return 'foreign';
  if (turn.state === 'WAITING') return 'waiting';
  if (turn.state !== 'ACTIVE') return 'over';
  const holdsForMs = (turn.holdsForMs ?? 0) - (nowMs - askedAtMs);
  return act === 'hold' && holdsForMs <= 0 ? 'over' : 'active';
}
