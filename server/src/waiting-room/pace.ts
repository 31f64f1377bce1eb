/**
 * How fast a room really lets people in: what was let in, and the time that it took while somebody waited. Both
 * fade, so that an hour ago says nothing and the quotient is the rate of the last minutes. Pure.
 */

export interface Pace {
  /** People let in, those of long ago hardly counting. */
  readonly count: number;
  readonly spanMs: number;
}

/** After so long an observation counts a third. */
export const FADE_MS = 120_000;
/** A room where people wait is settled at least so often, so that what is written down is nearly of now. */
export const PACE_AGE_MAX_MS = 5_000;

export const NO_PACE: Pace = { count: 0, spanMs: 0 };

/** The same observations, so much later. */
export function faded({ count, spanMs }: Pace, elapsedMs: number): Pace {
  const left = Math.exp(-Math.max(0, elapsedMs) / FADE_MS);
  return { count: count * left, spanMs: spanMs * left };
}

/** With a time in which people waited; its own beginning has faded already when it ends. */
export function watched({ count, spanMs }: Pace, waitedMs: number): Pace {
  return { count, spanMs: spanMs + FADE_MS * -Math.expm1(-Math.max(0, waitedMs) / FADE_MS) };
}
