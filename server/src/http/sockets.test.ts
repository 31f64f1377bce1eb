/** What only shows on a real connection: slow, broken and oversized requests, and the end of an instance. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createEdge, type EdgeOptions, overSocket } from '../../test/support/edge.ts';
import { until } from '../../test/support/until.ts';
import { limits } from '../limits.ts';

async function listening(options: EdgeOptions = {}) {
  const edge = await createEdge({
    routes: (api) => {
      api.post('/echo', async (call, reply) => reply.send({ body: call.body }));
      api.get('/taken', async () => ({}));
    },
    ...options,
  });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return { edge, port: await edge.listen() };
}

const request = (line: string, headers: string[] = [], body = '') =>
  [`${line} HTTP/1.1`, 'host: x', 'connection: close', ...headers, '', body].join('\r\n');

test('a body without a content type is refused', async () => {
  const { port } = await listening();
  const answer = await overSocket(port, request('POST /api/v1/echo', ['content-length: 2'], '{}'));
  expect(answer).toContain('HTTP/1.1 415');
  expect(answer).toContain('request.unsupported-media-type');
});

test('dots in a path are no way to another route', async () => {
  const { port } = await listening();
  for (const path of ['/api/v1/x/../taken', '/api/v1/x/%2e%2e/taken', '/docs/static/../../../package.json']) {
    expect(await overSocket(port, request(`GET ${path}`))).toContain('HTTP/1.1 404');
  }
});

test.each([
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['an unknown method', request('BREW /livez')],
  ['no host', 'GET /livez HTTP/1.1\r\n\r\n'],
  [
    'a length and chunks',
    request('POST /api/v1/echo', ['content-length: 5', 'transfer-encoding: chunked'], '0\r\n\r\n'),
  ],
  ['two lengths', request('POST /api/v1/echo', ['content-length: 5', 'content-length: 6'], 'hello!')],
  ['a folded header', 'GET /livez HTTP/1.1\r\nhost: x\r\nx-a: b\r\n c\r\n\r\n'],
  ['a bare line feed', 'GET /livez HTTP/1.1\nhost: x\n\n'],
  ['a space before the colon', request('GET /livez', ['x-a : b'])],
  ['a NUL in a header', request('GET /livez', ['x-a: b\0c'])],
])('%s is answered 400 and the connection closed', async (_what, text) => {
  const { port } = await listening();
  const answer = await overSocket(port, text);
  expect(answer.split('\r\n', 1)[0]).toBe('HTTP/1.1 400 Bad Request');
  expect(answer).not.toMatch(/\.ts|node:|HPE_|stack/);
});

test('what is not HTTP gets a problem like any other', async () => {
  const { port } = await listening();
  const [head = '', body = ''] = (await overSocket(port, 'hello\r\n\r\n')).split('\r\n\r\n');
  expect(head).toContain('content-type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({
    code: 'request.invalid',
    status: 400,
    requestId: expect.any(String),
  });
});

test('headers have a bound', async () => {
  const { port } = await listening();
  const most = `x-a: ${'a'.repeat(limits.http.headerBytesMax - 200)}`;
  expect(await overSocket(port, request('GET /livez', [most]))).toContain('HTTP/1.1 200');
  const tooMany = `x-a: ${'a'.repeat(limits.http.headerBytesMax)}`;
  expect(await overSocket(port, request('GET /livez', [tooMany]))).toContain('HTTP/1.1 431');
});

test('headers and bodies that come drop by drop are cut off', async () => {
  const bounds = { headersTimeoutMs: 60, requestTimeoutMs: 120, connectionsCheckingIntervalMs: 20 };
  const { port } = await listening({ bounds });
  const [slowHeaders, slowBody] = await Promise.all([
    overSocket(port, 'GET /livez HTTP/1.1\r\nhost: x\r\nx-a:'),
    overSocket(
      port,
      request('POST /api/v1/echo', ['content-type: application/json', 'content-length: 9'], '{'),
    ),
  ]);
  expect(slowHeaders).toContain('HTTP/1.1 408');
  expect(slowBody).toContain('HTTP/1.1 408');
});

test('an idle connection is closed after its time', async () => {
  const { port } = await listening({ bounds: { keepAliveTimeoutMs: 30 } });
  const answer = await overSocket(port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
  expect(answer).toContain('HTTP/1.1 200');
});

test('connections above the bound are closed, those below are served', async () => {
  const { edge, port } = await listening({ bounds: { connectionsMax: 1 } });
  const taken = once(edge.app.server, 'connection');
  const first = createConnection(port, '127.0.0.1');
  onTestFinished(() => void first.destroy());
  await taken;
  expect(await overSocket(port, request('GET /livez'))).toBe('');
  const answered = new Promise<string>((resolve) => first.once('data', (chunk) => resolve(String(chunk))));
  first.write(request('GET /livez'));
  expect(await answered).toContain('HTTP/1.1 200');
});

test('draining answers what is under way, closes what is idle, and takes nobody in', async () => {
  const release = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const { edge, port } = await listening({
    routes: (api) => {
      api.get('/slow', async () => {
        entered.resolve();
        await release.promise;
        return { done: true };
      });
    },
  });
  const idle = overSocket(port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
  const slow = overSocket(port, 'GET /api/v1/slow HTTP/1.1\r\nhost: x\r\n\r\n');
  await entered.promise;
  let over = false;
  const drained = edge.http.drain(60_000).then(() => (over = true));
  expect(await idle).toContain('HTTP/1.1 200');
  await until('the port is closed', async () => (await overSocket(port, request('GET /livez'))) === '');
  expect(over).toBe(false);
  release.resolve();
  expect(await slow).toMatch(/HTTP\/1\.1 200[\s\S]*connection: close[\s\S]*\{"done":true\}/i);
  await drained;
});

test('draining ends with the grace, whatever still hangs', async () => {
  const entered = Promise.withResolvers<void>();
  const { edge, port } = await listening({
    routes: (api) => {
      api.get('/hang', () => {
        entered.resolve();
        return new Promise(() => {});
      });
    },
  });
  const hung = overSocket(port, 'GET /api/v1/hang HTTP/1.1\r\nhost: x\r\n\r\n');
  await entered.promise;
  await edge.http.drain(20);
  expect(await hung).toBe('');
});

test('while it drains, open connections learn that they must go elsewhere', async () => {
  const { edge, port } = await listening();
  const received: string[] = [];
  /** A connection whose second request is complete only when the test says so. */
  const open = async (path: string) => {
    const socket = createConnection(port, '127.0.0.1');
    const chunks: string[] = [];
    socket.on('data', (chunk) => chunks.push(String(chunk)));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(`GET /livez HTTP/1.1\r\nhost: x\r\n\r\nGET ${path} HTTP/1.1\r\nhost: x\r\n`);
    await until('the first is answered', () => chunks.join('').endsWith('{"status":"live"}'));
    return async () => {
      chunks.length = 0;
      socket.write('\r\n');
      await closed;
      received.push(chunks.join(''));
    };
  };
  const finish = [await open('/readyz'), await open('/api/v1/taken')];
  const drained = edge.http.drain(60_000);
  for (const each of finish) await each();
  await drained;
  const [readiness, route] = received;
  expect(readiness).toMatch(/HTTP\/1\.1 503[\s\S]*connection: close[\s\S]*"lifecycle":"failing"/i);
  expect(route).toMatch(/HTTP\/1\.1 503[\s\S]*connection: close[\s\S]*service\.shutting-down/i);
});
