/** Which of the free seats a fan takes: side by side, as near as possible to where they want to sit. Pure. */

/** `favourite` is from 0, the front, to 1. Fewer than wanted when there are fewer. */
export function chooseSeats(
  free: readonly number[],
  count: number,
  favourite: number,
  seatCount: number,
): number[] {
  if (free.length <= count) return [...free];
  const wanted = 1 + Math.floor(favourite * seatCount);
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let at = 0; at + count <= free.length; at++) {
    const first = free[at] ?? 0;
    const last = free[at + count - 1] ?? 0;
    // A gap between them is as bad as sitting as many seats further away.
    const cost = Math.abs(first - wanted) + seatCount * Number(last - first >= count) + (last - first);
    if (cost >= bestCost) continue;
    best = at;
    bestCost = cost;
  }
  return free.slice(best, best + count);
}
