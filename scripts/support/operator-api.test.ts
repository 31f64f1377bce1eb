import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../server/src/platform/clock.ts';
import { createOperatorApi, OperatorUnknown, ServiceAway } from './operator-api.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const seen: IncomingMessage[] = [];

/** A service that answers its requests in turn: with a status, or by hanging up. */
async function answering(...turns: readonly (number | 'hang up')[]) {
  seen.length = 0;
  const listener: RequestListener = (request, response) => {
    const turn = turns[Math.min(seen.length, turns.length - 1)] ?? 200;
    seen.push(request);
    if (turn === 'hang up') return void request.socket.destroy();
    if (turn === 503 || turn === 429) response.setHeader('retry-after', '0');
    response.statusCode = turn;
    response.end(
      JSON.stringify(turn === 201 ? { venueId: 7 } : { code: 'some.problem', title: 'No', sections: 3 }),
    );
  };
  server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const why: string[] = [];
  const stop = new AbortController();
  const api = createOperatorApi({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'secret',
    // Pauses without the waiting.
    clock: { ...systemClock, sleep: async () => {} },
    signal: stop.signal,
    onRetry: (reason) => why.push(reason),
    patienceMs: 500,
  });
  return { api, why, stop };
}

test('what is overloaded, limited or lost is tried again under the same key', async () => {
  const { api, why } = await answering(503, 429, 'hang up', 502, 201);
  expect(await api.post('/admin/venues', { name: 'a' }, 'key-1')).toEqual({
    kind: 'ok',
    body: { venueId: 7 },
    isReplay: false,
  });
  expect(why).toHaveLength(4);
  expect(seen.map((request) => request.headers['idempotency-key'])).toEqual(Array(5).fill('key-1'));
  expect(seen.map((request) => request.headers.authorization)).toEqual(Array(5).fill('Bearer secret'));
});

test('what is refused is not tried again', async () => {
  const { api } = await answering(422);
  expect(await api.post('/admin/venues', {}, 'key-1')).toEqual({
    kind: 'refused',
    status: 422,
    code: 'some.problem',
    why: 'No {"sections":3}',
  });
  expect(seen).toHaveLength(1);
});

test('a token that the service does not know is said at once', async () => {
  const { api } = await answering(401);
  await expect(api.get('/admin/venues')).rejects.toThrow(OperatorUnknown);
  expect(seen).toHaveLength(1);
});

test('a service that stays away is given up, with the reason', async () => {
  const { api } = await answering('hang up');
  await expect(api.get('/admin/venues')).rejects.toThrow(ServiceAway);
  expect(seen.length).toBeGreaterThan(1);
});

test('who is interrupted stops trying', async () => {
  const { api, why, stop } = await answering(503);
  const outcome = api.get('/admin/venues');
  outcome.catch(() => {});
  await expect.poll(() => why.length).toBeGreaterThan(0);
  stop.abort();
  await expect(outcome).rejects.toThrow(/abort/i);
});
