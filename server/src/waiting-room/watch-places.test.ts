/** Goal: what streams are told, how often, and at what cost. Time, views and turns are the test's. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { PlaceEvent, PlaceState, RoomEvent } from '#contract/http/queue.ts';
import { createLogRecorder, type LogRecorder } from '../../test/support/log-recorder.ts';
import { DepartedNumbers } from './departed-numbers.ts';
import type { Turn } from './line.ts';
import type { Holder } from './place-token.ts';
import type { RoomView } from './room.ts';
import { aheadOf, calledStanding, waitingStanding } from './standing.ts';
import { createPlaceWatch, type PlaceWatch } from './watch-places.ts';

const base: RoomView = {
  room: 'main',
  epoch: 1,
  epochStarts: [1],
  state: 'OPEN',
  opensAt: null,
  head: 10,
  lastNumber: 1_000,
  waiting: 990,
  active: 10,
  admitted: 10,
  departed: 0,
  policy: { rateCount: null, rateWindowMs: null, capacity: 10 },
  pace: { count: 0, spanMs: 0 },
};

interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: Partial<PlaceEvent> & Partial<RoomEvent>;
}

/** A client: what it was sent, and where it thinks that it stands by the arithmetic of the documents. */
class Client {
  readonly frames: Buffer[] = [];
  readonly over = new AbortController();
  isEnded = false;

  send(frame: Buffer): void {
    this.frames.push(frame);
  }
  end(): void {
    this.isEnded = true;
    this.over.abort();
  }
  get told(): Told[] {
    return this.frames.map((frame) => {
      const [event = '', id = '', data = ''] = String(frame).trimEnd().split('\n');
      const from = (line: string) => line.slice(line.indexOf(' ') + 1);
      return { event: from(event), id: from(id), data: JSON.parse(from(data)) as Told['data'] };
    });
  }
  get aheads(): number[] {
    let [ahead, admitted] = [0, 0];
    return this.told.map(({ event, data }) => {
      if (event === 'place') [ahead, admitted] = [data.ahead ?? 0, data.admitted ?? 0];
      return ahead - ((data.admitted ?? 0) - admitted);
    });
  }
}

