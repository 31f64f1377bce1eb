/** A catalogue on a test's database, and short ways to fill it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ConcertBody, Performance, PerformanceBody, VenueBody } from '#contract/http/catalogue.ts';
import { type Catalogue, createCatalogue, type OperatorRequest } from '../../src/catalogue/index.ts';
import type { Messaging } from '../../src/messaging/index.ts';
import { appendEvents } from '../../src/messaging/log.ts';
import { fingerprint } from '../../src/platform/identifiers.ts';
import type { Database } from '../../src/platform/postgres/database.ts';

/** Appends to the log of the test's database; nobody reads it. */
export const logOnly: Pick<Messaging, 'append'> = {
  append: (tx, events) => appendEvents(tx, events, () => {}),
};

export interface CatalogueKit {
  readonly catalogue: Catalogue;
  /** Gives the id of the only layout of a new venue; by default 50 seats in one section. */
  layout(sections?: VenueBody['layouts'][number]['sections'], venueName?: string): Promise<number>;
  concert(body?: Partial<ConcertBody>): Promise<number>;
  /** By default a sale that is open, for a date in a month, at the default layout. */
  performance(of: { concertId: number; layoutId: number } & Partial<PerformanceBody>): Promise<Performance>;
}

const DAY_MS = 24 * 3_600_000;

/** The instant so many days from now. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}

/** A request under a key of its own, unless one is given. */
export function operatorRequest<Body>(body: Body, requestId: string = randomUUID()): OperatorRequest<Body> {
  return { requestId, fingerprint: fingerprint(body), body };
}

export function createCatalogueKit(database: Database): CatalogueKit {
  const catalogue = createCatalogue({ database, messaging: logOnly });
  return {
    catalogue,
    layout: async (sections = [{ name: '전석', seatCount: 50, rowLength: 10 }], venueName = '소극장') => {
      const body = { name: venueName, city: '서울', layouts: [{ name: '기본', sections }] };
      const outcome = await catalogue.createVenue(operatorRequest(body));
      assert(outcome.outcome === 'created');
      const [layout] = outcome.created.layouts;
      assert(layout !== undefined);
      return layout.layoutId;
    },
    concert: async (body = {}) => {
      const whole = { title: '봄밤 재즈', description: '', genre: '재즈', ...body };
      const outcome = await catalogue.createConcert(operatorRequest(whole));
      assert(outcome.outcome === 'created');
      return outcome.created.concertId;
    },
    performance: async (of) => {
      const outcome = await catalogue.schedulePerformance(operatorRequest(performanceBody(of)));
      assert(outcome.outcome === 'created', JSON.stringify(outcome));
      return outcome.created;
    },
  };
}

export function performanceBody(
  of: { concertId: number; layoutId: number } & Partial<PerformanceBody>,
): PerformanceBody {
  const startsAt = of.startsAt ?? inDays(30);
  const opensAt = new Date(Date.parse(startsAt) - 40 * DAY_MS).toISOString();
  return {
    room: 'main',
    startsAt,
    saleOpensAt: opensAt,
    saleClosesAt: startsAt,
    seatsPerPerson: 4,
    prices: [{ section: '전석', priceKrw: 50_000 }],
    ...of,
  };
}
