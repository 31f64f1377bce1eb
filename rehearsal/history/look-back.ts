interface Timed {
  readonly sentMs: number;
  readonly answeredMs: number;
}

/**
 * Each of `later`, in the order in which they were sent, with what those of `earlier` come to that were answered
 * before it was sent: only they had been seen by then. With a margin, so long before.
 */
export function* lookBack<Later extends Timed, Earlier extends Timed, Sum>(
  {
    later,
    earlier,
    marginMs = 0,
  }: {
    readonly later: readonly Later[];
    readonly earlier: readonly Earlier[];
    readonly marginMs?: number;
  },
  initial: Sum,
  add: (sum: Sum, earlier: Earlier) => Sum,
): Generator<[later: Later, sum: Sum]> {
  const answered = earlier.toSorted((a, b) => a.answeredMs - b.answeredMs);
  let [sum, next] = [initial, 0];
  for (const one of later.toSorted((a, b) => a.sentMs - b.sentMs)) {
    for (let seen = answered[next]; seen !== undefined; seen = answered[++next]) {
      if (seen.answeredMs >= one.sentMs - marginMs) break;
      sum = add(sum, seen);
    }
    yield [one, sum];
  }
}
