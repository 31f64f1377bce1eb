/** Goal: what a client can rely on that shows a map and follows its changes: docs/seat-map.md over real HTTP. */
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SeatChanges } from '#contract/http/seats.ts';
import { type BoxOffice, createBoxOffice, type Counter, holdRequest } from '../../test/support/box-office.ts';
import { createEdge, type Edge } from '../../test/support/edge.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import type { Admission } from '../waiting-room/index.ts';
import { systemClock } from '../platform/clock.ts';
import { newUuid } from '../platform/identifiers.ts';
import { seatRoutes } from './routes.ts';

const BINARY = 'application/vnd.frontrow.seat-map';

interface JsonMap {
  readonly version: string;
  readonly remaining: number;
  readonly seats: number[];
}
interface Instance {
  readonly edge: Edge;
  readonly counter: Counter;
  readonly url: string;
}

let office: BoxOffice;
let instances: Instance[];
/** Turns that are not open. */
const ended = new Map<string, Admission>();
const looks: string[] = [];

beforeAll(async () => {
  office = await createBoxOffice();
  instances = await Promise.all(
    office.counters.map(async (counter) => {
      const edge = await createEdge({
        waitingRoom: () => ({
          verifyToken: (userId) => ({ userId, place: { room: 'main', epoch: 1, number: 1 } }),
          requireActive: (_, userId) => {
            looks.push(userId);
            return Promise.resolve(ended.get(userId) ?? 'active');
          },
        }),
        routes: (api, door, streams) =>
          seatRoutes(api, {
            ...counter,
            door,
            streams,
            clock: systemClock,
            logger: createLogRecorder().logger,
            turnCheckMs: 50,
          }),
      });
      return { edge, counter, url: `http://127.0.0.1:${await edge.listen()}/api/v1/performances` };
    }),
  );
});
afterAll(async () => {
  await Promise.all(instances.map(({ edge }) => edge[Symbol.asyncDispose]()));
  await office[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await office.clear();
  await office.schedule();
});

const at = (index: number): Instance => {
  const instance = instances[index];
  if (instance === undefined) throw new Error(`there is no instance ${index}`);
  return instance;
};
/** The token is the user in these tests. */
const bearer = (userId: string) => ({ authorization: `Bearer ${userId}` });

async function get(path: string, headers: Record<string, string> = {}, index = 0) {
  const response = await fetch(`${at(index).url}${path}`, {
    headers: { ...bearer(newUuid()), 'accept-encoding': 'identity', ...headers },
  });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}
async function jsonMap(index = 0): Promise<JsonMap> {
  return JSON.parse((await get('/1/seats', {}, index)).bytes.toString()) as JsonMap;
}

async function holdSeats(seatNos: readonly number[], index = 0): Promise<void> {
  const outcome = await at(index).counter.seats.hold(holdRequest(seatNos));
  expect(outcome.outcome).toBe('held');
}

describe('the map', () => {
  test('is JSON with the free seats, and says that it is to be asked for again', async () => {
    await holdSeats([2, 3]);
    const { response, bytes } = await get('/1/seats');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'private, no-cache',
      vary: 'accept, accept-encoding, authorization',
      'content-length': String(bytes.length),
    });
    const map = JSON.parse(bytes.toString()) as JsonMap;
    expect(map).toEqual({
      performanceId: 1,
      version: map.version,
      remaining: 48,
      seats: Array.from({ length: 50 }, (_, n) => n + 1).filter((no) => no !== 2 && no !== 3),
    });
    expect(map.version).toMatch(/^2-[0-9a-f]{16}$/);
  });

  test('is two bits a seat for whoever asks for them', async () => {
    await holdSeats([1]);
    const { response, bytes } = await get('/1/seats', { accept: BINARY });
    expect(response.headers.get('content-type')).toBe(BINARY);
    expect(bytes.toString('latin1', 0, 4)).toBe('FRSM');
    expect(bytes.readUInt32LE(12)).toBe(50);
    expect(bytes.readUInt32LE(16)).toBe(49);
    expect(bytes[bytes.readUInt16LE(6)]).toBe(1);
  });

  test.each(['application/json', BINARY])('as %s comes in gzip for whoever takes it', async (accept) => {
    const plain = await get('/1/seats', { accept });
    expect(plain.response.headers.get('content-encoding')).toBeNull();
    // fetch would unpack it; so the bytes are taken from the app itself.
    const zipped = await at(0).edge.app.inject({
      url: '/api/v1/performances/1/seats',
      headers: { ...bearer(newUuid()), accept, 'accept-encoding': 'br, gzip' },
    });
    expect(zipped.headers).toMatchObject({
      'content-encoding': 'gzip',
      vary: expect.stringContaining('accept'),
    });
    expect(gunzipSync(zipped.rawPayload).equals(plain.bytes)).toBe(true);
    expect(zipped.headers.etag).not.toBe(plain.response.headers.get('etag'));
  });

  test('is not sent again to those who have it, and is as soon as it has changed', async () => {
    for (const accept of ['application/json', BINARY]) {
      const etag = (await get('/1/seats', { accept })).response.headers.get('etag') ?? '';
      const same = await get('/1/seats', { accept, 'if-none-match': etag });
      expect([same.response.status, same.bytes.length]).toEqual([304, 0]);
      expect(same.response.headers.get('etag')).toBe(etag);
      expect(same.response.headers.get('cache-control')).toBe('private, no-cache');
    }
    const etag = (await get('/1/seats')).response.headers.get('etag') ?? '';
    expect((await get('/1/seats', { accept: BINARY, 'if-none-match': etag })).response.status).toBe(200);
    await holdSeats([9]);
    await until('it is another one', async () => {
      return (await get('/1/seats', { 'if-none-match': etag })).response.status === 200;
    });
  });

  test('has one name on both instances', async () => {
    await holdSeats([4], 0);
    await holdSeats([5], 1);
    const tags = await until('both have heard of both', async () => {
      const answers = await Promise.all([0, 1].map((index) => get('/1/seats', { accept: BINARY }, index)));
      return answers.every(({ bytes }) => bytes.readUInt32LE(16) === 48) && answers;
    });
    expect(tags[0]?.response.headers.get('etag')).toBe(tags[1]?.response.headers.get('etag'));
    expect(tags[0]?.bytes.equals(tags[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
  });

  test('costs no query, whatever the form and however many look', async () => {
    await get('/1/seats');
    const before = office.asked.length;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        get('/1/seats', {
          accept: n % 2 === 0 ? BINARY : '*/*',
          'accept-encoding': n % 3 === 0 ? 'gzip' : 'br',
        }),
      ),
    );
    expect(new Set(answers.map(({ response }) => response.status))).toEqual(new Set([200]));
    expect(office.asked.slice(before)).toEqual([]);
  });

  test('is for whoever has a turn, and of performances that there are', async () => {
    const waiting = newUuid();
    ended.set(waiting, 'waiting');
    expect((await get('/1/seats', bearer(waiting))).response.status).toBe(403);
    expect((await get('/2/seats')).response.status).toBe(404);
    expect((await get('/2/seats/stream')).response.status).toBe(404);
    expect((await get('/9999999999/seats')).response.status).toBe(404);
  });
});

