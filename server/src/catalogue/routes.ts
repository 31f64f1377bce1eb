import {
  ConcertAnswer,
  ConcertBody,
  ConcertChange,
  ConcertEntry,
  ConcertList,
  ConcertQuery,
  LayoutAnswer,
  Performance,
  PerformanceAnswer,
  PerformanceBody,
  PerformanceList,
  VenueAnswer,
  VenueBody,
  VenueList,
} from '#contract/http/catalogue.ts';
import { InstantOfPosition, pageFrom, pageOf, PagingQuery } from '#contract/http/paging.ts';
import { ConcertParams, idOf, PerformanceParams } from '#contract/http/params.ts';
import { ConcertId, PerformanceId, VenueId } from '#contract/ids.ts';
import { refused } from '#contract/problems.ts';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  type App,
  behind,
  contentOf,
  type Door,
  IdempotencyHeaders,
  KEY_PROBLEMS,
  markReplay,
  notModified,
  operatorCallOf,
  positionOf,
  refusals,
  refuse,
  requestOf,
  sendTagged,
} from '../http/route.ts';
import type { Catalogue, ListedPerformance, PerformancePosition } from './index.ts';

const ConcertPosition = Compile(Type.Tuple([ConcertId]));
const VenuePosition = Compile(Type.Tuple([VenueId]));
/** As of when, whether it is over (0 or 1), when it starts, which one. */
const DatePosition = Compile(
  Type.Tuple([InstantOfPosition, Type.Integer({ minimum: 0, maximum: 1 }), InstantOfPosition, PerformanceId]),
);

/** How long browsers and proxies may keep what is public, without asking whether it is still so. */
const MAY_KEEP = {
  catalogue: 'public, max-age=10',
  /** With what is left, which changes all the time. */
  withRemaining: 'public, max-age=1',
  forEver: 'public, max-age=31536000, immutable',
};

interface Left {
  readonly remaining: number;
  readonly byPrice: readonly { readonly priceKrw: number; readonly remaining: number }[];
}
/** How many seats are free, for each performance whose seats are laid out. */
type Remaining = (performanceIds: readonly number[]) => Promise<ReadonlyMap<number, Left>>;

export function catalogueRoutes(app: App, deps: { catalogue: Catalogue; remaining: Remaining }): void {
  concertRoutes(app, deps.catalogue);
  performanceRoutes(app, deps);
  layoutRoute(app, deps.catalogue);
}

function concertRoutes(app: App, catalogue: Catalogue): void {
  app.get(
    '/concerts',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'Concerts, those announced last first',
        querystring: ConcertQuery,
        response: { 200: ConcertList, ...notModified, ...refusals('request.invalid') },
      },
    },
    async (request, reply) => {
      const { month, q, ...paging } = request.query;
      const { limit, after } = pageOf(paging);
      const [afterId] = positionOf(after, ConcertPosition) ?? [];
      const found = await catalogue.listConcerts({ month, q, limit: limit + 1, after: afterId });
      const { items, next } = pageFrom(found, limit, (concert) => [concert.concertId]);
      const answer: Static<typeof ConcertList> = { concerts: items, next };
      return sendTagged(reply, contentOf(reply, answer), MAY_KEEP.catalogue);
    },
  );

  app.get(
    '/concerts/:concertId',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'A concert; what it says of its performances is of those still to come',
        params: ConcertParams,
        response: { 200: ConcertAnswer, ...notModified, ...refusals('concert.not-found') },
      },
    },
    async (request, reply) => {
      const concertId = idOf(request.params.concertId);
      const concert = concertId === undefined ? undefined : await catalogue.findConcert(concertId);
      if (concert === undefined) return refuse(reply, refused('concert.not-found'));
      return sendTagged(reply, contentOf(reply, concert), MAY_KEEP.catalogue);
    },
  );
}

function performanceRoutes(app: App, deps: { catalogue: Catalogue; remaining: Remaining }): void {
  const { catalogue, remaining } = deps;

  app.get(
    '/concerts/:concertId/performances',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'The dates of a concert, those still to come first, with prices and what is left',
        params: ConcertParams,
        querystring: PagingQuery,
        response: {
          200: PerformanceList,
          ...notModified,
          ...refusals('concert.not-found', 'request.invalid'),
        },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const page = { limit: limit + 1, after: positionAfter(after) };
      const concertId = idOf(request.params.concertId);
      const found = concertId === undefined ? undefined : await catalogue.listPerformances(concertId, page);
      if (found === undefined) return refuse(reply, refused('concert.not-found'));
      const { items, next } = pageFrom(found, limit, positionAt);
      const left = await remaining(items.map(({ performance }) => performance.performanceId));
      const performances = items.map(({ performance }) => withRemaining(performance, left));
      const answer: Static<typeof PerformanceList> = { performances, next };
      return sendTagged(reply, contentOf(reply, answer), MAY_KEEP.withRemaining);
    },
  );

  app.get(
    '/performances/:performanceId',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'One date of a concert, with prices and what is left',
        params: PerformanceParams,
        response: { 200: PerformanceAnswer, ...notModified, ...refusals('performance.not-found') },
      },
    },
    async (request, reply) => {
      const performanceId = idOf(request.params.performanceId);
      const found = performanceId === undefined ? undefined : await catalogue.findPerformance(performanceId);
      if (found === undefined) return refuse(reply, refused('performance.not-found'));
      const left = await remaining([found.performanceId]);
      return sendTagged(reply, contentOf(reply, withRemaining(found, left)), MAY_KEEP.withRemaining);
    },
  );
}

