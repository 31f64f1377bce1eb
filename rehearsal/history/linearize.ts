/**
 * Whether things that took some time each can have happened one after the other, each at one moment of its time,
 * and each as it was told. The search of Wing and Gong, which remembers where it has been (Lowe): what was done,
 * in whatever order, and what came of it, is looked at once.
 */

/** Something that happened at one moment, not before `fromMs`. */
export interface Step<State> {
  readonly fromMs: number;
  /** Not after it. Infinity: nobody was told. */
  readonly byMs: number;
  /** False: it may as well never have happened. Its `byMs` means nothing. */
  readonly isCertain: boolean;
  /** What it makes of a state; undefined where it cannot have happened as it was told. */
  apply(state: State): State | undefined;
}

export type Linearization =
  /** Indexes of steps, in an order in which they can have happened. */
  | { readonly outcome: 'order'; readonly order: readonly number[] }
  /** The longest order that was found, and what should have happened next and cannot. */
  | { readonly outcome: 'none'; readonly order: readonly number[]; readonly stuck: readonly number[] }
  | { readonly outcome: 'undecided' };

/** What is done: all before `first`, and those behind it. */
interface Visit<State> {
  readonly state: State;
  readonly first: number;
  readonly behind: readonly number[];
  /** By what is left; the last one is tried next. */
  readonly open: number[];
  /** What led here. */
  readonly step: number;
  /** Certain ones that are to come. */
  readonly left: number;
}

/** States are compared as what they are: numbers and strings. */
export function linearize<State extends string | number>(
  steps: readonly Step<State>[],
  initial: State,
  visitsMax: number,
): Linearization {
  const indexes = steps
    .map((_, index) => index)
    .toSorted((a, b) => at(steps, a).fromMs - at(steps, b).fromMs);
  const sorted = indexes.map((index) => at(steps, index));
  const left = sorted.filter((step) => step.isCertain).length;
  const seen = new Set<string>();
  const path: Visit<State>[] = [visit(sorted, { state: initial, first: 0, step: -1, left }, [])];
  const orderOf = () => path.slice(1).map(({ step }) => at(indexes, step));
  let longest: { order: readonly number[]; stuck: readonly number[] } = { order: [], stuck: [] };

  for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
    if (here.left === 0) return { outcome: 'order', order: orderOf() };
    const next = here.open.pop();
    if (next === undefined) {
      path.pop();
      continue;
    }
    const state = at(sorted, next).apply(here.state);
    if (state === undefined) continue;
    const later = {
      state,
      first: here.first,
      step: next,
      left: here.left - Number(at(sorted, next).isCertain),
    };
    const there = visit(sorted, later, [...here.behind, next]);
    const key = `${state}|${there.first}|${there.behind.join()}`;
    if (seen.has(key)) continue;
    if (seen.size >= visitsMax) return { outcome: 'undecided' };
    seen.add(key);
    path.push(there);
    if (path.length - 1 > longest.order.length) longest = { order: orderOf(), stuck: [] };
  }
  return { outcome: 'none', ...longest, stuck: stuckAfter(steps, longest.order) };
}

function visit<State>(
  sorted: readonly Step<State>[],
  arrived: Pick<Visit<State>, 'state' | 'first' | 'step' | 'left'>,
  done: readonly number[],
): Visit<State> {
  const behind = new Set(done);
  let { first } = arrived;
  while (behind.delete(first)) first++;
  const open = openSteps(sorted, first, behind);
  return { ...arrived, first, behind: [...behind].toSorted((a, b) => a - b), open };
}

/** What may come next: whatever began before the first of the others had to be over. */
function openSteps<State>(
  sorted: readonly Step<State>[],
  first: number,
  done: ReadonlySet<number>,
): number[] {
  const open: number[] = [];
  let endMs = Infinity;
  for (let i = first; i < sorted.length; i++) {
    const step = at(sorted, i);
    if (step.fromMs > endMs) break;
    if (done.has(i)) continue;
    open.push(i);
    if (step.isCertain) endMs = Math.min(endMs, step.byMs);
  }
  // Most of the time they happened in the order in which they were over; what need not happen is tried last.
  const rank = (i: number) => (at(sorted, i).isCertain ? at(sorted, i).byMs : Infinity);
  return open
    .filter((i) => at(sorted, i).fromMs <= endMs)
    .toSorted((a, b) => compare(rank(b), rank(a)) || b - a);
}

/** Also of infinities. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** What had to be over first, of all that is left. */
function stuckAfter<State>(steps: readonly Step<State>[], order: readonly number[]): number[] {
  const done = new Set(order);
  const left = steps.flatMap((step, index) => (step.isCertain && !done.has(index) ? [index] : []));
  const endMs = left.reduce((min, index) => Math.min(min, at(steps, index).byMs), Infinity);
  return left.filter((index) => at(steps, index).byMs === endMs);
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}
