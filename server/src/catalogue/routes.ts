import {
  ConcertAnswer,
  ConcertBody,
  ConcertCreated,
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
import { cursorOf, PagingQuery, pageOf } from '#contract/http/paging.ts';
import { ConcertParams, idOf, PerformanceParams } from '#contract/http/params.ts';
import { refused } from '#contract/problems.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  type App,
  type Door,
  idempotencyKeyOf,
  IdempotencyHeaders,
  Refused,
  refusals,
  refuse,
} from '../http/route.ts';
import { derivedUuid, fingerprint } from '../platform/identifiers.ts';
import type { Catalogue, Created, ListedPerformance, OperatorRequest, PerformancePosition } from './index.ts';

/** How many seats are free, for each performance whose seats are laid out. */
type Remaining = (performanceIds: readonly number[]) => Promise<ReadonlyMap<number, number>>;

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
        response: { 200: ConcertList, ...refusals('request.invalid') },
      },
    },
    async (request, reply) => {
      const { month, q, ...paging } = request.query;
      const { limit, after } = pageOf(paging);
      const found = await catalogue.listConcerts({ month, q, limit: limit + 1, after: idAfter(after) });
      const { items, next } = pageFrom(found, limit, (concert) => [concert.concertId]);
      return reply.send({ concerts: items, next });
    },
  );

  app.get(
    '/concerts/:concertId',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'A concert; what it says of its performances is of those still to come',
        params: ConcertParams,
        response: { 200: ConcertAnswer, ...refusals('concert.not-found') },
      },
    },
    async (request, reply) => {
      const concertId = idOf(request.params.concertId);
      const concert = concertId === undefined ? undefined : await catalogue.findConcert(concertId);
      return concert ? reply.send(concert) : refuse(reply, refused('concert.not-found'));
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
        response: { 200: PerformanceList, ...refusals('concert.not-found', 'request.invalid') },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const page = { limit: limit + 1, after: positionAfter(after) };
      const concertId = idOf(request.params.concertId);
      const found = concertId === undefined ? undefined : await catalogue.listPerformances(concertId, page);
      if (found === undefined) return refuse(reply, refused('concert.not-found'));
      const { items, next } = pageFrom(found, limit, cursorAt);
      const left = await remaining(items.map(({ performance }) => performance.performanceId));
      const performances = items.map(({ performance }) => withRemaining(performance, left));
      return reply.send({ performances, next });
    },
  );

  app.get(
    '/performances/:performanceId',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'One date of a concert, with prices and what is left',
        params: PerformanceParams,
        response: { 200: PerformanceAnswer, ...refusals('performance.not-found') },
      },
    },
    async (request, reply) => {
      const performanceId = idOf(request.params.performanceId);
      const found = performanceId === undefined ? undefined : await catalogue.findPerformance(performanceId);
      if (found === undefined) return refuse(reply, refused('performance.not-found'));
      const left = await remaining([found.performanceId]);
      return reply.send(withRemaining(found, left));
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
        response: {
          200: LayoutAnswer,
          304: Type.Null({ description: 'What you have is what there is' }),
          ...refusals('performance.not-found'),
        },
      },
    },
    async (request, reply) => {
      const performanceId = idOf(request.params.performanceId);
      const layout = performanceId === undefined ? undefined : await catalogue.findLayout(performanceId);
      if (layout === undefined) return refuse(reply, refused('performance.not-found'));
      const etag = `"${fingerprint(layout).toString('hex')}"`;
      void reply.headers({ etag, 'cache-control': 'public, max-age=31536000, immutable' });
      return isKnown(request, etag) ? reply.code(304).send(null) : reply.send(layout);
    },
  );
}

export function catalogueAdminRoutes(app: App, deps: { catalogue: Catalogue; door: Door }): void {
  venueRoutes(app, deps);
  const { catalogue, door } = deps;

  app.post(
    '/admin/concerts',
    {
      onRequest: door.operator,
      schema: {
        tags: ['operator'],
        summary: 'Announce a concert',
        description: 'People find it in the list as soon as it has a performance.',
        security: [{ operator: [] }],
        headers: IdempotencyHeaders,
        body: ConcertBody,
        response: { 201: ConcertCreated, ...refusals(...KEY_PROBLEMS) },
      },
    },
    async (request, reply) => {
      const outcome = await catalogue.createConcert(
        operatorRequest(request, 'POST /admin/concerts', request.body),
      );
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      return reply.code(201).send(outcome.created);
    },
  );

  app.post(
    '/admin/performances',
    {
      onRequest: door.operator,
      bodyLimit: PERFORMANCE_BYTES_MAX,
      schema: {
        tags: ['operator'],
        summary: 'Put a performance on sale',
        security: [{ operator: [] }],
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
      },
    },
    async (request, reply) => {
      const outcome = await catalogue.schedulePerformance(
        operatorRequest(request, 'POST /admin/performances', request.body),
      );
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      return reply.code(201).send(outcome.created);
    },
  );
}

