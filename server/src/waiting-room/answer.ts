/** What is said of places and rooms, as it is sent: in answers and in the frames of a stream. Pure. */
import type { PlaceEvent, RoomAnswer, RoomEvent, StandingAnswer } from '#contract/http/queue.ts';
import type { Static } from 'typebox';
import { eventFrame } from '../platform/event-frame.ts';
import { admittedPerMinute } from './estimate-wait.ts';
import type { Holder } from './place-token.ts';
import type { RoomView } from './room.ts';
import { versionOf } from './room-view.ts';
import type { Standing } from './standing.ts';

/** In the order in which the route's schema writes it, what may be absent at the end: the short way writes it as it is. */
export function standingAnswer({ userId, place }: Holder, standing: Standing): Static<typeof StandingAnswer> {
  const { state, ahead, wait, pollAfterMs, turnExpiresAt, roomState, roomOpensAt } = standing;
  const { room, number } = place;
  const answer: Static<typeof StandingAnswer> = {
    userId,
    room,
    number,
    state,
    ahead,
    pollAfterMs,
    roomState,
  };
  // Set one by one: spreading what may be absent takes as long as all the rest of a poll's arithmetic.
  if (wait !== null) {
    answer.estimatedWaitMs = wait.estimateMs;
    answer.waitAtLeastMs = wait.atLeastMs;
    if (wait.atMostMs !== null) answer.waitAtMostMs = wait.atMostMs;
  }
  if (turnExpiresAt !== null) answer.turnExpiresAt = turnExpiresAt;
  if (roomOpensAt !== null) answer.roomOpensAt = roomOpensAt;
  return answer;
}

export function roomAnswer(view: RoomView): Static<typeof RoomAnswer> {
  const { room, state, opensAt, head, lastNumber, waiting, active, admitted, policy, pace } = view;
  const { rateCount, rateWindowMs, capacity } = policy;
  return {
    room,
    state,
    opensAt,
    head,
    lastNumber,
    waiting,
    active,
    admitted,
    admittedPerMinute: admittedPerMinute(pace),
    rateCount,
    rateWindowMs,
    capacity,
  };
}

/** The whole of it, for one client. */
export function placeFrame(holder: Holder, standing: Standing): Buffer {
  const data: PlaceEvent = { ...standingAnswer(holder, standing), admitted: standing.admitted };
  return eventFrame({ event: 'place', id: standing.version, data });
}

/** How the room has moved, for everybody in it. */
export function roomFrame(view: RoomView): Buffer {
  const { head, admitted, waiting, state, pace } = view;
  const data: RoomEvent = { head, admitted, waiting, state, admittedPerMinute: admittedPerMinute(pace) };
  return eventFrame({ event: 'room', id: versionOf(view), data });
}

/**
 * Weak: while nothing moves, the estimate may. It names the place, so that a client which mixes up its answers gets
 * the right one.
 */
export function standingTag({ place }: Holder, standing: Standing): string {
  const { version, state, roomState, turnExpiresAt, roomOpensAt } = standing;
  return `"${version}/${place.number}/${state}/${roomState}/${turnExpiresAt ?? roomOpensAt ?? ''}"`;
}

/** The version in what a client hands back: an answer's tag, or the id of an event in quotes; of several, the first. */
export function versionInTag(ifNoneMatch: string | undefined): string | undefined {
  return ifNoneMatch === undefined ? undefined : /"(\d+\.\d+\.\d+)[/"]/.exec(ifNoneMatch)?.[1];
}
