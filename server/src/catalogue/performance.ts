/** The rules of putting a performance on sale: pure, over what was found. */
import type { EventOf } from '#contract/events.ts';
import type { PerformanceBody } from '#contract/http/catalogue.ts';
import { isInstant } from '#contract/ids.ts';
import { type Refusal, refused } from '#contract/problems.ts';
import type { Section } from './venue.ts';

export interface PricedSection extends Section {
  readonly priceKrw: number;
}

export interface Found {
  readonly concertExists: boolean;
  /** Of the layout; empty when there is no such layout. */
  readonly sections: readonly Section[];
}

export interface Schedule {
  readonly outcome: 'scheduled';
  readonly sections: readonly PricedSection[];
  readonly fromPriceKrw: number;
}

/** Decides whether a performance can be scheduled, and with which price for which section. */
export function decideSchedule(body: PerformanceBody, found: Found): Schedule | Refusal {
  if (!found.concertExists) return refused('concert.not-found');
  if (found.sections.length === 0) return refused('layout.not-found');
  return refuseDates(body) ?? priceSections(body.prices, found.sections);
}

/** No sale was ever before this year; a date that says so is a slip of the keyboard. */
const FIRST_SALES = '2000';

type Dates = Pick<PerformanceBody, 'saleOpensAt' | 'saleClosesAt' | 'startsAt'>;

/** Undefined when the dates are real ones and in their order. */
export function refuseDates({ saleOpensAt, saleClosesAt, startsAt }: Dates): Refusal | undefined {
  const dates = { saleOpensAt, saleClosesAt, startsAt };
  const unreal = Object.entries(dates).filter(([, instant]) => !isInstant(instant) || instant < FIRST_SALES);
  if (unreal.length > 0) return refused('performance.date-invalid', { unreal: unreal.map(([name]) => name) });
  // Instants are written in one way only, so their texts are in the order of time.
  const fit = saleOpensAt < saleClosesAt && saleClosesAt <= startsAt;
  return fit ? undefined : refused('performance.date-invalid', dates);
}

/** Each section with its price; refused unless there is exactly one for each. */
export function priceSections(
  prices: PerformanceBody['prices'],
  sections: readonly Section[],
): Schedule | Refusal {
  const given = Map.groupBy(prices, (price) => price.section);
  const known = new Set(sections.map((section) => section.name));
  const missing = [...known].filter((name) => !given.has(name));
  const unknown = [...given.keys()].filter((name) => !known.has(name));
  const repeated = [...given].filter(([, same]) => same.length > 1).map(([name]) => name);
  if (missing.length + unknown.length + repeated.length > 0) {
    return refused('layout.price-mismatch', { missing, unknown, repeated });
  }
  const priced = sections.flatMap((section) =>
    (given.get(section.name) ?? []).map(({ priceKrw }) => ({ ...section, priceKrw })),
  );
  return {
    outcome: 'scheduled',
    sections: priced,
    fromPriceKrw: Math.min(...priced.map((section) => section.priceKrw)),
  };
}

export function performanceScheduled(
  performanceId: number,
  body: PerformanceBody,
  sections: readonly PricedSection[],
): EventOf<'PerformanceScheduled'> {
  const { concertId, room, seatsPerPerson, saleOpensAt, saleClosesAt } = body;
  return {
    name: 'PerformanceScheduled',
    performanceId,
    concertId,
    room,
    seatsPerPerson,
    saleOpensAt,
    saleClosesAt,
    sections: sections.map(({ firstSeatNo, seatCount, priceKrw }) => ({ firstSeatNo, seatCount, priceKrw })),
  };
}