/** A client of docs/seat-map.md: a map, and what was made of it since. */
interface Watcher extends AsyncDisposable {
  readonly events: { readonly event: string; readonly id: string | undefined; readonly data: SeatChanges }[];
  readonly over: Promise<void>;
}

async function watch(version: string | undefined, index = 0, userId = newUuid()): Promise<Watcher> {
  const stop = new AbortController();
  const response = await fetch(`${at(index).url}/1/seats/stream`, {
    headers: { ...bearer(userId), ...(version !== undefined && { 'last-event-id': version }) },
    signal: stop.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const events: Watcher['events'] = [];
  const over = readEvents(response, events).catch(() => {});
  return {
    events,
    over,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await over;
    },
  };
}

async function readEvents(response: Response, events: Watcher['events']): Promise<void> {
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text.slice(0, end))?.[1];
      const [event, data] = [field('event'), field('data')];
      if (event !== undefined)
        events.push({ event, id: field('id'), data: JSON.parse(data ?? '{}') as SeatChanges });
      text = text.slice(end + 2);
    }
  }
}

/** The map with the changes, checked for gaps. */
function applied(map: JsonMap, events: Watcher['events']): JsonMap {
  let { version } = map;
  const free = new Set(map.seats);
  for (const { event, id, data } of events) {
    expect([event, data.since, data.version]).toEqual(['seats', version, id]);
    for (const [seatNo, state] of data.changes) {
      if (state === 0) free.add(seatNo);
      else free.delete(seatNo);
    }
    ({ version } = data);
    expect(data.remaining).toBe(free.size);
  }
  return { ...map, version, remaining: free.size, seats: [...free].toSorted((a, b) => a - b) };
}

