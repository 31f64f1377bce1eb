import Type from 'typebox';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEdge } from '../../test/support/edge.ts';
import { HoldAnswer, HoldBody } from '#contract/http/seats.ts';
import { type App, behind, type Door, IdempotencyHeaders, refusals } from './route.ts';

function routes(api: App, door: Door): void {
  api.post(
    '/reservations',
    behind(door, 'turn', {
      tags: ['reservations'],
      summary: 'Hold seats',
      headers: IdempotencyHeaders,
      body: HoldBody,
      response: { 201: HoldAnswer, ...refusals('seats.taken', 'sale.not-open', 'idempotency.key-reused') },
    }),
    async (_request, reply) =>
      reply.code(201).send({
        reservationId: '0d9c1c2e-0000-4000-8000-000000000001',
        status: 'HELD',
        performanceId: 1,
        seats: [1],
        amount: 1,
        expiresAt: '2030-01-01T00:00:00.000Z',
      }),
  );
  api.get(
    '/concerts/:concertId',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'One',
        security: [],
        params: Type.Object({ concertId: Type.String() }),
      },
    },
    async () => ({}),
  );
}

interface Operation {
  readonly tags: string[];
  readonly summary: string;
  readonly security?: unknown;
  readonly responses: Record<string, { content?: Record<string, { schema: unknown }> }>;
}
interface Document {
  readonly openapi: string;
  readonly tags: { name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { securitySchemes: Record<string, unknown>; schemas: Record<string, unknown> };
}

async function edgeOf() {
  const edge = await createEdge({ routes });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  const answer = await edge.app.inject('/api/v1/openapi.json');
  return { edge, answer, document: answer.json<Document>() };
}

const operationsOf = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );

describe('the API document', () => {
  test('lists every route, and nothing else', async () => {
    const { answer, document } = await edgeOf();
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(document.openapi).toBe('3.1.0');
    expect(
      operationsOf(document)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([
      'GET /api/v1/concerts/{concertId}',
      'GET /livez',
      'GET /metrics',
      'GET /problems',
      'GET /problems/{code}',
      'GET /readyz',
      'POST /api/v1/guests',
      'POST /api/v1/reservations',
    ]);
  });

  test('says of each what it is for, who may, and what can go wrong', async () => {
    const { document } = await edgeOf();
    const tags = document.tags.map(({ name }) => name);
    const schemes = Object.keys(document.components.securitySchemes);
    expect(schemes).toEqual(['account', 'queueToken', 'operator']);
    for (const { name, operation } of operationsOf(document)) {
      expect(operation.summary, name).toBeTruthy();
      expect(operation.tags, name).toHaveLength(1);
      expect(tags, name).toContain(operation.tags[0]);
      for (const each of operation.security as Record<string, unknown>[]) {
        expect(schemes, name).toContain(Object.keys(each)[0]);
      }
      expect(operation.responses, name).toHaveProperty('default');
    }
  });

  test('has the schemas that the routes check with, and problems by name', async () => {
    const { document } = await edgeOf();
    const hold = document.paths['/api/v1/reservations']?.['post'];
    expect(hold).toMatchObject({
      security: [{ queueToken: [] }],
      requestBody: {
        content: {
          'application/json': {
            schema: { required: ['performanceId', 'seats'], additionalProperties: false },
          },
        },
      },
      parameters: [{ in: 'header', name: 'idempotency-key', required: true }],
    });
    expect(Object.keys(hold?.responses ?? {})).toEqual(['201', '409', '422', 'default']);
    const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
    expect(hold?.responses['409']).toEqual({
      description: expect.stringMatching(/`seats\.taken`[\s\S]*`sale\.not-open`/),
      content: problem,
    });
    expect(document.components.schemas['Problem']).toMatchObject({
      required: expect.arrayContaining(['code', 'next']),
    });
  });

  test('has no reference that leads nowhere', async () => {
    const { answer, document } = await edgeOf();
    const references = [...answer.body.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) =>
      path.split('/'),
    );
    expect(references.length).toBeGreaterThan(0);
    for (const path of references) {
      const target = path.reduce<unknown>(
        (at, key) => (at as Record<string, unknown> | undefined)?.[key],
        document,
      );
      expect(target, path.join('/')).toBeDefined();
    }
  });

  test('can be browsed, with scripts of our own only', async () => {
    const { edge } = await edgeOf();
    const page = await edge.app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      expect(file).toMatch(/^\/docs\//);
      expect((await edge.app.inject(file)).statusCode, file).toBe(200);
    }
  });
});
