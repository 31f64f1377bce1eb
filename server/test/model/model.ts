/**
 * What the service may answer to a call, and what is so afterwards: the specification of the whole service.
 *
 * Most calls have one right answer in a state. There are several where an instance may answer from memory: a turn
 * that was open a second ago, a line and a map of a moment ago, seats whose last change is still on its way.
 */
import type { Call, CallOf } from './calls.ts';
import { answersOfMoney } from './model-money.ts';
import { answersOfReads } from './model-reads.ts';
import { answersOfSeats } from './model-seats.ts';
import { admit, ahead, claim, giveNumber, isOverdue, leave, livePlace } from './line.ts';
import { type Outcome, refusal, roomAnswer, type Seen } from './outcome.ts';
import { type Place, placeIn, type PlaceName, type State } from './state.ts';

export function outcomes(state: State, call: Call, seen: Seen): Outcome[] {
  switch (call.do) {
    case 'join':
      return answersOfJoin(state, call);
    case 'leave':
      return [leaving(state, call)];
    case 'stand':
      return answersOfStanding(state, call, seen);
    case 'hold':
    case 'map':
    case 'giveBack':
      return answersOfSeats(state, call, seen);
    case 'pay':
    case 'charge':
      return answersOfMoney(state, call, seen);
    case 'changeRoom':
    case 'openRoomAgain':
    case 'raiseEpoch':
      return [steering(state, call)];
    default:
      return answersOfReads(state, call);
  }
}

function answersOfJoin(from: State, { fan, room: roomNo }: CallOf<'join'>): Outcome[] {
  const next = structuredClone(from);
  const room = next.rooms[roomNo];
  const live = livePlace(next, fan, roomNo);
  if (live !== undefined && isOverdue(next, live)) return [refusal(next, 409, 'queue.turn-ending')];
  if (live === undefined && room.state === 'CLOSED') return [refusal(next, 409, 'queue.room-closed')];
  const place = live ?? giveNumber(next, fan, roomNo);
  claim(next, place);
  const answer = { status: live === undefined ? 201 : 200, ...standing(next, place) };
  return [{ answer, next }];
}

function standing(state: State, place: Place): Record<string, unknown> {
  return { number: place.number, state: place.state, ahead: ahead(state, place) };
}

function leaving(from: State, call: CallOf<'leave'>): Outcome {
  const next = structuredClone(from);
  const place = placeIn(next, call.place);
  claim(next, place);
  leave(next, place);
  return { answer: { status: 204 }, next };
}

/** As it is, or was a moment ago for those who wait, or a second ago for those who were let in. */
function answersOfStanding(state: State, call: CallOf<'stand'>, seen: Seen): Outcome[] {
  const now = structuredClone(state);
  const place = placeIn(now, call.place);
  const isOver = isOverdue(now, place);
  claim(now, place);
  const told = isOver ? { number: place.number, state: 'EXPIRED', ahead: 0 } : standing(now, place);
  const right: Outcome[] = [{ answer: { status: 200, ...told }, next: now }];
  const others = new Set<string>();
  const positions = new Set<number>();
  for (const past of [state, ...seen.past]) {
    const then = past.places.find((other) => isSame(other, call.place));
    if (then?.state === 'WAITING') positions.add(ahead(past, then));
    else if (then !== undefined && (place.reopened || seen.remembers(call.place))) others.add(then.state);
  }
  if (seen.remembers(call.place)) others.add('ACTIVE');
  const { number } = place;
  for (const other of others)
    right.push({ answer: { status: 200, number, state: other, ahead: 0 }, next: state });
  // Whoever leaves and comes in meanwhile is counted out one by one.
  for (let position = Math.min(...positions); position <= Math.max(...positions); position++) {
    right.push({ answer: { status: 200, number, state: 'WAITING', ahead: position }, next: state });
  }
  return right;
}

function isSame(one: PlaceName, other: PlaceName): boolean {
  return one.room === other.room && one.number === other.number;
}

/** A new epoch and a room that is there already change nothing that anybody sees. */
function steering(from: State, call: CallOf<'changeRoom'> | CallOf<'raiseEpoch' | 'openRoomAgain'>): Outcome {
  const next = structuredClone(from);
  if (call.do === 'changeRoom') Object.assign(next.rooms[0], call.change);
  if (call.do === 'changeRoom') admit(next, 0);
  return { answer: { status: 200, ...roomAnswer(next) }, next };
}
