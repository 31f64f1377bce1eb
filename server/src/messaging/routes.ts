/** The operator's view of events that a service keeps failing on. */
import { type ActionNote, ParkedEventList, ParkedEventParams } from '#contract/http/operator.ts';
import { pageFrom, pageOf, PagingQuery } from '#contract/http/paging.ts';
import { refused } from '#contract/problems.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type App, behind, type Door, operatorCallOf, positionOf, refusals, refuse } from '../http/route.ts';
import type { Database, Tx } from '../platform/postgres/database.ts';
import { hurryParked, listParked } from './park-events.ts';

const Position = Compile(Type.Tuple([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]));

export function parkedEventRoutes(
  app: App,
  deps: { database: Database; record: (tx: Tx, note: ActionNote) => void; door: Door },
): void {
  const { database, record, door } = deps;

  app.get(
    '/admin/parked-events',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Events that a service keeps failing on, oldest first',
      querystring: PagingQuery,
      response: { 200: ParkedEventList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const [afterId] = positionOf(after, Position) ?? [0];
      const found = await listParked(database, afterId, limit + 1);
      const { items, next } = pageFrom(found, limit, (last) => [last.parked_id]);
      return reply.send({
        parkedEvents: items.map((parked) => ({
          parkedId: parked.parked_id,
          reader: parked.reader,
          event: parked.event.name,
          reservationId: 'reservationId' in parked.event ? parked.event.reservationId : null,
          error: parked.error,
          attempts: parked.attempts,
          parkedAt: parked.parked_at,
          retryAt: parked.retry_at,
        })),
        next,
      });
    },
  );

  app.post(
    '/admin/parked-events/:parkedId/retry',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Try a parked event now instead of at its next time',
      params: ParkedEventParams,
      response: { 202: Type.Null(), ...refusals('parked-event.not-found') },
    }),
    async (request, reply) => {
      const { parkedId } = request.params;
      const hurried = await database.transaction(async (tx) => {
        const found = await hurryParked(tx, Number(parkedId));
        if (found !== undefined) {
          const call = operatorCallOf(request);
          record(tx, {
            action: 'parked-event.retry',
            subject: parkedId,
            before: null,
            after: { ...found },
            call,
          });
        }
        return found;
      });
      return hurried ? reply.code(202).send(null) : refuse(reply, refused('parked-event.not-found'));
    },
  );
}
