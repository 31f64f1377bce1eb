/** The operator's view of events that a service keeps failing on. */
import { ParkedEventList, ParkedEventParams } from '#contract/http/operator.ts';
import { cursorOf, pageOf, PagingQuery } from '#contract/http/paging.ts';
import { refused } from '#contract/problems.ts';
import Type from 'typebox';
import { type App, type Door, Refused, refusals, refuse } from '../http/route.ts';
import type { Database } from '../platform/postgres/database.ts';
import { hurryParked, listParked } from './park-events.ts';

const operator = [{ operator: [] }];

export function parkedEventRoutes(app: App, deps: { database: Database; door: Door }): void {
  const { database, door } = deps;

  app.get(
    '/admin/parked-events',
    {
      onRequest: door.operator,
      schema: {
        tags: ['operator'],
        summary: 'Events that a service keeps failing on, oldest first',
        security: operator,
        querystring: PagingQuery,
        response: { 200: ParkedEventList, ...refusals('request.invalid') },
      },
    },
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const found = await listParked(database, afterIdOf(after), limit);
      const last = found.at(-1);
      return reply.send({
        parkedEvents: found.map((parked) => ({
          parkedId: parked.parked_id,
          reader: parked.reader,
          event: parked.event.name,
          reservationId: 'reservationId' in parked.event ? parked.event.reservationId : null,
          error: parked.error,
          attempts: parked.attempts,
          parkedAt: parked.parked_at,
          retryAt: parked.retry_at,
        })),
        next: last === undefined || found.length < limit ? null : cursorOf([last.parked_id]),
      });
    },
  );

  app.post(
    '/admin/parked-events/:parkedId/retry',
    {
      onRequest: door.operator,
      schema: {
        tags: ['operator'],
        summary: 'Try a parked event now instead of at its next time',
        security: operator,
        params: ParkedEventParams,
        response: { 202: Type.Null(), ...refusals('parked-event.not-found') },
      },
    },
    async (request, reply) => {
      const found = await hurryParked(database, Number(request.params.parkedId));
      return found ? reply.code(202).send(null) : refuse(reply, refused('parked-event.not-found'));
    },
  );
}

function afterIdOf(after: unknown): number {
  if (after === undefined) return 0;
  const [id, ...rest] = Array.isArray(after) ? (after as unknown[]) : [];
  if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0 && rest.length === 0) return id;
  const message = 'is not a cursor of this list';
  throw new Refused('request.invalid', { errors: [{ in: 'query', path: '/cursor', message }] });
}