describe('places that are watched', () => {
  let nowMs = 0;
  let sleeping: { atMs: number; wake: () => void }[] = [];
  let pauses = 0;
  let finds = 0;
  let looks: string[][] = [];
  let views: Map<string, RoomView>;
  let departed: Map<string, DepartedNumbers>;
  let turns: Map<string, Turn>;
  let failure: Error | undefined;
  let lookFailure: Error | undefined;
  let log: LogRecorder;
  let hub: PlaceWatch;

  beforeEach(() => {
    [nowMs, sleeping, pauses, finds, looks] = [0, [], 0, 0, []];
    [failure, lookFailure] = [undefined, undefined];
    views = new Map([['main', base]]);
    departed = new Map([['main', new DepartedNumbers()]]);
    turns = new Map();
    log = createLogRecorder();
    hub = createPlaceWatch({
      views: {
        find: (room) => {
          finds++;
          return failure === undefined ? Promise.resolve(knownOf(room)) : Promise.reject(failure);
        },
      },
      turns: {
        look: ({ userId }) => {
          looks.at(-1)?.push(userId);
          const away = failure ?? lookFailure;
          return away === undefined ? Promise.resolve(turns.get(userId)) : Promise.reject(away);
        },
      },
      clock: {
        monotonicMs: () => nowMs,
        wallMs: () => nowMs,
        sleep: (ms) => {
          if (ms === 0) pauses++;
          return ms === 0
            ? Promise.resolve()
            : new Promise((wake) => void sleeping.push({ atMs: nowMs + ms, wake: () => wake() }));
        },
      },
      logger: log.logger,
    });
  });

  const knownOf = (room: string) => {
    const [view, numbers] = [views.get(room), departed.get(room)];
    return view === undefined || numbers === undefined ? undefined : { view, departed: numbers };
  };
  const holderOf = (number: number, room = 'main'): Holder => ({
    userId: `user ${number}`,
    place: { room, epoch: 1, number },
  });
  const move = (change: Partial<RoomView>) =>
    views.set('main', { ...(views.get('main') ?? base), ...change });
  /** Lets in so many, who are the next ones that did not leave. */
  function admit(count: number): void {
    const view = views.get('main') ?? base;
    let head = view.head;
    for (let left = count; left > 0;) if (departed.get('main')?.has(++head) !== true) left--;
    move({ head, admitted: view.admitted + count });
  }
  function leave(number: number): void {
    departed.get('main')?.add(number);
    move({ departed: (views.get('main') ?? base).departed + 1 });
  }
  const turnOf = (number: number, state: PlaceState, expiresAt: string | null = null) =>
    turns.set(`user ${number}`, {
      epoch: 1,
      userId: `user ${number}`,
      state,
      claimed: true,
      expiresAt,
      expiresInMs: null,
      holdsForMs: null,
    });

  function watch(number: number, room = 'main'): Client {
    const client = new Client();
    const known = knownOf(room);
    if (known === undefined) throw new Error(`there is no ${room}`);
    const standing =
      number > known.view.head
        ? waitingStanding(known.view, number, aheadOf(known, number), nowMs)
        : calledStanding(known.view, turns.get(`user ${number}`)?.state ?? 'ACTIVE', null, number);
    hub.watch(holderOf(number, room), standing, client, client.over.signal);
    return client;
  }
  async function pass(seconds = 1): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      nowMs += 1_000;
      looks.push([]);
      const due = sleeping.filter(({ atMs }) => atMs <= nowMs);
      sleeping = sleeping.filter(({ atMs }) => atMs > nowMs);
      for (const { wake } of due) wake();
      await new Promise(setImmediate);
    }
  }

  test('the first event is the whole standing; the room follows within a second', async () => {
    const client = watch(15);
    expect(client.told).toEqual([
      {
        event: 'place',
        id: '1.10.0',
        data: expect.objectContaining({
          userId: 'user 15',
          room: 'main',
          number: 15,
          state: 'WAITING',
          ahead: 4,
          roomState: 'OPEN',
          admitted: 10,
        }),
      },
    ]);
    await pass();
    expect(client.told[1]).toEqual({
      event: 'room',
      id: '1.10.0',
      data: { head: 10, admitted: 10, waiting: 990, state: 'OPEN', admittedPerMinute: null },
    });
  });

  test('when the room moves all who wait get the very same frame, and it is looked at once a second', async () => {
    const clients = Array.from({ length: 900 }, (_, index) => watch(101 + index));
    await pass(3);
    expect(finds).toBe(3);
    expect(clients.every(({ frames }) => frames.length === 2)).toBe(true);
    admit(5);
    admit(2);
    await pass();
    expect(new Set(clients.map(({ frames }) => frames[2])).size).toBe(1);
    expect(clients[0]?.told[2]).toMatchObject({
      event: 'room',
      id: '1.17.0',
      data: { head: 17, admitted: 17 },
    });
    expect(clients.map(({ aheads }) => aheads)).toEqual(clients.map((_, i) => [90 + i, 90 + i, 83 + i]));
    expect(finds).toBe(4);
  });

  test('while nothing moves nothing is sent; what else is news of a room is', async () => {
    const client = watch(15);
    await pass(10);
    expect(client.frames).toHaveLength(2);
    move({ waiting: 3 });
    await pass();
    expect(client.told.slice(2)).toMatchObject([{ event: 'room', data: { waiting: 3 } }]);
  });

  test('when the room is paused or put off everybody is told their place anew, without an estimate', async () => {
    const client = watch(15);
    await pass();
    move({ state: 'PAUSED' });
    await pass();
    const opensAt = new Date(nowMs + 60_000).toISOString();
    move({ state: 'OPEN', opensAt });
    await pass();
    const [paused, putOff] = client.told.slice(2);
    expect(paused).toMatchObject({ event: 'place', data: { roomState: 'PAUSED' } });
    expect(putOff).toMatchObject({ event: 'place', data: { roomState: 'OPEN', roomOpensAt: opensAt } });
    expect(putOff?.data).not.toHaveProperty('estimatedWaitMs');
    await pass(60);
    expect(client.told.at(-1)?.data).not.toHaveProperty('roomOpensAt');
  });

  test('the estimate is told anew every 15 seconds, though nothing moves', async () => {
    const client = watch(15);
    await pass(31);
    expect(client.told.filter(({ event }) => event === 'place')).toHaveLength(3);
  });

  test('only those behind somebody who left are told their place anew', async () => {
    const [before, behind] = [watch(15), watch(30)];
    await pass();
    leave(20);
    await pass();
    expect(before.told.at(-1)?.event).toBe('room');
    expect(behind.told.at(-1)).toMatchObject({
      event: 'place',
      id: '1.10.1',
      data: { ahead: 18, admitted: 10 },
    });
    admit(4);
    await pass();
    expect([before.told.at(-1)?.event, behind.told.at(-1)?.event]).toEqual(['room', 'room']);
    expect([before.aheads.at(-1), behind.aheads.at(-1)]).toEqual([0, 14]);
  });

  test('by that arithmetic every client knows its place at every moment, and it never rises', async () => {
    const clients = Array.from({ length: 60 }, (_, index) => ({
      number: 100 + index,
      client: watch(100 + index),
    }));
    for (let second = 0; second < 30; second++) {
      if (second % 3 !== 1) admit(1 + (second % 4));
      if (second % 4 === 0) leave(60 + 3 * second);
      if (second === 10) for (let number = 11; number < 20; number++) departed.get('main')?.add(number);
      await pass();
      const known = knownOf('main');
      for (const { number, client } of clients) {
        if (known === undefined || client.isEnded || number <= known.view.head) continue;
        expect(client.aheads.at(-1)).toBe(aheadOf(known, number));
      }
    }
    for (const { client } of clients) expect(client.aheads).toEqual(client.aheads.toSorted((a, b) => b - a));
  });

  test('whoever is let in is told at once, and not as one of those who wait', async () => {
    const [next, other] = [watch(11), watch(12)];
    await pass();
    turnOf(11, 'ACTIVE', '2027-01-01T00:00:00.000Z');
    admit(1);
    await pass();
    expect(next.told.slice(2)).toMatchObject([
      { event: 'place', data: { state: 'ACTIVE', ahead: 0, turnExpiresAt: '2027-01-01T00:00:00.000Z' } },
    ]);
    expect(other.aheads.at(-1)).toBe(0);
    expect(looks.at(-1)).toEqual(['user 11']);
  });

  test('turns are looked at as one set every other second, and told when they change', async () => {
    for (let number = 1; number <= 5; number++) turnOf(number, 'ACTIVE');
    const clients = [1, 2, 3, 4, 5].map((number) => watch(number));
    await pass(6);
    const all = clients.map((_, index) => `user ${index + 1}`);
    expect(looks).toEqual([[], all, [], all, [], all]);
    expect(clients.map(({ frames }) => frames.length)).toEqual([1, 1, 1, 1, 1]);
    turnOf(3, 'ACTIVE', '2027-01-01T00:00:00.000Z');
    await pass(2);
    expect(clients[2]?.told.at(-1)?.data.turnExpiresAt).toBe('2027-01-01T00:00:00.000Z');
    expect(clients.map(({ frames }) => frames.length)).toEqual([1, 1, 2, 1, 1]);
  });

  test.each(['SPENT', 'EXPIRED', 'LEFT'] as const)(
    'a place that is over (%s) is told so, and its stream ends',
    async (state) => {
      turnOf(1, 'ACTIVE');
      const client = watch(1);
      turnOf(1, state);
      await pass(2);
      expect(client.told.at(-1)).toMatchObject({ event: 'place', data: { state } });
      expect(client.isEnded).toBe(true);
    },
  );

  test('so is that of somebody who left elsewhere, and of a number that never was', async () => {
    const [gone, unknown] = [watch(20), watch(11)];
    leave(20);
    admit(1);
    await pass();
    expect(gone.told.at(-1)?.data.state).toBe('LEFT');
    expect(unknown.told.at(-1)?.data.state).toBe('EXPIRED');
    expect([gone, unknown].every(({ isEnded }) => isEnded)).toBe(true);
  });

  test('when the room has a new epoch a place that is lost is over, and who is in line goes on as before', async () => {
    const [inLine, lost] = [watch(499), watch(500)];
    turnOf(500, 'ACTIVE');
    move({ epoch: 2, epochStarts: [1, 500] });
    admit(3);
    await pass();
    expect([lost.told.at(-1)?.data.state, lost.isEnded]).toEqual(['EXPIRED', true]);
    expect(inLine.told).toMatchObject([{ event: 'place' }, { event: 'room', id: '2.13.0' }]);
  });

  test('a place that is over when the stream begins is told, and nothing is watched', () => {
    turnOf(1, 'SPENT');
    const client = watch(1);
    expect([client.told.length, client.isEnded, sleeping.length]).toEqual([1, true, 0]);
  });

  test('while nobody watches nothing runs, and it begins again with the next', async () => {
    await pass(5);
    expect([finds, sleeping.length]).toEqual([0, 0]);
    const client = watch(15);
    await pass(2);
    client.end();
    await pass(2);
    expect([finds, sleeping.length]).toEqual([2, 0]);
    watch(16);
    await pass(2);
    expect([finds, sleeping.length]).toEqual([4, 1]);
    expect(client.frames).toHaveLength(2);
  });

  test('what was moved before the stream could be told is told with its first tick', async () => {
    const early = watch(30);
    await pass();
    const known = knownOf('main');
    const standing = waitingStanding(base, 40, known === undefined ? 0 : aheadOf(known, 40), nowMs);
    admit(3);
    await pass();
    const late = new Client();
    hub.watch(holderOf(40), standing, late, late.over.signal);
    await pass();
    expect([early.aheads.at(-1), late.aheads.at(-1)]).toEqual([16, 26]);
  });

  test('while the store is away nothing is sent; it is said once, and then it goes on', async () => {
    const client = watch(15);
    await pass();
    failure = new Error('the database is away');
    admit(2);
    await pass(5);
    expect(client.frames).toHaveLength(2);
    expect(log.lines).toEqual([expect.objectContaining({ level: 'warn', fields: { err: failure } })]);
    failure = undefined;
    await pass();
    expect(client.aheads).toEqual([4, 4, 2]);
  });

  test('while turns cannot be looked at it is said once; those who wait are told all the same', async () => {
    turnOf(1, 'ACTIVE');
    const [inside, waiting] = [watch(1), watch(15)];
    lookFailure = new Error('the database is away');
    turnOf(1, 'SPENT');
    admit(2);
    await pass(6);
    expect(log.lines).toEqual([expect.objectContaining({ level: 'warn', fields: { err: lookFailure } })]);
    expect([inside.frames.length, waiting.aheads.at(-1)]).toEqual([1, 2]);
    lookFailure = undefined;
    await pass(2);
    expect(inside.told.at(-1)?.data.state).toBe('SPENT');
  });

  test('five hundred frames are written at a time, and others get their turn in between', async () => {
    const clients = Array.from({ length: 1_200 }, (_, index) => watch(101 + index));
    await pass();
    expect(clients.every(({ frames }) => frames.length === 2)).toBe(true);
    expect(pauses).toBe(2);
  });
});
