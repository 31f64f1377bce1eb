import type { Verdict } from '../verdict.ts';
import { number } from './words.ts';

/** How often somebody was seen to come after somebody who had joined later. */
export function overtakings({ history }: Verdict): number {
  return history.contradictions.filter(({ promise }) => promise === 'I6').length;
}

/** What can be said of the order, and no more than was looked at. */
export function orderWords(verdict: Verdict): string {
  const judged = verdict.history.judgements
    .filter(({ promise }) => promise === 'I6')
    .reduce((sum, each) => sum + each.judged, 0);
  if (judged === 0) return 'Whether it was so here could not be looked at.';
  const times = overtakings(verdict);
  const seen = `It was looked at ${number(judged)} times, and `;
  return times === 0
    ? `${seen}it always was so.`
    : `${seen}${number(times)} ${times === 1 ? 'time' : 'times'} it was not so.`;
}
