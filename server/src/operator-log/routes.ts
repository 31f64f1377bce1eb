import { OperatorLogList, OperatorLogQuery } from '#contract/http/operator.ts';
import { pageFrom, pageOf } from '#contract/http/paging.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type App, behind, type Door, positionOf, refusals } from '../http/route.ts';
import type { OperatorLog } from './index.ts';

const Position = Compile(Type.Tuple([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]));

export function operatorLogRoutes(app: App, deps: { operatorLog: OperatorLog; door: Door }): void {
  const { operatorLog, door } = deps;

  app.get(
    '/admin/log',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'What was done at the operator’s desk, the newest first',
      querystring: OperatorLogQuery,
      response: { 200: OperatorLogList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { subject, ...paging } = request.query;
      const { limit, after } = pageOf(paging);
      const [beforeId] = positionOf(after, Position) ?? [];
      const found = await operatorLog.list({ subject, beforeId, limit: limit + 1 });
      const { items, next } = pageFrom(found, limit, (last) => [last.entryId]);
      return reply.send({ entries: items, next });
    },
  );
}
