import { AuditList, AuditParams, AuditReport, AuditStarted } from '#contract/http/operator.ts';
import { pageFrom, pageOf, PagingQuery } from '#contract/http/paging.ts';
import { refused } from '#contract/problems.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type App, behind, type Door, positionOf, refusals, refuse } from '../http/route.ts';
import type { Audits } from './index.ts';

const Position = Compile(Type.Tuple([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })]));

export function auditRoutes(app: App, deps: { audits: Audits; door: Door }): void {
  const { audits, door } = deps;

  app.post(
    '/admin/audits',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Begin an audit of everything that is there now',
      response: { 202: AuditStarted },
    }),
    async (_request, reply) => reply.code(202).send({ auditId: await audits.ask() }),
  );

  app.get(
    '/admin/audits/:auditId',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'What an audit found',
      params: AuditParams,
      response: { 200: AuditReport, ...refusals('audit.not-found') },
    }),
    async (request, reply) => {
      const found = await audits.find(request.params.auditId);
      return found ? reply.send(found) : refuse(reply, refused('audit.not-found'));
    },
  );

  app.get(
    '/admin/audits',
    behind(door, 'operator', {
      tags: ['operator'],
      summary: 'Audits, the newest first',
      querystring: PagingQuery,
      response: { 200: AuditList, ...refusals('request.invalid') },
    }),
    async (request, reply) => {
      const { limit, after } = pageOf(request.query);
      const [beforeNo] = positionOf(after, Position) ?? [];
      const found = await audits.list({ beforeNo, limit: limit + 1 });
      const { items, next } = pageFrom(found, limit, (last) => [last.passNo]);
      return reply.send({ audits: items.map(({ summary }) => summary), next });
    },
  );
}