function venueRoutes(app: App, { catalogue, door }: { catalogue: Catalogue; door: Door }): void {
  app.get(
    '/admin/venues',
    {
      onRequest: door.operator,
      schema: {
        tags: ['operator'],
        summary: 'Venues with their layouts and sections',
        security: [{ operator: [] }],
        querystring: PagingQuery,
        response: { 200: VenueList, ...refusals('request.invalid') },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const found = await catalogue.listVenues({ limit: limit + 1, after: idAfter(after) });
      const { items, next } = pageFrom(found, limit, (venue) => [venue.venueId]);
      return reply.send({ venues: items, next });
    },
  );

  app.post(
    '/admin/venues',
    {
      onRequest: door.operator,
      bodyLimit: VENUE_BYTES_MAX,
      schema: {
        tags: ['operator'],
        summary: 'Set up a venue with its layouts; they cannot be changed afterwards',
        security: [{ operator: [] }],
        headers: IdempotencyHeaders,
        body: VenueBody,
        response: { 201: VenueAnswer, ...refusals('request.invalid', ...KEY_PROBLEMS) },
      },
    },
    async (request, reply) => {
      const outcome = await catalogue.createVenue(
        operatorRequest(request, 'POST /admin/venues', request.body),
      );
      if (outcome.outcome === 'refused') return refuse(reply, outcome);
      markReplay(reply, outcome);
      return reply.code(201).send(outcome.created);
    },
  );
}

const KEY_PROBLEMS = [
  'idempotency.key-missing',
  'idempotency.key-invalid',
  'idempotency.key-reused',
] as const;

/** As many layouts and sections as a venue may have, with names of usual length. */
const VENUE_BYTES_MAX = 512 * 1024;
/** A price for each of as many sections. */
const PERFORMANCE_BYTES_MAX = 64 * 1024;

function operatorRequest<Body>(request: FastifyRequest, route: string, body: Body): OperatorRequest<Body> {
  const requestId = derivedUuid('operator', route, idempotencyKeyOf(request));
  return { requestId, fingerprint: fingerprint(body), body };
}

function markReplay(reply: FastifyReply, outcome: Created<unknown>): void {
  if (outcome.replayed) void reply.header('idempotent-replayed', 'true');
}

function withRemaining(performance: Performance, left: ReadonlyMap<number, number>): PerformanceAnswer {
  return { ...performance, remaining: left.get(performance.performanceId) ?? null };
}

/** One item more than the page was asked for tells whether there is a next page. */
function pageFrom<Item>(
  found: readonly Item[],
  limit: number,
  positionOf: (last: Item) => readonly (string | number)[],
) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const next = found.length > limit && last !== undefined ? cursorOf(positionOf(last)) : null;
  return { items, next };
}

/** The id that a cursor holds, in a list that is ordered by id. */
function idAfter(after: unknown): number | undefined {
  if (after === undefined) return undefined;
  const [id, ...rest] = Array.isArray(after) ? (after as unknown[]) : [];
  if (!isId(id) || rest.length > 0) throw foreignCursor();
  return id;
}

function cursorAt({ position }: ListedPerformance): (string | number)[] {
  return [position.asOf, Number(position.isOver), position.startsAt, position.performanceId];
}

function positionAfter(after: unknown): PerformancePosition | undefined {
  if (after === undefined) return undefined;
  const [asOf, over, startsAt, id, ...rest] = Array.isArray(after) ? (after as unknown[]) : [];
  const fits = isInstant(asOf) && (over === 0 || over === 1) && isInstant(startsAt) && isId(id);
  if (!fits || rest.length > 0) throw foreignCursor();
  return { asOf, isOver: over === 1, startsAt, performanceId: id };
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 2_147_483_647;
}

function isInstant(value: unknown): value is string {
  if (typeof value !== 'string' || !/^[12]\d{3}-\d\d-\d\dT/.test(value)) return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}

function foreignCursor(): Refused {
  const message = 'is not a cursor of this list';
  return new Refused('request.invalid', { errors: [{ in: 'query', path: '/cursor', message }] });
}

/** Whether the client has this very answer (RFC 9110, If-None-Match: a list, compared weakly, or `*`). */
function isKnown(request: FastifyRequest, etag: string): boolean {
  const given = request.headers['if-none-match'];
  if (given === undefined) return false;
  return given.split(',').some((item) => ['*', etag, `W/${etag}`].includes(item.trim()));
}
