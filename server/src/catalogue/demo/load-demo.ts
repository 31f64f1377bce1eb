/** Fills an empty catalogue, so that a first start has something to sell. */
import assert from 'node:assert/strict';
import type { Messaging } from '../../messaging/index.ts';
import { derivedUuid, fingerprint } from '../../platform/identifiers.ts';
import type { Database, Tx } from '../../platform/postgres/database.ts';
import { statement } from '../../platform/postgres/statement.ts';
import { createConcert } from '../create-concert.ts';
import { createVenue } from '../create-venue.ts';
import type { Created, OperatorRequest } from '../request.ts';
import { schedulePerformance } from '../schedule-performance.ts';
import { seoulTime } from '../seoul-time.ts';
import { type DemoConcert, demoConcerts, type DemoPerformance } from './concerts.ts';
import { type DemoVenue, type DemoVenueKey, demoVenues } from './venues.ts';

// Another instance that boots at the same moment waits here until the demo is loaded or has failed.
const PATIENCE = statement(`/* catalogue.demo-patience */ set local lock_timeout = '30s'`);
const LOCK = statement(`/* catalogue.demo-lock */
select pg_advisory_xact_lock('catalogue.venue'::regclass::int, 0)`);

const LOOK = statement(`/* catalogue.demo-look */
select not exists (select from catalogue.venue) and not exists (select from catalogue.concert) as is_empty,
  date_trunc('milliseconds', clock_timestamp()) as at`);

/** Loads all of the demo catalogue in one transaction, if there is nothing in the catalogue yet. */
export function loadDemoCatalogue(deps: {
  readonly database: Database;
  readonly messaging: Pick<Messaging, 'append'>;
}): Promise<{ readonly loaded: boolean }> {
  return deps.database.transaction(async (tx) => {
    await tx.rows(PATIENCE, []);
    await tx.rows(LOCK, []);
    // Looks after the lock was got: a demo that another instance loaded meanwhile is seen.
    const [look] = await tx.rows<{ is_empty: boolean; at: string }>(LOOK, []);
    assert(look !== undefined, 'the look gives one row');
    if (!look.is_empty) return { loaded: false };

    const layoutIds = await createVenues(tx);
    for (const concert of demoConcerts) {
      const { concertId } = accepted(
        await createConcert(
          tx,
          request('concert', {
            title: concert.title,
            description: concert.description,
            genre: concert.genre,
          }),
        ),
      );
      for (const performance of concert.performances) {
        const layoutId = layoutIds.get(performance.venue) ?? 0;
        const body = { concertId, layoutId, ...scheduleOf(concert, performance, look.at) };
        accepted(await schedulePerformance(tx, deps.messaging, request('performance', body)));
      }
    }
    return { loaded: true };
  });
}

async function createVenues(tx: Tx): Promise<Map<DemoVenueKey, number>> {
  const layoutIds = new Map<DemoVenueKey, number>();
  for (const [key, venue] of Object.entries(demoVenues) as [DemoVenueKey, DemoVenue][]) {
    const sections = venue.sections.map(({ name, seatCount, rowLength }) => ({ name, seatCount, rowLength }));
    const body = { name: venue.name, city: venue.city, layouts: [{ name: '기본', sections }] };
    const { layouts } = accepted(await createVenue(tx, request('venue', body)));
    layoutIds.set(key, layouts[0]?.layoutId ?? 0);
  }
  return layoutIds;
}

/** Dates and prices of a performance for somebody who loads the demo at this instant. */
export function scheduleOf(concert: DemoConcert, performance: DemoPerformance, at: string) {
  const nowMs = Date.parse(at);
  const startsAt = seoulTime(nowMs, performance.inDays, performance.at);
  const { sections }: DemoVenue = demoVenues[performance.venue];
  return {
    room: 'main',
    startsAt,
    saleOpensAt:
      performance.saleOpensInDays === undefined ? at : seoulTime(nowMs, performance.saleOpensInDays, '20:00'),
    saleClosesAt: startsAt,
    seatsPerPerson: concert.seatsPerPerson,
    prices: sections.map(({ name, tier }) => {
      const priceKrw = concert.pricesKrw[tier];
      assert(priceKrw !== undefined, `${concert.title} has a price for ${tier}`);
      return { section: name, priceKrw };
    }),
  };
}

function request<Body>(kind: string, body: Body): OperatorRequest<Body> {
  const content = fingerprint(body);
  return { requestId: derivedUuid('demo', kind, content.toString('hex')), fingerprint: content, body };
}

function accepted<Thing>(
  outcome: Created<Thing> | { readonly outcome: 'refused'; readonly problem: string },
): Thing {
  assert(outcome.outcome === 'created', 'the demo catalogue is one that the rules accept');
  return outcome.created;
}
