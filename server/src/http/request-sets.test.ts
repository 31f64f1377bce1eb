/** Aim: requests that come together are worked on together, and nobody can tell from the answers. */
import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import { createEdge, overSocket } from '../../test/support/edge.ts';
import { until } from '../../test/support/until.ts';
import type { PlainAnswer } from './shortcuts.ts';

interface Opened extends AsyncDisposable {
  readonly port: number;
  /** What was worked on, in that order. */
  readonly worked: string[];
}

const ANSWER: PlainAnswer = { status: 200, headers: [], body: 'short' };

async function open(): Promise<Opened> {
  const worked: string[] = [];
  const edge = await createEdge({
    shortcuts: [
      {
        route: '/api/v1/short',
        matches: (url) => url.startsWith('/api/v1/short'),
        answer: ({ url }) => {
          worked.push(url.slice(-1));
          return { ...ANSWER, body: url };
        },
      },
    ],
    routes: (app) => {
      app.get('/long/:n', async (request, reply) => {
        worked.push(request.url.slice(-1));
        return reply.send(request.url);
      });
      app.post('/long/:n', async (request, reply) => {
        worked.push(request.url.slice(-1));
        return reply.send(JSON.stringify(request.body));
      });
    },
  });
  return { port: await edge.listen(), worked, [Symbol.asyncDispose]: () => edge[Symbol.asyncDispose]() };
}

const get = (path: string, ...headers: string[]) =>
  [`GET /api/v1/${path} HTTP/1.1`, 'host: a', ...headers, '', ''].join('\r\n');

test('short answers of one moment are all made first, and each connection gets its answers in its order', async () => {
  await using opened = await open();
  const said = await overSocket(
    opened.port,
    [get('long/1'), get('short/2'), get('long/3'), get('short/4', 'connection: close')].join(''),
  );
  expect(opened.worked).toEqual(['2', '4', '1', '3']);
  const places = ['long/1', 'short/2', 'long/3', 'short/4'].map((path) => said.indexOf(`/api/v1/${path}`));
  expect(places.every((place) => place > 0)).toBe(true);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test('a body that came with its request, and one that comes later, are read', async () => {
  await using opened = await open();
  const post =
    'POST /api/v1/long/5 HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n';
  const socket = createConnection(opened.port, '127.0.0.1');
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  socket.write(`${post}{"a":1}${post}{"a"`);
  await until('the first is answered', () => said.includes('{"a":1}'));
  expect(opened.worked).toEqual(['5']);
  socket.write(':2}');
  await until('the second is answered', () => said.includes('{"a":2}'));
  socket.destroy();
});

test('whoever goes away before being answered takes nobody along', async () => {
  await using opened = await open();
  for (const path of ['long/1', 'short/2', 'long/3']) {
    const socket = createConnection(opened.port, '127.0.0.1', () => {
      socket.write(get(path));
      socket.resetAndDestroy();
    });
    socket.on('error', () => {});
  }
  expect(await overSocket(opened.port, get('long/7', 'connection: close'))).toContain('/api/v1/long/7');
});
