import type { Verdict } from '../verdict.ts';

/** How often somebody was seen to come after somebody who had joined later. */
export function overtakings({ history }: Verdict): number {
  return history.contradictions.filter(({ promise }) => promise === 'I6').length;
}
