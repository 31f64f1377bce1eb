/** An answer that is right, and what is so once it is given. */
import { countIn, lastNumber } from './line.ts';
import type { Answer, PlaceName, State } from './state.ts';

export interface Outcome {
  readonly answer: Answer;
  readonly next: State;
}

/** What the instance that is asked may still believe. */
export interface Seen {
  /** The states of the last moment. */
  readonly past: readonly State[];
  /** Whether it was asked about the place within the last second or so, and may go by what it was then. */
  remembers(place: PlaceName): boolean;
}

export function roomAnswer(state: State): Record<string, unknown> {
  const [room] = state.rooms;
  return {
    state: room.state,
    capacity: room.capacity,
    head: room.head,
    lastNumber: lastNumber(state, 0),
    waiting: countIn(state, 0, 'WAITING'),
    active: countIn(state, 0, 'ACTIVE'),
    admitted: room.admitted,
  };
}

export function refusal(
  next: State,
  status: number,
  problem: string,
  extra: Readonly<Record<string, unknown>> = {},
): Outcome {
  return { answer: { status, problem, ...extra }, next };
}
