/** Goal: what a client hears over real connections, of two instances on one database. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { RoomTerms } from '#contract/http/queue.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createEdge, type Edge } from '../../test/support/edge.ts';
import { type EventClient, type HeardEvent, openEvents } from '../../test/support/event-client.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createTokenSigner, type TokenSigner } from '../platform/signed-token.ts';
import { createWaitingRoom, type InLine, type WaitingRoom } from './index.ts';
import { queueRoutes } from './routes.ts';

const CALL = { requestId: randomUUID(), address: '127.0.0.1' };
/** No silence is longer, so that a test need not wait for it. */
const SILENCE_MS = 1_500;

interface Instance {
  readonly edge: Edge;
  readonly url: string;
  readonly waitingRoom: WaitingRoom;
  /** The statements that only read, in order. */
  readonly asked: string[];
  /** What it knows of the rooms stays as new as it is. */
  hold(): void;
  goOn(): void;
}

function createCounted(database: Database, signer: TokenSigner) {
  const asked: string[] = [];
  let heldAtMs: number | undefined;
  const counted: Database = {
    ...database,
    rows: (statement, values) => {
      asked.push(statement.name);
      return database.rows(statement, values);
    },
  };
  const waitingRoom = createWaitingRoom({
    database: counted,
    clock: { ...systemClock, monotonicMs: () => heldAtMs ?? systemClock.monotonicMs() },
    logger: createLogRecorder().logger,
    observe: () => {},
    signer,
    defaultPolicy: { rateCount: null, rateWindowMs: null, capacity: 1 },
    activeTtlMs: 600_000,
    claimWindowMs: 120_000,
    onLoss: () => {},
    record: () => {},
  });
  return {
    asked,
    waitingRoom,
    hold: () => {
      heldAtMs = systemClock.monotonicMs();
    },
    goOn: () => {
      heldAtMs = undefined;
    },
  };
}

async function startInstance(database: Database): Promise<Instance> {
  // The key of every edge.
  const signer = createTokenSigner([{ kid: 'k1', secret: Buffer.alloc(32, 7) }], systemClock);
  const counted = createCounted(database, signer);
  const { waitingRoom } = counted;
  const edge = await createEdge({
    waitingRoom: () => waitingRoom,
    routes: (app, door, streams) => queueRoutes(app, { waitingRoom, door, streams }),
    streamBounds: { silenceMsMax: SILENCE_MS, sweepMs: 100 },
  });
  const port = await edge.listen();
  return { ...counted, edge, url: `http://127.0.0.1:${port}/api/v1/queue/tokens/me` };
}

type Person = InLine & { readonly userId: string };

function nth<T>(list: readonly T[], index: number): T {
  const found = list[index];
  assert(found !== undefined);
  return found;
}

/** Where a client thinks that it stands, after each event, by the arithmetic of the documents. */
function aheads(events: readonly HeardEvent[]): number[] {
  let [ahead, admitted] = [0, 0];
  return events.map(({ event, data }) => {
    if (event === 'place') [ahead, admitted] = [Number(data['ahead']), Number(data['admitted'])];
    return ahead - (Number(data['admitted']) - admitted);
  });
}

