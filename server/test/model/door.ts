/** Whose turn it is, as an instance may see it. */
import { claim, isOverdue } from './line.ts';
import type { Outcome, Seen } from './outcome.ts';
import { type Answer, placeIn, type PlaceName, type State } from './state.ts';

type Belief = 'open' | 'waiting' | 'over';

interface Opening {
  readonly belief: Belief;
  /** To look is to be there: it may have taken the turn up. */
  readonly next: State;
}

/** What the door may make of it: more than one thing only where an instance remembers. */
function openings(from: State, name: PlaceName, act: 'look' | 'hold' | 'pay', seen: Seen): Opening[] {
  const next = structuredClone(from);
  const place = placeIn(next, name);
  const isOver = place.state !== 'WAITING' && (place.state !== 'ACTIVE' || isOverdue(next, place));
  claim(next, place);
  const isTooLate = act === 'hold' && place.holdsUntilMs <= next.nowMs;
  const belief = place.state === 'WAITING' ? 'waiting' : isOver || isTooLate ? 'over' : 'open';
  const right: Opening[] = [{ belief, next }];
  if (belief === 'over' && seen.remembers(name)) right.push({ belief: 'open', next });
  if (belief === 'open' && place.reopened) right.push({ belief: 'over', next: from });
  return right;
}

const REFUSED: Readonly<Record<Exclude<Belief, 'open'>, Answer>> = {
  waiting: { status: 403, problem: 'queue.not-admitted' },
  over: { status: 403, problem: 'queue.turn-over' },
};

/** Acts where it is open; a repetition has its answer even when it is not. */
export function behindTheDoor(
  state: State,
  call: { readonly place: PlaceName; readonly act: 'look' | 'hold' | 'pay' },
  seen: Seen,
  then: { readonly act: (next: State) => Outcome[]; readonly recall?: () => Answer | undefined },
): Outcome[] {
  return openings(state, call.place, call.act, seen).flatMap(({ belief, next }) => {
    if (belief === 'open') return then.act(next);
    return [{ answer: then.recall?.() ?? REFUSED[belief], next }];
  });
}

/** What a key was answered before: the same again, or that it was for something else. */
export function recall(state: State, key: string, body: string): Answer | undefined {
  const deed = state.deeds[key];
  if (deed === undefined) return undefined;
  if (deed.body !== body) return { status: 422, problem: 'idempotency.key-reused' };
  return { ...deed.answer, replayed: true };
}