function layoutRoute(app: App, catalogue: Catalogue): void {
  app.get(
    '/performances/:performanceId/layout',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'Where the seats of a performance are and what they cost; never changes',
        params: PerformanceParams,
        response: { 200: LayoutAnswer, ...notModified, ...refusals('performance.not-found') },
      },
    },
    async (request, reply) => {
      const performanceId = idOf(request.params.performanceId);
      const layout = performanceId === undefined ? undefined : await catalogue.findLayout(performanceId);
      if (layout === undefined) return refuse(reply, refused('performance.not-found'));
      return sendTagged(reply, contentOf(reply, layout), MAY_KEEP.forEver);
    },
  );
}

interface AdminDeps {
  readonly catalogue: Catalogue;
  readonly door: Door;
}

export function catalogueAdminRoutes(app: App, deps: AdminDeps): void {
  venueAdminRoutes(app, deps);
  concertAdminRoutes(app, deps);
  performanceAdminRoute(app, deps);
}

function concertAdminRoutes(app: App, { catalogue, door }: AdminDeps): void {
  app.post(
    '/admin/concerts',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Announce a concert',
      description: 'People find it in the list as soon as it has a performance.',
      headers: IdempotencyHeaders,
      body: ConcertBody,
      response: { 201: ConcertEntry, ...refusals(...KEY_PROBLEMS) },
    }),
    async (request, reply) => {
      const outcome = await catalogue.createConcert({
        ...requestOf(request, 'POST /admin/concerts'),
        body: request.body,
        call: operatorCallOf(request),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      return reply.code(201).send(outcome.created);
    },
  );

  app.patch(
    '/admin/concerts/:concertId',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Change what is said of a concert',
      description: 'What is left out stays as it is. Every instance answers with the change within moments.',
      params: ConcertParams,
      body: ConcertChange,
      response: { 200: ConcertEntry, ...refusals('concert.not-found', 'request.invalid') },
    }),
    async (request, reply) => {
      const concertId = idOf(request.params.concertId);
      if (concertId === undefined) return refuse(reply, refused('concert.not-found'));
      const outcome = await catalogue.changeConcert(concertId, request.body, operatorCallOf(request));
      return outcome.outcome === 'refused' ? refuse(reply, outcome) : reply.send(outcome.concert);
    },
  );
}

function performanceAdminRoute(app: App, { catalogue, door }: AdminDeps): void {
  app.post(
    '/admin/performances',
    {
      ...behind(door, 'operator', {
        tags: ['operator'],
        summary: 'Put a performance on sale',
        headers: IdempotencyHeaders,
        body: PerformanceBody,
        response: {
          201: Performance,
          ...refusals(
            'concert.not-found',
            'layout.not-found',
            'layout.price-mismatch',
            'performance.date-invalid',
            ...KEY_PROBLEMS,
          ),
        },
      }),
      bodyLimit: PERFORMANCE_BYTES_MAX,
    },
    async (request, reply) => {
      const outcome = await catalogue.schedulePerformance({
        ...requestOf(request, 'POST /admin/performances'),
        body: request.body,
        call: operatorCallOf(request),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      return reply.code(201).send(outcome.created);
    },
  );
}

function venueAdminRoutes(app: App, { catalogue, door }: AdminDeps): void {
  app.get(
    '/admin/venues',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Venues with their layouts and sections',
      querystring: PagingQuery,
      response: { 200: VenueList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const [afterId] = positionOf(after, VenuePosition) ?? [];
      const found = await catalogue.listVenues({ limit: limit + 1, after: afterId });
      const { items, next } = pageFrom(found, limit, (venue) => [venue.venueId]);
      return reply.send({ venues: items, next });
    },
  );

  app.post(
    '/admin/venues',
    {
      ...behind(door, 'operator', {
        tags: ['operator'],
        summary: 'Set up a venue with its layouts; they cannot be changed afterwards',
        headers: IdempotencyHeaders,
        body: VenueBody,
        response: { 201: VenueAnswer, ...refusals('request.invalid', ...KEY_PROBLEMS) },
      }),
      bodyLimit: VENUE_BYTES_MAX,
    },
    async (request, reply) => {
      const outcome = await catalogue.createVenue({
        ...requestOf(request, 'POST /admin/venues'),
        body: request.body,
        call: operatorCallOf(request),
      });
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      return reply.code(201).send(outcome.created);
    },
  );
}

/** As many layouts and sections as a venue may have, with names of usual length. */
const VENUE_BYTES_MAX = 512 * 1024;
/** A price for each of as many sections. */
const PERFORMANCE_BYTES_MAX = 64 * 1024;

function withRemaining(performance: Performance, all: ReadonlyMap<number, Left>): PerformanceAnswer {
  const left = all.get(performance.performanceId);
  return {
    ...performance,
    remaining: left?.remaining ?? null,
    remainingByPrice: left === undefined ? null : [...left.byPrice],
  };
}

function positionAt({ position }: ListedPerformance): (string | number)[] {
  return [position.asOf, Number(position.isOver), position.startsAt, position.performanceId];
}

function positionAfter(after: unknown): PerformancePosition | undefined {
  const position = positionOf(after, DatePosition);
  if (position === undefined) return undefined;
  const [asOf, isOver, startsAt, performanceId] = position;
  return { asOf, isOver: isOver === 1, startsAt, performanceId };
}
