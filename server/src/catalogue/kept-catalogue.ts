/**
 * The catalogue as an instance remembers it. A concert with its dates is kept for ten minutes, a page of the list
 * for seconds, and both are dropped at once, on every instance, when the log says that something has changed.
 * What is answered for a moment in time is computed for that moment from what is remembered.
 *
 * Two things are kept whatever the log says of others, because they never change: a layout, and which concert a
 * performance is of. They are forgotten with everything else, for a database may begin another life without them.
 */
import assert from 'node:assert/strict';
import type { AnyEvent } from '#contract/events.ts';
import type { ConcertAnswer, ConcertSummary, LayoutAnswer, Performance } from '#contract/http/catalogue.ts';
import { limits } from '../limits.ts';
import type { Messaging } from '../messaging/index.ts';
import type { Clock } from '../platform/clock.ts';
import { createKeptReads } from '../platform/kept-reads.ts';
import type { Database } from '../platform/postgres/database.ts';
import { concertAnswer } from './concert.ts';
import { findLayout, type Layout, priceLayout } from './find-layout.ts';
import { type ConcertFilter, listConcerts, titleSearched } from './list-concerts.ts';
import { type ListedPerformance, listPerformances, type PerformancePosition } from './list-performances.ts';
import {
  type ConcertDate,
  findConcertOf,
  loadConcert,
  type LoadedConcert,
  toPerformance,
} from './load-concert.ts';

export interface KeptCatalogue {
  listConcerts(filter: ConcertFilter): Promise<readonly ConcertSummary[]>;
  findConcert(concertId: number): Promise<ConcertAnswer | undefined>;
  listPerformances(
    concertId: number,
    page: { readonly after?: PerformancePosition | undefined; readonly limit: number },
  ): Promise<ListedPerformance[] | undefined>;
  findPerformance(performanceId: number): Promise<Performance | undefined>;
  findLayout(performanceId: number): Promise<LayoutAnswer | undefined>;
}

/** A concert, and what makes the database's time of it: when it was read, by the clock of this process. */
interface KnownConcert extends LoadedConcert {
  readonly sinceMs: number;
}

interface KeptDeps {
  readonly database: Database;
  readonly messaging: Pick<Messaging, 'follow' | 'following'>;
  readonly clock: Clock;
}

/** What is remembered, by what it is asked for with. */
function createMemory({ database, messaging, clock }: KeptDeps) {
  const concerts = createKeptReads<number, KnownConcert>({
    name: 'load-concert',
    read: async (concertId) => {
      await messaging.following();
      const sinceMs = clock.monotonicMs();
      const loaded = await loadConcert(database, concertId);
      return loaded && { ...loaded, sinceMs };
    },
    weightOf: ({ dates }) => dates.reduce((sum, { prices }) => sum + 1 + prices.length, 1),
    ...limits.catalogue.concerts,
    clock,
  });
  const pages = createKeptReads<string, readonly ConcertSummary[]>({
    name: 'list-concerts',
    read: async (key) => {
      await messaging.following();
      return listConcerts(database, JSON.parse(key) as ConcertFilter);
    },
    weightOf: (page) => 1 + page.length,
    ...limits.catalogue.pages,
    clock,
  });
  const concertOf = createKeptReads<number, number>({
    name: 'find-concert-of',
    read: (performanceId) => findConcertOf(database, performanceId),
    weightOf: () => 1,
    ...limits.catalogue.performances,
    clock,
  });
  const layouts = createKeptReads<number, Layout>({
    name: 'find-layout',
    read: (layoutId) => findLayout(database, layoutId),
    weightOf: ({ sections }) => 1 + sections.length,
    ...limits.catalogue.layouts,
    clock,
  });

  messaging.follow({
    names: ['ConcertChanged', 'PerformanceScheduled'],
    heard(events: readonly AnyEvent[]) {
      for (const event of events) if ('concertId' in event) concerts.drop(event.concertId);
      pages.dropAll();
    },
    lost() {
      for (const kept of [concerts, pages, concertOf, layouts]) kept.dropAll();
    },
  });

  return { concerts, pages, concertOf, layouts };
}

export function keepCatalogue(deps: KeptDeps): KeptCatalogue {
  const { concerts, pages, concertOf, layouts } = createMemory(deps);

  /** The time of the database, as it goes on since the concert was read. */
  const nowOf = ({ readAtMs, sinceMs }: KnownConcert) =>
    new Date(readAtMs + deps.clock.monotonicMs() - sinceMs).toISOString();

  async function find(performanceId: number) {
    const concertId = await concertOf.get(performanceId);
    if (concertId === undefined) return undefined;
    const known = await dateOf(concertId, performanceId);
    if (known !== undefined) return known;
    // It was scheduled a moment ago on another instance, and the event is still on its way.
    concerts.drop(concertId);
    return dateOf(concertId, performanceId);
  }

  async function dateOf(concertId: number, performanceId: number) {
    const concert = await concerts.get(concertId);
    const date = concert?.dates.find((each) => each.performanceId === performanceId);
    return concert && date && { concert, date };
  }

  async function layoutOf(date: ConcertDate): Promise<LayoutAnswer> {
    const layout = await layouts.get(date.layoutId);
    assert(layout !== undefined, 'the layout of a performance is there');
    return priceLayout(layout, date);
  }

  return {
    listConcerts: async (filter) => (await pages.get(keyOf(filter))) ?? [],
    async findConcert(concertId) {
      const known = await concerts.get(concertId);
      return known && concertAnswer(known, nowOf(known));
    },
    async listPerformances(concertId, page) {
      const known = await concerts.get(concertId);
      return known && listPerformances(known, page, nowOf(known));
    },
    async findPerformance(performanceId) {
      const found = await find(performanceId);
      return found && toPerformance(found.date, found.concert.entry.title);
    },
    async findLayout(performanceId) {
      const found = await find(performanceId);
      return found && layoutOf(found.date);
    },
  };
}

/** Filters that mean the same have the same text. */
function keyOf({ month, q, after, limit }: ConcertFilter): string {
  return JSON.stringify({ month, q: q === undefined ? undefined : titleSearched(q), after, limit });
}
