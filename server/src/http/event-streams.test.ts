/** Streams over real connections; only time is the test's. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createEdge, type EdgeOptions, overSocket } from '../../test/support/edge.ts';
import { until } from '../../test/support/until.ts';
import { limits } from '../limits.ts';
import type { Clock } from '../platform/clock.ts';
import { eventFrame } from '../platform/event-frame.ts';
import { type EventStream, refuse } from './route.ts';

/** Seconds pass when the test says so. */
function manualClock() {
  const { sweepMs } = limits.streams;
  let nowMs = 0;
  let sleeping: (() => void)[] = [];
  const clock: Clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => new Promise((resolve) => sleeping.push(resolve)),
  };
  return {
    ...clock,
    timers: () => sleeping.length,
    pass: async (seconds: number) => {
      for (let at = 0; at < seconds * 1_000; at += sweepMs) {
        nowMs += sweepMs;
        const due = sleeping;
        sleeping = [];
        for (const wake of due) wake();
        await new Promise(setImmediate);
      }
    },
  };
}

/** `GET /api/v1/stream/:account` opens a stream; what was opened is here in order. */
async function listening(options: EdgeOptions = {}) {
  const opened: { stream: EventStream; unsentBytes: () => number }[] = [];
  const gate = { open: Promise.resolve() };
  const edge = await createEdge({
    routes: (api, _door, streams) => {
      api.get<{ Params: { account: string } }>('/stream/:account', async (request, reply) => {
        await gate.open;
        const stream = streams.open(request, reply, request.params.account);
        if ('outcome' in stream) return refuse(reply, stream);
        opened.push({ stream, unsentBytes: () => reply.raw.writableLength });
        return reply;
      });
    },
    ...options,
  });
  onTestFinished(() => edge[Symbol.asyncDispose]());
  const port = await edge.listen();

  /** A client that listens; `text` is all that it has heard. */
  async function listen(account = 'ann', version = '1.1') {
    const before = opened.length;
    const socket = createConnection(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write(getStream(account, version));
    await until('the answer began', () => text.includes('\r\n\r\n'));
    return { socket, closed, text: () => text, ...opened[before] };
  }
  const figure = async (name: string) => {
    const line = (await edge.metrics.text()).split('\n').find((each) => each.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  };
  return { edge, port, opened, gate, listen, figure };
}

const getStream = (account: string, version = '1.1', method = 'GET') =>
  `${method} /api/v1/stream/${account} HTTP/${version}\r\nhost: x\r\n\r\n`;

const frame = eventFrame({ event: 'room', id: '1.2.3', data: { head: 7 } });
const large = Buffer.concat(Array.from({ length: 1_000 }, () => frame));

test('a stream begins at once, unbuffered, with a time to come back', async () => {
  const { listen } = await listening();
  const { text } = await listen();
  const [head = '', body = ''] = text().split('\r\n\r\n');
  const headers = head.toLowerCase().split('\r\n');
  expect(headers[0]).toBe('http/1.1 200 ok');
  for (const header of [
    'content-type: text/event-stream; charset=utf-8',
    'cache-control: no-store, no-transform',
    'x-accel-buffering: no',
    'x-content-type-options: nosniff',
    'connection: close',
  ]) {
    expect(headers).toContain(header);
  }
  expect(head).not.toMatch(/transfer-encoding|content-length/i);
  const retryMs = Number(/^retry: (\d+)\n\n$/.exec(body)?.[1]);
  expect(retryMs).toBeGreaterThanOrEqual(limits.streams.retryMsMin);
  expect(retryMs).toBeLessThanOrEqual(limits.streams.retryMsMax);
});

test('clients are told different times to come back', async () => {
  const { listen } = await listening();
  const told = new Set<string>();
  for (const account of ['ann', 'bob', 'cho', 'dan', 'eve']) {
    told.add((await listen(account)).text().split('\r\n\r\n')[1] ?? '');
  }
  expect(told.size).toBeGreaterThan(1);
});

test.each(['1.1', '1.0'])('what is sent arrives as it is, over HTTP/%s', async (version) => {
  const { listen } = await listening();
  const { stream, text } = await listen('ann', version);
  stream?.send(frame);
  stream?.send(frame);
  await until('both frames are there', () => text().endsWith(`\n\n${String(frame)}${String(frame)}`));
});

test('a stream that is ended gets what was sent before, and nothing after', async () => {
  const { edge, listen, figure } = await listening();
  const { stream, text, closed } = await listen();
  stream?.send(frame);
  stream?.end();
  expect(stream?.signal.aborted).toBe(true);
  expect(edge.streams.count).toBe(0);
  stream?.send(frame);
  stream?.end();
  await closed;
  expect(text().split(String(frame))).toHaveLength(2);
  expect(await figure('frontrow_streams_ended_total{ending="over"}')).toBe(1);
});

test('an account has three streams, and no fourth', async () => {
  const { listen } = await listening();
  for (let i = 0; i < limits.streams.perAccountMax; i++) await listen('ann');
  const { text, socket } = await listen('ann');
  expect(text()).toMatch(/^HTTP\/1\.1 429 .*\r\n[\s\S]*retry-after: [123]\r\n[\s\S]*"stream\.too-many"/i);
  expect((await listen('bob')).text()).toContain('HTTP/1.1 200');
  // The connection of the one that was refused is as good as before.
  socket.write('GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await until('it is answered', () => text().includes('{"status":"live"}'));
});

test('an instance has a bound for all its streams', async () => {
  const { edge, listen } = await listening({ streamBounds: { countMax: 2 } });
  await listen('ann');
  await listen('bob');
  const { text } = await listen('cho');
  expect(text()).toMatch(/^HTTP\/1\.1 503 .*\r\n[\s\S]*retry-after: [123]\r\n[\s\S]*"service\.overloaded"/i);
  expect(edge.streams.count).toBe(2);
});

test('clients that go away make room, and the signal fires once', async () => {
  const { edge, listen, figure } = await listening();
  const fired: string[] = [];
  for (let round = 0; round < 3; round++) {
    const clients = [await listen('ann'), await listen('ann'), await listen('ann')];
    for (const { stream } of clients) stream?.signal.addEventListener('abort', () => fired.push('ann'));
    expect(edge.streams.count).toBe(3);
    clients[0]?.socket.destroy();
    clients[1]?.socket.resetAndDestroy();
    clients[2]?.socket.end();
    await until('all are gone', () => edge.streams.count === 0);
    for (const { stream } of clients) stream?.end();
  }
  expect(fired).toHaveLength(9);
  expect(await figure('frontrow_streams_ended_total{ending="left"}')).toBe(9);
});

test('whoever is gone before the stream is opened leaves none behind', async () => {
  const { edge, port, opened, gate } = await listening();
  const release = Promise.withResolvers<void>();
  gate.open = release.promise;
  const connected = once(edge.app.server, 'connection');
  const socket = createConnection(port, '127.0.0.1', () => socket.write(getStream('ann')));
  const [taken] = (await connected) as [Socket];
  await until('its request is under way', () => socket.bytesWritten > 0);
  await overSocket(port, 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  socket.destroy();
  await until('the server has noticed', () => taken.destroyed);
  release.resolve();
  await until('it was opened', () => opened.length === 1);
  await until('it is gone', () => edge.streams.count === 0);
  expect(opened[0]?.stream.signal.aborted).toBe(true);
});

test('a stream that waits behind another one goes with their connection', async () => {
  const { edge, port } = await listening();
  const socket = createConnection(port, '127.0.0.1', () =>
    socket.write(getStream('ann') + getStream('ann') + getStream('bob')),
  );
  await until('all are open', () => edge.streams.count === 3);
  socket.destroy();
  await until('all are gone', () => edge.streams.count === 0);
});

test('one that does not read is cut, with a bound on what is kept for it', async () => {
  const { edge, listen, figure } = await listening();
  const slow = await listen('ann');
  const other = await listen('bob');
  slow.socket.pause();
  let unsentBytesMax = 0;
  let sent = 0;
  await until('it was cut', () => {
    slow.stream?.send(large);
    other.stream?.send(large);
    sent++;
    unsentBytesMax = Math.max(unsentBytesMax, slow.unsentBytes?.() ?? 0);
    return slow.stream?.signal.aborted;
  });
  expect(unsentBytesMax).toBeGreaterThan(0);
  expect(unsentBytesMax).toBeLessThanOrEqual(limits.streams.unsentBytesMax + large.length);
  expect(await figure('frontrow_streams_ended_total{ending="slow"}')).toBe(1);
  expect(edge.streams.count).toBe(1);
  await until(
    'the other one has heard everything',
    () => other.text().endsWith(String(large).repeat(2)) && other.text().length > sent * large.length,
  );
});

test('nobody hears nothing for more than fifteen seconds', async () => {
  const clock = manualClock();
  const { listen } = await listening({ clock });
  const quiet = await listen('ann');
  const busy = await listen('bob');
  const beats = (client: { text: () => string }) => client.text().split('\n:\n').length - 1;
  for (let round = 0; round < 5; round++) {
    await clock.pass(9);
    busy.stream?.send(frame);
  }
  await until('three heartbeats came', () => beats(quiet) === 3);
  expect(beats(busy)).toBe(0);
});

test('a stream ends after about ten minutes, each after another time', async () => {
  const clock = manualClock();
  const { edge, listen, figure } = await listening({ clock, streamBounds: { perAccountMax: 20 } });
  for (let i = 0; i < 20; i++) await listen();
  await clock.pass(479);
  expect(edge.streams.count).toBe(20);
  await clock.pass(121);
  expect(edge.streams.count).toBeGreaterThan(0);
  expect(edge.streams.count).toBeLessThan(20);
  await clock.pass(121);
  expect(edge.streams.count).toBe(0);
  expect(await figure('frontrow_streams_ended_total{ending="old"}')).toBe(20);
});

test('all streams share one timer, and none is left when they are gone', async () => {
  const clock = manualClock();
  const { edge, listen } = await listening({ clock });
  const clients = [await listen('ann'), await listen('bob'), await listen('cho')];
  await clock.pass(1); // what else waits for a first look has had it
  expect(clock.timers()).toBe(1);
  for (const { socket } of clients) socket.destroy();
  await until('all are gone', () => edge.streams.count === 0);
  await clock.pass(1);
  expect(clock.timers()).toBe(0);
});

test('HEAD is answered like GET, and leaves no stream behind', async () => {
  const { edge, port } = await listening();
  const answer = await overSocket(port, getStream('ann', '1.1', 'HEAD'));
  expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*content-type: text\/event-stream[\s\S]*\r\n\r\n$/);
  await until('it is gone', () => edge.streams.count === 0);
});

test('draining ends all streams and does not wait for those who do not read', async () => {
  const { edge, listen, figure } = await listening();
  const [one, slow] = [await listen('ann'), await listen('bob')];
  slow.socket.pause();
  await until('it is behind', () => {
    const isBehind = slow.unsentBytes?.() !== 0;
    if (!isBehind) slow.stream?.send(large);
    return isBehind;
  });
  one.stream?.send(frame);
  await edge.http.drain(60_000);
  await one.closed;
  expect(one.text().endsWith(String(frame))).toBe(true);
  expect(edge.streams.count).toBe(0);
  expect(await figure('frontrow_streams_ended_total{ending="draining"}')).toBe(2);
});

test('a request that is under way when the instance drains gets no stream', async () => {
  const { edge, port, gate } = await listening();
  const release = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  gate.open = release.promise;
  edge.app.server.once('request', () => entered.resolve());
  const answer = overSocket(port, getStream('ann'));
  await entered.promise;
  const drained = edge.http.drain(60_000);
  release.resolve();
  expect(await answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*"service\.shutting-down"/);
  await drained;
});

test('a request that was given up gets no stream, and holds no place of one', async () => {
  const held = Promise.withResolvers<void>();
  const { edge, port, gate } = await listening({ bounds: { handlerTimeoutMs: 200 } });
  gate.open = held.promise;
  for (let attempt = 0; attempt < limits.streams.perAccountMax + 1; attempt++) {
    expect(await overSocket(port, getStream('ann', '1.0'))).toContain('service.timeout');
  }
  held.resolve();
  await new Promise(setImmediate);
  await until('they have come to nothing', () => edge.streams.count === 0);
  gate.open = Promise.resolve();
  expect(edge.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a stream counts as one answer, at the moment when it begins', async () => {
  const { listen, figure, edge } = await listening();
  const name =
    'frontrow_http_request_duration_seconds_count{method="GET",route="/api/v1/stream/:account",status="2xx"}';
  const { stream, closed } = await listen();
  expect(await figure('frontrow_streams_open')).toBe(1);
  expect(await figure(name)).toBe(1);
  stream?.end();
  await closed;
  expect(await figure('frontrow_streams_open')).toBe(0);
  expect(await figure(name)).toBe(1);
  expect(edge.log.lines).toEqual([]);
});
