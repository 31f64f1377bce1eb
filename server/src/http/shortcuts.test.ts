import { describe, expect, it, vi } from 'vitest';
import { createEdge, type Edge, overSocket } from '../../test/support/edge.ts';
import { type PlainAnswer, type PlainGet, plainHeaders, type Shortcut } from './shortcuts.ts';

const LONG = JSON.stringify({ way: 'long' });
const SHORT: PlainAnswer = {
  status: 200,
  headers: plainHeaders({ 'content-type': 'application/json; charset=utf-8', etag: '"1"' }),
  body: '{"way":"short"}',
};

function shortcutThat(answer: Shortcut['answer']): Shortcut {
  return { route: '/api/v1/hot', matches: (url) => url === '/api/v1/hot', answer };
}

interface Opened {
  readonly edge: Edge;
  readonly port: number;
  readonly seen: PlainGet[];
}

async function open(
  answer: (request: PlainGet) => PlainAnswer | undefined = () => SHORT,
  options: Parameters<typeof createEdge>[0] = {},
): Promise<Opened> {
  const seen: PlainGet[] = [];
  const shortcut = shortcutThat((request) => {
    seen.push(request);
    return answer(request);
  });
  const edge = await createEdge({
    ...options,
    shortcuts: [shortcut],
    routes: (app) => {
      app.get('/hot', async (_request, reply) => {
        return reply.header('content-type', 'application/json; charset=utf-8').send(LONG);
      });
    },
  });
  return { edge, port: await edge.listen(), seen };
}

const get = (port: number, ...headers: string[]) =>
  overSocket(
    port,
    ['GET /api/v1/hot HTTP/1.1', 'host: a', ...headers, 'connection: close', '', ''].join('\r\n'),
  );
const wayOf = (answer: string) => /"way":"(\w+)"/.exec(answer)?.[1];

describe('a shortcut', () => {
  it('answers with the headers that every answer has, and is measured as its route', async () => {
    const { edge, port } = await open();
    await using _ = edge;
    const answer = await get(port);
    expect(wayOf(answer)).toBe('short');
    for (const header of [
      'cache-control: no-store',
      'x-content-type-options: nosniff',
      'referrer-policy: no-referrer',
    ])
      expect(answer.toLowerCase()).toContain(header);
    expect(answer.toLowerCase()).toContain('content-length: 15');
    expect(await edge.metrics.text()).toMatch(
      /http_request_duration_seconds_count\{.*route="\/api\/v1\/hot".*\} 1/,
    );
  });

  it('is shown the one token, the tag and what is accepted, however they are spelt', async () => {
    const { edge, port, seen } = await open();
    await using _ = edge;
    await get(
      port,
      'AUTHORIZATION: Bearer a.b-c',
      'If-None-Match: "7"',
      'Accept: x/y',
      'accept-Encoding: gzip',
    );
    expect(seen).toEqual([
      { url: '/api/v1/hot', bearer: 'a.b-c', ifNoneMatch: '"7"', accept: 'x/y', acceptEncoding: 'gzip' },
    ]);
  });

  it.each([
    ['two tokens', ['authorization: Bearer a', 'authorization: Bearer b']],
    ['a body', ['content-length: 0']],
    ['something to expect', ['expect: 100-continue']],
    ['a part of the answer asked for', ['range: bytes=0-1']],
  ])('is no way for a request with %s', async (_what, headers) => {
    const { edge, port } = await open();
    await using _ = edge;
    expect(wayOf(await get(port, ...headers))).not.toBe('short');
  });

  it('leaves to the route what it cannot answer, and what makes it fail', async () => {
    for (const answer of [
      () => undefined,
      () => {
        throw new Error('a bug');
      },
    ]) {
      const { edge, port } = await open(answer);
      await using _ = edge;
      expect(wayOf(await get(port))).toBe('long');
    }
  });

  it('is closed while the instance drains or the event loop is late: the route says so', async () => {
    const eventLoopDelayMs = vi.fn(() => 0);
    const { edge, port } = await open(undefined, { eventLoopDelayMs });
    await using _ = edge;
    expect(wayOf(await get(port))).toBe('short');
    eventLoopDelayMs.mockReturnValue(10_000);
    expect(await get(port)).toContain('service.overloaded');
  });

  it('does not take other methods or other paths', async () => {
    const { edge, port, seen } = await open();
    await using _ = edge;
    await overSocket(port, 'HEAD /api/v1/hot HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    await overSocket(port, 'GET /api/v1/hot?x=1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    expect(seen).toEqual([]);
  });
});
