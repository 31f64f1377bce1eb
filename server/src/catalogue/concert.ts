import type { ConcertAnswer } from '#contract/http/catalogue.ts';
import type { LoadedConcert } from './load-concert.ts';

/** What a concert says of itself and, at this moment, of its performances still to come. */
export function concertAnswer(
  { entry, dates }: Pick<LoadedConcert, 'entry' | 'dates'>,
  now: string,
): ConcertAnswer {
  const toCome = dates.filter(({ startsAt }) => startsAt >= now);
  const prices = toCome.map(({ fromPriceKrw }) => fromPriceKrw);
  return {
    ...entry,
    nextPerformanceAt: toCome[0]?.startsAt ?? null,
    venues: [...new Set(toCome.map(({ venue }) => venue.name))].toSorted(inOrderOfList),
    fromPriceKrw: prices.length === 0 ? null : Math.min(...prices),
  };
}

/** Lists order names by `collate "C"`: by code point, on every database the same. */
function inOrderOfList(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
