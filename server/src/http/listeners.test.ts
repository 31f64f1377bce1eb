import type { LookupAddress, LookupAllOptions } from 'node:dns';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, isIPv6, Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createEdge, type EdgeOptions, overSocket } from '../../test/support/edge.ts';

const CROWD = 200;
const LIVEZ = 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
const KEPT_LIVEZ = 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n';

/** Only there a port is shared, and every 127.x.x.x is an address of the machine. */
const isLinux = process.platform === 'linux';
const hasIpv6 = Object.values(networkInterfaces()).some((own) =>
  own?.some(({ address }) => address === '::1'),
);

async function openEdge(bounds: EdgeOptions['bounds'] = {}) {
  const edge = await createEdge({ bounds });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  return edge;
}

async function openPort(bounds: EdgeOptions['bounds'] = {}) {
  const edge = await openEdge(bounds);
  return { edge, port: await edge.listen() };
}

/** Somebody else takes the port; any that is free if none is given. Even one who would share it has it. */
async function occupy(host: string, { port = 0, wouldShare = isLinux } = {}) {
  const others = createServer();
  onTestFinished(() => void others.close());
  others.listen({ port, host, reusePort: wouldShare });
  await once(others, 'listening');
  return (others.address() as AddressInfo).port;
}

/** localhost, with these addresses. */
function resolveTo(...addresses: string[]): void {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  const names: { lookup(host: string, options: LookupAllOptions): Promise<LookupAddress[]> } = dns;
  vi.spyOn(names, 'lookup').mockResolvedValue(found);
}

/** Gives the addresses that are open, one for each socket that listens. */
function watchServers(): () => string[] {
  const listen = vi.spyOn(Server.prototype, 'listen');
  return () =>
    [...new Set(listen.mock.contexts as Server[])]
      .filter((server) => server.listening)
      .map((server) => (server.address() as AddressInfo).address)
      .toSorted();
}

/** The connection stays open, unless the other side closes it; then the answer is empty. */
async function ask(port: number, host = '127.0.0.1'): Promise<{ socket: Socket; answer: string }> {
  const socket = createConnection({ port, host });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // a reset is one way to close
  socket.write(KEPT_LIVEZ);
  const answer = await new Promise<string>((resolve) => {
    socket.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    socket.once('close', () => resolve(''));
  });
  return { socket, answer };
}

/** All of them have connected, as far as the kernel goes, before this gives back control to the event loop. */
function comeAtOnce(port: number) {
  const sockets = Array.from({ length: CROWD }, () => createConnection(port, '127.0.0.1'));
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  return sockets;
}

test.runIf(isLinux)(
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
  const taken = await occupy('127.0.0.1');
  const { port: own } = await openPort();
  const next = await openEdge();
  await expect(next.http.listen({ host: '127.0.0.1', port: taken })).rejects.toThrow('EADDRINUSE');
  // Another instance of ours just as well.
  await expect(next.http.listen({ host: '127.0.0.1', port: own })).rejects.toThrow('EADDRINUSE');
});

test.runIf(isLinux)(
  'a name is open at each of its addresses, and whoever comes to any of them is the app’s',
  async () => {
    resolveTo('127.0.0.1', '127.0.0.2');
    const opened = watchServers();
    const edge = await openEdge({ listeners: 2, connectionsMax: 40 });
    const url = await edge.http.listen({ host: 'localhost', port: 0 });
    const port = Number(new URL(url).port);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(opened()).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2']);

    let taken = 0;
    edge.app.server.on('connection', () => taken++);
    const hosts = Array.from({ length: 20 }, () => ['127.0.0.1', '127.0.0.2']).flat();
    const asked = await Promise.all(hosts.map((host) => ask(port, host)));
    for (const { answer } of asked) expect(answer).toContain('HTTP/1.1 200');
    expect(taken).toBe(hosts.length);
    expect((await ask(port, '127.0.0.2')).answer).toBe(''); // one bound for all of them
    const closed = asked.map(({ socket }) => once(socket, 'close'));
    await edge.http.drain(60_000);
    await Promise.all(closed);
    expect(opened()).toEqual([]);
  },
);

