/** Where somebody stands: arithmetic between a number and what is known of its room. Pure. */
import type { PlaceState, RoomState } from '#contract/http/queue.ts';
import { type Estimate, estimateWait } from './estimate-wait.ts';
import type { RoomView } from './room.ts';
import { type KnownRoom, versionOf } from './room-view.ts';

export interface Standing {
  readonly state: PlaceState;
  readonly ahead: number;
  /** Null when nothing can be said. */
  readonly wait: Estimate | null;
  readonly pollAfterMs: number;
  /** Null unless it is their turn. */
  readonly turnExpiresAt: string | null;
  readonly roomState: RoomState;
  /** Null unless the room has yet to open. */
  readonly roomOpensAt: string | null;
  /** How many the room had let in by then. */
  readonly admitted: number;
  /** Of what the instance knew when it said so. */
  readonly version: string;
}

const SPREAD = 0.2;
const POLL_MIN_MS = 1_000;
const POLL_MAX_MS = 15_000;
/** As far back as it takes to be asked to wait the longest: for those past the line, little changes. */
const NO_HURRY = 20_000;

/** Everybody between the head and the number, but for those who left. */
export function aheadOf({ view, departed }: KnownRoom, number: number): number {
  return Math.max(0, number - view.head - 1 - departed.countBetween(view.head, number));
}

/** In line with so many people ahead. */
export function waitingStanding(view: RoomView, number: number, ahead: number, nowMs: number): Standing {
  const isOpen = view.opensAt === null || Date.parse(view.opensAt) <= nowMs;
  // Nothing is said about the time while nobody is let in.
  const isMoving = isOpen && view.state === 'OPEN';
  const wait = isMoving ? estimateWait(view.policy, view.pace, ahead) : null;
  return {
    state: 'WAITING',
    ahead,
    wait,
    pollAfterMs: pollAfterMs(ahead, number, wait?.estimateMs),
    turnExpiresAt: null,
    roomOpensAt: isOpen ? null : view.opensAt,
    ...roomOf(view),
  };
}

/** Past the line, whatever came of it. */
export function calledStanding(
  view: RoomView | undefined,
  state: PlaceState,
  turnExpiresAt: string | null,
  number: number,
): Standing {
  return {
    state,
    ahead: 0,
    wait: null,
    pollAfterMs: pollAfterMs(NO_HURRY, number),
    turnExpiresAt,
    roomOpensAt: null,
    ...roomOf(view),
  };
}

export function isOver(state: PlaceState): boolean {
  return state !== 'WAITING' && state !== 'ACTIVE';
}

function roomOf(view: RoomView | undefined): Pick<Standing, 'roomState' | 'admitted' | 'version'> {
  if (view === undefined) return { roomState: 'CLOSED', admitted: 0, version: '0.0.0' };
  return { roomState: view.state, admitted: view.admitted, version: versionOf(view) };
}

/**
 * When to ask again: soon for those at the front, every 10 to 15 seconds far behind (20,000 and more ahead), and in
 * half of the time that it will take, where that is sooner. Spread by the number, so that a crowd that came together
 * does not ask together.
 */
export function pollAfterMs(ahead: number, number: number, estimateMs = Number.POSITIVE_INFINITY): number {
  const wishMs = Math.min(1_000 + 100 * Math.sqrt(ahead), estimateMs / 2);
  const middleMs = Math.min(Math.max(wishMs, POLL_MIN_MS / (1 - SPREAD)), POLL_MAX_MS / (1 + SPREAD));
  return Math.round(middleMs * (1 + SPREAD * (2 * scatter(number) - 1)));
}

/** 0 to 1, evenly, and far apart for numbers that follow each other (steps of the golden ratio). */
function scatter(number: number): number {
  return (number * 0.618_033_988_749_894_9) % 1;
}
