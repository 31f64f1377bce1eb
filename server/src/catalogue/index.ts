/** The catalogue: concerts, their performances, venues, layouts and prices. */
import type {
  ConcertAnswer,
  ConcertBody,
  ConcertCreated,
  ConcertSummary,
  LayoutAnswer,
  Performance,
  PerformanceBody,
  VenueAnswer,
  VenueBody,
} from '#contract/http/catalogue.ts';
import type { Refusal } from '#contract/problems.ts';
import type { Messaging } from '../messaging/index.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createConcert } from './create-concert.ts';
import { createVenue } from './create-venue.ts';
import { findLayout } from './find-layout.ts';
import { type ConcertFilter, findConcert, listConcerts } from './list-concerts.ts';
import {
  findPerformance,
  type ListedPerformance,
  listPerformances,
  type PerformancePosition,
} from './list-performances.ts';
import { listVenues } from './list-venues.ts';
import type { Created, OperatorRequest } from './request.ts';
import { schedulePerformance } from './schedule-performance.ts';

export { loadDemoCatalogue } from './demo/load-demo.ts';
export type { ListedPerformance, PerformancePosition } from './list-performances.ts';
export type { Created, OperatorRequest } from './request.ts';

export interface Catalogue {
  /** Those announced last first. */
  listConcerts(filter: ConcertFilter): Promise<ConcertSummary[]>;
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

  createVenue(request: OperatorRequest<VenueBody>): Promise<Created<VenueAnswer> | Refusal>;
  createConcert(request: OperatorRequest<ConcertBody>): Promise<Created<ConcertCreated> | Refusal>;
  schedulePerformance(request: OperatorRequest<PerformanceBody>): Promise<Created<Performance> | Refusal>;
}

export function createCatalogue(deps: {
  readonly database: Database;
  readonly messaging: Pick<Messaging, 'append'>;
}): Catalogue {
  const { database, messaging } = deps;
  return {
    listConcerts: (filter) => listConcerts(database, filter),
    findConcert: (concertId) => findConcert(database, concertId),
    listPerformances: (concertId, page) => listPerformances(database, concertId, page),
    findPerformance: (performanceId) => findPerformance(database, performanceId),
    findLayout: (performanceId) => findLayout(database, performanceId),
    listVenues: (page) => listVenues(database, page),
    createVenue: (request) => database.transaction((tx) => createVenue(tx, request)),
    createConcert: (request) => database.transaction((tx) => createConcert(tx, request)),
    schedulePerformance: (request) =>
      database.transaction((tx) => schedulePerformance(tx, messaging, request)),
  };
}
