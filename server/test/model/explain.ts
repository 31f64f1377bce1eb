/** Whether answers that came together can be explained: by some order of the calls, with the readers anywhere between. */
import type { Call } from './calls.ts';
import { reachable } from './choreography.ts';
import { outcomes } from './model.ts';
import type { Outcome, Seen } from './outcome.ts';
import { UNSURE } from './model-reads.ts';
import { type Answer, distinct, type State } from './state.ts';

/** One request, as it was answered, and what its instance may remember. */
export interface Told {
  readonly call: Call;
  readonly answer: Answer;
  readonly seen: Seen;
}

interface Explanation {
  /** What may be so now; nothing when no order explains the answers. */
  readonly states: State[];
  /** How many of all orders do. */
  readonly orders: number;
  readonly ordersMax: number;
}

export function explain(before: readonly State[], together: readonly Told[]): Explanation {
  const orders = permutations(together);
  const ends = orders.map((order) => follow(before, order)).filter((states) => states.length > 0);
  return { states: distinct(ends.flat()), orders: ends.length, ordersMax: orders.length };
}

function follow(before: readonly State[], order: readonly Told[]): State[] {
  let states = [...before];
  for (const { call, answer, seen } of order) {
    const right = reachable(states).flatMap((state) => outcomes(state, call, seen));
    states = distinct(right.filter((outcome) => isSame(outcome.answer, answer)).map(({ next }) => next));
  }
  return states;
}

function isSame(right: Answer, answer: Answer): boolean {
  if (UNSURE in right) return right.status === answer.status;
  return textOf(right) === textOf(answer);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first, at) => permutations(items.toSpliced(at, 1)).map((rest) => [first, ...rest]));
}

/** What the model would have taken from each, had it come alone. */
export function allowed(before: readonly State[], { call, seen }: Told): string[] {
  const right: Outcome[] = reachable(before).flatMap((state) => outcomes(state, call, seen));
  return [...new Set(right.map(({ answer }) => textOf(answer)))];
}

export function textOf(answer: Answer): string {
  return JSON.stringify(answer);
}
