import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { createEdge, overSocket } from '../../test/support/edge.ts';

const CROWD = 200;
const LIVEZ = 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

async function openPort() {
  const edge = await createEdge();
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return { edge, port: await edge.listen() };
}

/** All of them have connected, as far as the kernel goes, before this gives back control to the event loop. */
function comeAtOnce(port: number) {
  const sockets = Array.from({ length: CROWD }, () => createConnection(port, '127.0.0.1'));
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  return sockets;
}

test.runIf(process.platform === 'linux')(
  'a crowd that comes at once is taken in within a few turns of the event loop, not one in each',
  async () => {
    const { edge, port } = await openPort();
    const turns: number[] = []; // in which each was taken
    let turn = 0;
    edge.app.server.on('connection', () => turns.push(turn));
    comeAtOnce(port);
    for (; turns.length < CROWD; turn++) await nextTurn();
    expect(turns.at(-1)).toBeLessThan(CROWD / 4);
  },
);

test('whoever is taken in by whatever listener gets an answer', async () => {
  const { port } = await openPort();
  const answers = await Promise.all(Array.from({ length: CROWD }, () => overSocket(port, LIVEZ)));
  expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 200'))).toHaveLength(CROWD);
});

test('what is not HTTP is refused as a problem, whatever listener took it in', async () => {
  const { port } = await openPort();
  const answers = await Promise.all(
    Array.from({ length: CROWD }, () => overSocket(port, 'nonsense\r\n\r\n')),
  );
  expect(
    new Set(answers.map((answer) => /^HTTP\/1.1 400[\s\S]*application\/problem\+json/.test(answer))),
  ).toEqual(new Set([true]));
});

test('a port that somebody has is refused, even if they would share it', async () => {
  const others = createServer();
  others.listen({ port: 0, host: '127.0.0.1', reusePort: process.platform === 'linux' });
  await once(others, 'listening');
  onTestFinished(() => void others.close());
  const { edge } = await openPort();
  const address = others.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const next = await createEdge();
  onTestFinished(() => next[Symbol.asyncDispose]());
  await expect(next.http.listen({ host: '127.0.0.1', port })).rejects.toThrow('EADDRINUSE');
  // Another instance of ours just as well.
  const own = edge.app.addresses().map((at) => (at as { port: number }).port);
  await expect(next.http.listen({ host: '127.0.0.1', port: own[0] ?? 0 })).rejects.toThrow('EADDRINUSE');
});

test('draining closes what any of the listeners took in, and none takes anybody in', async () => {
  const { edge, port } = await openPort();
  const sockets = comeAtOnce(port);
  const closed = sockets.map((socket) => once(socket, 'close'));
  await Promise.all(
    sockets.map((socket) => {
      socket.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
      return once(socket, 'data');
    }),
  );
  await edge.http.drain(60_000);
  await Promise.all(closed);
  for (let index = 0; index < CROWD; index++) expect(await overSocket(port, LIVEZ)).toBe('');
});
