/** Where somebody stands: arithmetic between a number and the view of its room. Pure. */
import type { PlaceState } from '#contract/http/queue.ts';
import type { RoomView } from './room.ts';

export interface Standing {
  readonly state: PlaceState;
  readonly ahead: number;
  /** Null when nothing can be said. */
  readonly estimatedWaitMs: number | null;
  readonly pollAfterMs: number;
  /** Null unless it is their turn. */
  readonly turnExpiresAt: string | null;
}

const SPREAD = 0.2;
const POLL_MIN_MS = 1_000;
const POLL_MAX_MS = 15_000;
/** As far back as it takes to be asked to wait the longest: for those past the line, little changes. */
const NO_HURRY = 20_000;

/** In line. Those who left count as ahead until the head has passed them. */
export function waitingStanding(view: RoomView, number: number): Standing {
  const ahead = Math.max(0, number - view.head - 1);
  return {
    state: 'WAITING',
    ahead,
    estimatedWaitMs: estimateWaitMs(view, ahead),
    pollAfterMs: pollAfterMs(ahead, number),
    turnExpiresAt: null,
  };
}

/** Past the line, whatever came of it. */
export function calledStanding(state: PlaceState, turnExpiresAt: string | null, number: number): Standing {
  return {
    state,
    ahead: 0,
    estimatedWaitMs: null,
    pollAfterMs: pollAfterMs(NO_HURRY, number),
    turnExpiresAt,
  };
}

/** At the rate that the organiser has set. A capacity alone says nothing about time, nor does a closed door. */
export function estimateWaitMs(view: RoomView, ahead: number): number | null {
  const { rateCount, rateWindowMs } = view.policy;
  if (view.state !== 'OPEN' || rateCount === null || rateWindowMs === null) return null;
  return Math.round((ahead / rateCount) * rateWindowMs);
}

/**
 * When to ask again: soon for those at the front, every 10 to 15 seconds far behind (20,000 and more ahead).
 * Spread by the number, so that a crowd that came together does not ask together.
 */
export function pollAfterMs(ahead: number, number: number): number {
  const wishMs = 1_000 + 100 * Math.sqrt(ahead);
  const middleMs = Math.min(Math.max(wishMs, POLL_MIN_MS / (1 - SPREAD)), POLL_MAX_MS / (1 + SPREAD));
  return Math.round(middleMs * (1 + SPREAD * (2 * scatter(number) - 1)));
}

/** 0 to 1, evenly, and far apart for numbers that follow each other (steps of the golden ratio). */
function scatter(number: number): number {
  return (number * 0.618_033_988_749_894_9) % 1;
}