test.runIf(isLinux)(
  'a name is refused where somebody has the port on any of its addresses, and none is opened',
  async () => {
    const port = await occupy('127.0.0.2');
    resolveTo('127.0.0.1', '127.0.0.2');
    const opened = watchServers();
    const edge = await openEdge();
    await expect(edge.http.listen({ host: 'localhost', port })).rejects.toThrow('EADDRINUSE');
    expect(opened()).toEqual([]);
  },
);

test('of a name, what is no address of this machine is left out, as long as there is another', async () => {
  const elsewhere = ['192.0.2.1', '2001:db8::1', 'fe80::1'];
  const opened = watchServers();
  const edge = await openEdge({ listeners: 1 });
  resolveTo(...elsewhere);
  await expect(edge.http.listen({ host: 'localhost', port: 0 })).rejects.toThrow('EADDRNOTAVAIL');
  resolveTo(...elsewhere, '127.0.0.1');
  const url = await edge.http.listen({ host: 'localhost', port: 0 });
  expect(opened()).toEqual(['127.0.0.1']);
  expect((await ask(Number(new URL(url).port))).answer).toContain('HTTP/1.1 200');
});

test.runIf(isLinux)('where a port cannot be shared, one socket listens at each address', async () => {
  resolveTo('127.0.0.1', '127.0.0.2');
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
  const opened = watchServers();
  const edge = await openEdge();
  await edge.http.listen({ host: 'localhost', port: 0 });
  expect(opened()).toEqual(['127.0.0.1', '127.0.0.2']);
});

test.runIf(hasIpv6)('every network is that of IPv4, too', async () => {
  const edge = await openEdge();
  const port = Number(new URL(await edge.http.listen({ host: '::', port: 0 })).port);
  for (const host of ['::1', '127.0.0.1']) expect((await ask(port, host)).answer).toContain('HTTP/1.1 200');
});

test.runIf(isLinux)('when one of the listeners cannot be opened, those that were are closed', async () => {
  resolveTo('127.0.0.1', '127.0.0.2');
  const opened = watchServers();
  const edge = await openEdge();
  // The app has a port at the first address: somebody takes it at the second one, before any other listener is there.
  const occupied = new Promise<number>((resolve) => {
    edge.app.server.once('listening', () => {
      const { port } = edge.app.server.address() as AddressInfo;
      resolve(occupy('127.0.0.2', { port, wouldShare: false }));
    });
  });
  await expect(edge.http.listen({ host: 'localhost', port: 0 })).rejects.toThrow('EADDRINUSE');
  await occupied;
  expect(opened()).toEqual(['127.0.0.1', '127.0.0.2']); // the app and somebody
  await edge.http.drain(0);
  expect(opened()).toEqual(['127.0.0.2']);
});

test('whoever is too many is closed at once, whatever listener took them in, until somebody leaves', async () => {
  const { edge, port } = await openPort({ connectionsMax: 3 });
  const taken: Socket[] = [];
  edge.app.server.on('connection', (socket: Socket) => taken.push(socket));
  const inside = [await ask(port), await ask(port), await ask(port)];
  for (const { answer } of inside) expect(answer).toContain('HTTP/1.1 200');
  for (let index = 0; index < 10; index++) expect((await ask(port)).answer).toBe('');

  const [first] = taken;
  inside[0]?.socket.destroy();
  if (first !== undefined) await once(first, 'close');
  expect((await ask(port)).answer).toContain('HTTP/1.1 200');
  expect((await ask(port)).answer).toBe('');
});

test('draining closes what any of the listeners took in, and none takes anybody in', async () => {
  const { edge, port } = await openPort();
  const sockets = comeAtOnce(port);
  const closed = sockets.map((socket) => once(socket, 'close'));
  await Promise.all(
    sockets.map((socket) => {
      socket.write(KEPT_LIVEZ);
      return once(socket, 'data');
    }),
  );
  await edge.http.drain(60_000);
  await Promise.all(closed);
  for (let index = 0; index < CROWD; index++) expect(await overSocket(port, LIVEZ)).toBe('');
});
