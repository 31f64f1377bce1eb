/** The dates of a concert in pages: over what is remembered of it, for the moment of the answer. */
import type { Performance } from '#contract/http/catalogue.ts';
import { type LoadedConcert, toPerformance } from './load-concert.ts';

/** Where a page of a concert's performances ended. */
export interface PerformancePosition {
  readonly asOf: string;
  readonly isOver: boolean;
  readonly startsAt: string;
  readonly performanceId: number;
}

export interface ListedPerformance {
  readonly performance: Performance;
  readonly position: PerformancePosition;
}

/**
 * What is still to come first, then what is over, each by date. A page says as of when it was told apart, so that
 * the order is the same for the pages after it.
 */
export function listPerformances(
  { entry, dates }: Pick<LoadedConcert, 'entry' | 'dates'>,
  page: { readonly after?: PerformancePosition | undefined; readonly limit: number },
  now: string,
): ListedPerformance[] {
  const { after, limit } = page;
  const asOf = after?.asOf ?? now;
  // Instants are written in one way only, so their texts are in the order of time.
  const firstToCome = firstIndex(dates, ({ startsAt }) => startsAt >= asOf);
  const order = [...dates.slice(firstToCome), ...dates.slice(0, firstToCome)];
  const inOrder = order.map((date) => ({ date, isOver: date.startsAt < asOf }));
  const start =
    after === undefined ? 0 : firstIndex(inOrder, ({ date, isOver }) => isAfter({ ...date, isOver }, after));
  return inOrder.slice(start, start + limit).map(({ date, isOver }) => ({
    performance: toPerformance(date, entry.title),
    position: { asOf, isOver, startsAt: date.startsAt, performanceId: date.performanceId },
  }));
}

type Place = Omit<PerformancePosition, 'asOf'>;

function isAfter(a: Place, b: Place): boolean {
  if (a.isOver !== b.isOver) return a.isOver;
  if (a.startsAt !== b.startsAt) return a.startsAt > b.startsAt;
  return a.performanceId > b.performanceId;
}

/** Of the first one that fits; the number of them when none does. */
function firstIndex<Item>(items: readonly Item[], fits: (item: Item) => boolean): number {
  const index = items.findIndex(fits);
  return index === -1 ? items.length : index;
}