describe('a stream of one’s place', () => {
  let db: TestDatabase;
  let one: Instance;
  let two: Instance;
  let room = '';

  beforeAll(async () => {
    db = await createTestDatabase();
    one = await startInstance(db.database);
    two = await startInstance(await db.open());
  });
  afterAll(async () => {
    for (const { edge } of [one, two]) await edge[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    room = `r-${randomUUID().slice(0, 8)}`;
    await one.waitingRoom.createRoom(room, {}, CALL);
  });

  const change = (terms: RoomTerms) => one.waitingRoom.changeRoom(room, terms, CALL);
  async function join(): Promise<Person> {
    const userId = randomUUID();
    const outcome = await one.waitingRoom.join(userId, room);
    if (outcome.outcome === 'refused') throw new Error(outcome.problem);
    return { ...outcome, userId };
  }
  const joinMany = (count: number) => Promise.all(Array.from({ length: count }, join));
  async function listen({ token }: Person, { url } = one, lastEventId?: string): Promise<EventClient> {
    const client = await openEvents(`${url}/stream`, {
      token,
      ...(lastEventId !== undefined && { lastEventId }),
    });
    onTestFinished(() => client[Symbol.dispose]());
    return client;
  }
  async function poll({ token }: Person, { url } = one, tag?: string) {
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, ...(tag !== undefined && { 'if-none-match': tag }) },
    });
    const text = await answer.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: answer.status, tag: answer.headers.get('etag') ?? '', body };
  }

  test('one’s place falls as people are let in: one query a second, however many listen', async () => {
    const [, ...people] = await joinMany(31);
    const clients = await Promise.all(people.map((person) => listen(person)));
    const [last] = clients.slice(-1);
    expect(last?.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(last?.retryMs).toBeGreaterThanOrEqual(2_000);
    await last?.until('the place is told', ({ event }) => event === 'place');
    one.asked.length = 0;
    const startedMs = performance.now();
    for (const capacity of [6, 11, 16]) {
      await change({ capacity });
      const admitted = capacity;
      await last?.until('the room has moved', ({ data }) => data['admitted'] === admitted);
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    const reads = one.asked.filter((name) => name === 'waiting-room.list-rooms');
    expect(reads.length).toBeGreaterThanOrEqual(2);
    expect(reads.length).toBeLessThanOrEqual(Math.ceil(seconds));
    expect(one.asked.filter((name) => name === 'waiting-room.departures')).toEqual([]);

    for (const [index, client] of clients.entries()) {
      const told = aheads(client.events);
      expect(told).toEqual(told.toSorted((a, b) => b - a));
      if (index >= 15) expect(told.at(-1)).toBe(index - 15);
    }
    expect(last?.events.filter(({ event }) => event === 'place')).toHaveLength(1);
    const turn = await clients[0]?.until('it is their turn', ({ data }) => data['state'] === 'ACTIVE');
    expect(Date.parse(String(turn?.data['turnExpiresAt'])) - Date.now()).toBeGreaterThan(500_000);
  });

  test('it can be read event by event, and tells that it is over before it ends', async () => {
    const [first, second] = [await join(), await join()];
    const client = await listen(second, two);
    const heard: unknown[] = [];
    await one.waitingRoom.leave(first);
    for await (const { event, data } of client) {
      if (event !== 'place') continue;
      heard.push(data['state']);
      if (data['state'] === 'ACTIVE') await one.waitingRoom.leave(second);
    }
    expect(heard).toEqual(['WAITING', 'ACTIVE', 'LEFT']);
    expect(await listen(second, two)).toMatchObject({ status: 204, text: '' });
  });

  test('while nothing moves there are heartbeats', async () => {
    const person = nth(await joinMany(2), 1);
    const client = await listen(person);
    await until('two heartbeats are heard', () => client.comments >= 2);
    expect(client.events.map(({ event }) => event)).toEqual(['place', 'room']);
  });

  test('a stream goes on from where another one ended, at an instance that has not heard of it', async () => {
    const people = await joinMany(12);
    const person = nth(people, 11);
    const before = await listen(person);
    await two.waitingRoom.standing(person);
    two.hold();
    onTestFinished(() => two.goOn());
    await one.waitingRoom.leave(nth(people, 3));
    await change({ capacity: 4 });
    const { id } = await before.until('the line has moved', ({ id: version }) => version.endsWith('.1'));
    const ignorant = await listen(person, two);
    const stale = await ignorant.until('the place is told', ({ event }) => event === 'place');
    expect(stale.data['ahead']).toBe(10);
    ignorant[Symbol.dispose]();
    const after = await listen(person, two, id);
    const place = await after.until('the place is told', ({ event }) => event === 'place');
    expect(place.data['ahead']).toBe(aheads(before.events).at(-1));
    // The same goes for whoever goes on by asking.
    await one.waitingRoom.leave(nth(people, 4));
    const newer = await until('one instance knows', async () => {
      const standing = await one.waitingRoom.standing(person);
      return standing.ahead === Number(place.data['ahead']) - 1 && standing;
    });
    expect((await poll(person, two, `"${id}"`)).body).toMatchObject({ ahead: newer.ahead + 1 });
    expect((await poll(person, two, `"${newer.version}"`)).body).toMatchObject({ ahead: newer.ahead });
    for (const lastEventId of ['', 'x', '99999999999999999999.1.1', '1.1.1, 1.1.2']) {
      const client = await listen(person, two, lastEventId);
      expect(client.status).toBe(200);
      client[Symbol.dispose]();
      await until('it is gone', () => two.edge.streams.count === 1);
    }
  });

  test('the fourth stream of an account is refused, and asking works as before', async () => {
    const person = nth(await joinMany(2), 1);
    for (let i = 0; i < 3; i++) expect((await listen(person)).status).toBe(200);
    const fourth = await listen(person);
    expect(fourth.status).toBe(429);
    expect(JSON.parse(fourth.text)).toMatchObject({ code: 'stream.too-many', status: 429 });
    expect(await poll(person)).toMatchObject({ status: 200, body: { state: 'WAITING', ahead: 0 } });
  });

  test('a token in the address is not looked at', async () => {
    const person = nth(await joinMany(2), 1);
    const { url } = one;
    for (const name of ['token', 'access_token', 'authorization']) {
      const client = await openEvents(`${url}/stream?${name}=${person.token}`, {});
      expect(client.status).toBe(401);
      client[Symbol.dispose]();
    }
  });

  test('an answer that would say the same is not sent again', async () => {
    const people = await joinMany(5);
    const first = await poll(nth(people, 4));
    expect(first.body).toMatchObject({ ahead: 3, roomState: 'OPEN' });
    expect(await poll(nth(people, 4), one, first.tag)).toEqual({ status: 304, tag: first.tag, body: {} });
    expect(await poll(nth(people, 4), two, first.tag)).toMatchObject({ status: 304 });
    expect(await poll(nth(people, 4), two, `"1.0.0", ${first.tag}`)).toMatchObject({ status: 304 });
    // Somebody else’s answer is never the same.
    expect((await poll(nth(people, 3), one, first.tag)).body).toMatchObject({ ahead: 2 });
    await change({ state: 'PAUSED' });
    await until(
      'the other instance has heard',
      async () => (await poll(nth(people, 4), two, first.tag)).status === 200,
    );
  });

  test('over a history of polls and streams at two instances nobody is shown a higher number', async () => {
    const people = await joinMany(40);
    const watched = people.slice(20);
    const shown = new Map<Person, number[]>(watched.map((person) => [person, []]));
    const listOf = (person: Person) => shown.get(person) ?? [];
    const polling = new Map<Person, string>();
    const seen = new Map<Person, EventClient>();
    for (const [index, person] of watched.entries())
      seen.set(person, await listen(person, index % 2 ? one : two));

    for (let round = 0; round < 8; round++) {
      await one.waitingRoom.leave(nth(people, 2 * round + 1));
      if (round % 2 === 0) {
        const admitted = 2 + round;
        await change({ capacity: admitted });
        const [client] = seen.values();
        await client?.until('the line has moved', ({ data }) => data['admitted'] === admitted);
      }
      for (const [index, person] of watched.entries()) {
        const client = seen.get(person);
        const list = listOf(person);
        // Some change from the stream to asking and back, at the other instance.
        if (client !== undefined && (index + round) % 4 === 0) {
          await client.until('a place is told', ({ event }) => event === 'place');
          list.push(...aheads(client.events));
          polling.set(person, `"${client.events.at(-1)?.id}"`);
          client[Symbol.dispose]();
          seen.delete(person);
        } else if (client === undefined && (index + round) % 4 === 3) {
          const version = /"([\d.]+)[ "]/.exec(polling.get(person) ?? '')?.[1];
          seen.set(person, await listen(person, round % 2 ? one : two, version));
        }
        if (seen.has(person)) continue;
        const answer = await poll(person, round % 2 ? two : one, polling.get(person));
        if (answer.status === 200) list.push(Number(answer.body['ahead']));
        polling.set(person, answer.tag);
      }
    }
    for (const [person, client] of seen) {
      await client.until('a place is told', ({ event }) => event === 'place');
      listOf(person).push(...aheads(client.events));
    }
    for (const list of shown.values()) {
      expect(list.length).toBeGreaterThan(2);
      expect(list).toEqual(list.toSorted((a, b) => b - a));
    }
  });
});