async function untilTold(watcher: Watcher, remaining: number): Promise<void> {
  await until(`${remaining} are left`, () => watcher.events.at(-1)?.data.remaining === remaining);
}

describe('the stream', () => {
  test('leads from the map that one has to the map that there is', async () => {
    const map = await jsonMap();
    await using watcher = await watch(map.version);
    await holdSeats([1, 2]);
    await holdSeats([30], 1);
    await untilTold(watcher, 47);
    expect(applied(map, watcher.events)).toEqual(await jsonMap());
  });

  test('sends one event for what happens at the same moment, and no more than four a second', async () => {
    const map = await jsonMap();
    await using watcher = await watch(map.version);
    const startedMs = performance.now();
    for (let seatNo = 1; seatNo <= 40; seatNo += 4) {
      await Promise.all([0, 1, 2, 3].map((more) => holdSeats([seatNo + more])));
    }
    await untilTold(watcher, 10);
    const seconds = (performance.now() - startedMs) / 1000;
    expect(watcher.events.length).toBeLessThanOrEqual(2 + Math.floor(seconds * 4));
    expect(applied(map, watcher.events).remaining).toBe(10);
  });

  test('goes on where one was cut off, with nothing missing', async () => {
    const map = await jsonMap();
    const first = await watch(map.version);
    await holdSeats([1]);
    await untilTold(first, 49);
    await first[Symbol.asyncDispose]();
    const had = applied(map, first.events);
    for (const seatNo of [2, 3, 4]) {
      await holdSeats([seatNo]);
      await until('it is published', async () => !(await jsonMap()).seats.includes(seatNo));
    }
    await using second = await watch(had.version);
    await untilTold(second, 46);
    expect(second.events[0]?.data.changes.length).toBe(3);
    expect(applied(had, second.events)).toEqual(await jsonMap());
  });

  test('says reload, or leads to the exact map, when one comes from another instance', async () => {
    for (let round = 0; round < 6; round++) {
      const map = await jsonMap(round % 2);
      await holdSeats([round * 4 + 1, round * 4 + 2], round % 2);
      await using watcher = await watch(map.version, (round + 1) % 2);
      await until('it was told something', () => watcher.events.length > 0);
      if (watcher.events[0]?.event === 'reload') continue;
      await untilTold(watcher, 48 - round * 2);
      expect(applied(map, watcher.events)).toMatchObject(await jsonMap((round + 1) % 2));
    }
  });

  test('says reload to one without a map', async () => {
    await using watcher = await watch(undefined);
    await until('it was told something', () => watcher.events.length > 0);
    expect(watcher.events).toEqual([{ event: 'reload', id: undefined, data: {} }]);
  });

  test('says reload and ends when the instance may have missed something', async () => {
    const map = await jsonMap();
    await using watcher = await watch(map.version);
    await until('it listens', () => watcher.events.length > 0);
    for (const projection of at(0).counter.projections) projection.lost();
    await watcher.over;
    expect(watcher.events.map(({ event }) => event)).toEqual(['seats', 'reload']);
  });

  test('ends soon after the turn, and not before', async () => {
    const map = await jsonMap();
    const [leaving, staying] = [newUuid(), newUuid()];
    await using first = await watch(map.version, 0, leaving);
    await using second = await watch(map.version, 0, staying);
    await until('the turns are looked at', () => looks.filter((userId) => userId === leaving).length > 2);
    ended.set(leaving, 'over');
    await first.over;
    await holdSeats([1]);
    await untilTold(second, 49);
    expect(first.events).toHaveLength(1);
  });

  test('is for whoever has a turn', async () => {
    const waiting = newUuid();
    ended.set(waiting, 'waiting');
    expect((await get('/1/seats/stream', bearer(waiting))).response.status).toBe(403);
  });
});
