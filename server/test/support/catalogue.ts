/** A catalogue on a test's database, and short ways to fill it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ConcertBody, Performance, PerformanceBody, VenueBody } from '#contract/http/catalogue.ts';
import type { ActionNote, OperatorCall } from '#contract/http/operator.ts';
import { type CalledRequest, type Catalogue, createCatalogue } from '../../src/catalogue/index.ts';
import type { Messaging, Projection } from '../../src/messaging/index.ts';
import { appendEvents } from '../../src/messaging/log.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { fingerprint } from '../../src/platform/identifiers.ts';
import type { Database } from '../../src/platform/postgres/database.ts';

/** Appends to the log of the test's database; nobody reads it. */
export const logOnly: Pick<Messaging, 'append'> = {
  append: (tx, events) => appendEvents(tx, events, () => {}),
};

type InstanceLog = Pick<Messaging, 'append' | 'follow' | 'following'>;

/** Appends to the log of the test's database and tells this instance of it; nobody reads what others append. */
export function createInstanceLog(): InstanceLog {
  const projections: Projection[] = [];
  return {
    append: (tx, events) =>
      appendEvents(tx, events, () => {
        for (const projection of projections) {
          projection.heard(events.filter(({ name }) => projection.names.includes(name)));
        }
      }),
    follow: (projection) => void projections.push(projection),
    following: () => Promise.resolve(),
  };
}

export interface CatalogueKit {
  readonly catalogue: Catalogue;
  /** What the operator's log was given. */
  readonly notes: readonly ActionNote[];
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

export const CALL: OperatorCall = { requestId: '00000000-0000-4000-8000-000000000001', address: '127.0.0.1' };

/** A request under a key of its own, unless one is given. */
export function operatorRequest<Body>(body: Body, requestId: string = randomUUID()): CalledRequest<Body> {
  return { requestId, fingerprint: fingerprint(body), body, call: CALL };
}

export interface CatalogueKitOptions {
  readonly messaging?: InstanceLog;
  readonly clock?: Clock;
}

export function createCatalogueKit(database: Database, options: CatalogueKitOptions = {}): CatalogueKit {
  const { messaging = createInstanceLog(), clock = systemClock } = options;
  const notes: ActionNote[] = [];
  const record = (_: unknown, note: ActionNote) => void notes.push(note);
  const catalogue = createCatalogue({ database, messaging, clock, record });
  return {
    catalogue,
    notes,
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
