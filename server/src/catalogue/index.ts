/** The catalogue: concerts, their performances, venues, layouts and prices. */
import type {
  ConcertAnswer,
  ConcertBody,
  ConcertChange,
  ConcertEntry,
  ConcertSummary,
  LayoutAnswer,
  Performance,
  PerformanceBody,
  VenueAnswer,
  VenueBody,
} from '#contract/http/catalogue.ts';
import type { ActionNote, OperatorCall } from '#contract/http/operator.ts';
import type { Refusal } from '#contract/problems.ts';
import type { Messaging } from '../messaging/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { type Changed, changeConcert } from './change-concert.ts';
import { createConcert } from './create-concert.ts';
import { createVenue } from './create-venue.ts';
import { keepCatalogue } from './kept-catalogue.ts';
import type { ConcertFilter } from './list-concerts.ts';
import type { ListedPerformance, PerformancePosition } from './list-performances.ts';
import { listVenues } from './list-venues.ts';
import type { CalledRequest, Created } from './request.ts';
import { schedulePerformance } from './schedule-performance.ts';

export { loadDemoCatalogue } from './demo/load-demo.ts';
export type { ListedPerformance, PerformancePosition } from './list-performances.ts';
export { priceSections, refuseDates } from './performance.ts';
export type { CalledRequest, Created } from './request.ts';
export { seoulTime } from './seoul-time.ts';
export { numberSections, refuseVenue, seatCountOf } from './venue.ts';

export interface Catalogue {
  /** Those announced last first. */
  listConcerts(filter: ConcertFilter): Promise<readonly ConcertSummary[]>;
  findConcert(concertId: number): Promise<ConcertAnswer | undefined>;
  /** What is still to come first; undefined when there is no such concert. */
  listPerformances(
    concertId: number,
    page: { readonly after?: PerformancePosition | undefined; readonly limit: number },
  ): Promise<ListedPerformance[] | undefined>;
  findPerformance(performanceId: number): Promise<Performance | undefined>;
  /** Never changes; undefined when there is no such performance. */
  findLayout(performanceId: number): Promise<LayoutAnswer | undefined>;
  listVenues(page: { readonly after?: number | undefined; readonly limit: number }): Promise<VenueAnswer[]>;

  createVenue(request: CalledRequest<VenueBody>): Promise<Created<VenueAnswer> | Refusal>;
  createConcert(request: CalledRequest<ConcertBody>): Promise<Created<ConcertEntry> | Refusal>;
  /** What is left out stays as it is; a change to what is so already changes nothing. */
  changeConcert(concertId: number, change: ConcertChange, call: OperatorCall): Promise<Changed | Refusal>;
  schedulePerformance(request: CalledRequest<PerformanceBody>): Promise<Created<Performance> | Refusal>;
}

export interface CatalogueDeps {
  readonly database: Database;
  readonly messaging: Pick<Messaging, 'append' | 'follow' | 'following'>;
  readonly clock: Clock;
  /** Writes into the operator's log, with the transaction. */
  readonly record: (tx: Tx, note: ActionNote) => void;
}

export function createCatalogue(deps: CatalogueDeps): Catalogue {
  const { database, messaging, record } = deps;

  /** Creates, and notes it when it is not the repetition of an earlier request. */
  function create<Thing>(
    { action, call }: Pick<ActionNote, 'action' | 'call'>,
    work: (tx: Tx) => Promise<Created<Thing> | Refusal>,
    noteOf: (created: Thing) => Pick<ActionNote, 'after'> & { readonly id: number },
  ): Promise<Created<Thing> | Refusal> {
    return database.transaction(async (tx) => {
      const outcome = await work(tx);
      if (outcome.outcome === 'created' && !outcome.replayed) {
        const { id, after } = noteOf(outcome.created);
        record(tx, { action, subject: String(id), before: null, after, call });
      }
      return outcome;
    });
  }

  return {
    ...keepCatalogue(deps),
    listVenues: (page) => listVenues(database, page),
    createVenue: (request) =>
      create(
        { action: 'venue.create', call: request.call },
        (tx) => createVenue(tx, request),
        // A venue may have thousands of sections, and they never change.
        ({ venueId: id, name, city, layouts }) => ({
          id,
          after: {
            name,
            city,
            layouts: layouts.map((each) => ({ name: each.name, seatCount: each.seatCount })),
          },
        }),
      ),
    createConcert: (request) =>
      create(
        { action: 'concert.create', call: request.call },
        (tx) => createConcert(tx, request),
        ({ concertId: id }) => ({ id, after: request.body }),
      ),
    schedulePerformance: (request) =>
      create(
        { action: 'performance.schedule', call: request.call },
        (tx) => schedulePerformance(tx, messaging, request),
        ({ performanceId: id }) => ({ id, after: request.body }),
      ),
    changeConcert: (concertId, change, call) =>
      database.transaction(async (tx) => {
        const outcome = await changeConcert(tx, messaging, concertId, change);
        if (outcome.outcome === 'changed' && Object.keys(outcome.after).length > 0) {
          const { before, after } = outcome;
          record(tx, { action: 'concert.change', subject: String(concertId), before, after, call });
        }
        return outcome;
      }),
  };
}
