/** What every store of the line must do. Run by the store's own test, on two instances of it. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Line } from './line.ts';
import { describeTurns } from './line-turns.contract.ts';
import {
  ACTIVE_TTL_MS,
  type Bench,
  capacity,
  type LineHarness,
  type Person,
  purchaseOf,
  rate,
  unlimited,
  useBench,
} from './line-bench.contract.ts';

export function describeLine(store: string, create: () => Promise<LineHarness>): void {
  describe(`the line on ${store}`, () => {
    const bench = useBench(create);
    describeJoining(bench);
    describeTurns(bench);
    describeOrganiser(bench);
    describeChurn(bench);
  });
}

function describeJoining(bench: Bench): void {
  describe('joining', () => {
    test('a newcomer to an idle room is let in at once, until the bucket is empty', async () => {
      await bench.open(rate(2));
      const joined = [
        await bench.joinOne(),
        await bench.joinOne(undefined, bench.two),
        await bench.joinOne(),
      ];
      expect(joined.map((each) => each.state)).toEqual(['ACTIVE', 'ACTIVE', 'WAITING']);
      expect(joined.map((each) => each.place.number)).toEqual([1, 2, 3]);
      expect(joined.map((each) => each.view.head)).toEqual([1, 2, 2]);
      const left = Date.parse(joined[0]?.turnExpiresAt ?? '') - Date.now();
      expect(Math.abs(left - ACTIVE_TTL_MS)).toBeLessThan(10_000);
      expect(joined[2]?.turnExpiresAt).toBeNull();
      await bench.expectExactCounters();
    });

    test('a set keeps the order of the requests, and lets in the first of them', async () => {
      await bench.open(capacity(2));
      const people = Array.from({ length: 4 }, () => randomUUID());
      const joined = await bench.join([...people, ...people]);
      expect(joined.map((each) => each.place.number)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
      expect(joined.map((each) => each.fresh)).toEqual([true, true, true, true, false, false, false, false]);
      const states = ['ACTIVE', 'ACTIVE', 'WAITING', 'WAITING'];
      expect(joined.map((each) => each.state)).toEqual([...states, ...states]);
      await bench.expectExactCounters();
    });

    test('whoever joins again has the same place, with whatever became of it', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      expect(await bench.joinOne(first.userId, bench.two)).toMatchObject({
        fresh: false,
        place: first.place,
        state: 'ACTIVE',
      });
      expect(await bench.joinOne(second.userId, bench.two)).toMatchObject({
        fresh: false,
        place: second.place,
        state: 'WAITING',
      });
      await bench.one.leave([first.place]);
      expect(await bench.joinOne(second.userId)).toMatchObject({
        fresh: false,
        place: second.place,
        state: 'ACTIVE',
      });
      expect(await bench.joinOne(first.userId)).toMatchObject({
        fresh: true,
        place: { number: 3 },
        state: 'WAITING',
      });
    });

    test('one person who joins from 50 devices at once gets one place', async () => {
      await bench.open(unlimited);
      const userId = randomUUID();
      const joined = await Promise.all(
        Array.from({ length: 50 }, (_, i) => bench.joinOne(userId, i % 2 ? bench.one : bench.two)),
      );
      expect(joined.filter((each) => each.fresh)).toHaveLength(1);
      expect(new Set(joined.map((each) => each.place.number))).toEqual(new Set([1]));
      expect(await bench.harness.count(bench.room)).toEqual({ waiting: 0, active: 1 });
    });

    test('rooms count by themselves, in one set too', async () => {
      await bench.open(unlimited);
      const { room } = bench;
      const other = `${room}-b`;
      await bench.one.createRoom(other, rate(1), 'OPEN');
      const [a, b] = [randomUUID(), randomUUID()];
      const requests = [other, room, other, room].map((name, i) => ({ room: name, userId: i < 2 ? a : b }));
      const outcomes = await bench.two.join(requests);
      expect(outcomes).toMatchObject([
        { place: { room: other, number: 1 }, state: 'ACTIVE' },
        { place: { room, number: 1 }, state: 'ACTIVE' },
        { place: { room: other, number: 2 }, state: 'WAITING' },
        { place: { room, number: 2 }, state: 'ACTIVE' },
      ]);
    });

    test('nobody joins a room that does not exist or is closed', async () => {
      await bench.open(unlimited);
      const { userId, place } = await bench.joinOne();
      const { room } = bench;
      await bench.one.changeRoom(room, { state: 'CLOSED' });
      const outcomes = await bench.two.join([
        { room: 'nowhere', userId },
        { room, userId: randomUUID() },
        { room, userId },
      ]);
      expect(outcomes).toMatchObject([
        { outcome: 'refused', problem: 'queue.room-not-found' },
        { outcome: 'refused', problem: 'queue.room-closed' },
        { outcome: 'joined', place, fresh: false },
      ]);
    });
  });
}

function describeOrganiser(bench: Bench): void {
  describe('the organiser’s hand', () => {
    test('a scheduled sale finds its room open, and a room that was there keeps its policy', async () => {
      await bench.open(capacity(1));
      const there = (await bench.joinOne()).place.room;
      const fresh = `${there}-sale`;
      const open = (line: Bench['one']) =>
        bench.harness.transaction((tx) => line.openRooms(tx, [fresh, there, fresh], capacity(7)));
      await open(bench.one);
      await open(bench.two);
      const rooms = await bench.one.rooms();
      const capacities = new Map(rooms.map((view) => [view.room, view.policy.capacity]));
      expect([capacities.get(there), capacities.get(fresh)]).toEqual([1, 7]);
    });

    test('a room is made once', async () => {
      expect(await bench.one.createRoom(bench.room, capacity(3), 'PAUSED')).toBe(true);
      expect(await bench.two.createRoom(bench.room, capacity(9), 'OPEN')).toBe(false);
      expect(await bench.view()).toMatchObject({
        state: 'PAUSED',
        policy: { capacity: 3 },
        head: 0,
        lastNumber: 0,
      });
    });

    test('paused: people join and nobody is let in; resumed: they are, in order', async () => {
      await bench.open(unlimited);
      await bench.two.changeRoom(bench.room, { state: 'PAUSED' });
      const joined = await bench.join(3);
      await bench.one.tick();
      expect(joined.map((each) => each.state)).toEqual(['WAITING', 'WAITING', 'WAITING']);
      expect(await bench.two.changeRoom(bench.room, { state: 'OPEN' })).toMatchObject({
        outcome: 'changed',
        view: { head: 3, active: 3 },
      });
      await bench.expectExactCounters();
    });

    test('closed: turns go on, nobody follows', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      await bench.one.changeRoom(bench.room, { state: 'CLOSED' });
      expect(await bench.spend([purchaseOf(first)])).toEqual(['done']);
      await bench.one.tick();
      expect(await bench.stateOf(second.place)).toEqual(['WAITING']);
    });

    test('a larger capacity lets in at once, a smaller one lets nobody in', async () => {
      await bench.open(capacity(1));
      const joined = await bench.join(6);
      expect(await bench.two.changeRoom(bench.room, { policy: capacity(4) })).toMatchObject({
        view: { head: 4, active: 4 },
      });
      await bench.two.changeRoom(bench.room, { policy: { capacity: 2 } });
      await bench.one.leave(joined.slice(0, 2).map((each) => each.place));
      expect(await bench.view()).toMatchObject({ head: 4, active: 2 });
      await bench.one.leave(joined.slice(2, 3).map((each) => each.place));
      expect(await bench.view()).toMatchObject({ head: 5, active: 2 });
      await bench.expectExactCounters();
    });

    test('a new rate takes over what is in the bucket, cut to its own measure', async () => {
      await bench.open(rate(2));
      await bench.join(20);
      expect(await bench.two.changeRoom(bench.room, { policy: rate(10) })).toMatchObject({
        view: { head: 2 },
      });
      await bench.one.changeRoom(bench.room, {
        policy: { rateCount: null, rateWindowMs: null, capacity: 5 },
      });
      expect(await bench.view()).toMatchObject({ head: 5, policy: { rateCount: null, capacity: 5 } });
      await bench.one.changeRoom(bench.room, {
        policy: { capacity: null, rateCount: 3, rateWindowMs: 3_600_000 },
      });
      expect(await bench.view()).toMatchObject({ head: 8 });
      await bench.expectExactCounters();
    });

    test('up to the change the old rate holds, from it on the new one', async () => {
      await bench.open(rate(2));
      await bench.join(20);
      await bench.harness.advance(1.5 * 3_600_000);
      const fast = { rateCount: 10, rateWindowMs: 3_600_000 };
      expect(await bench.two.changeRoom(bench.room, { policy: fast })).toMatchObject({ view: { head: 3 } });
      await bench.harness.advance(360_000);
      await bench.one.tick();
      expect(await bench.view()).toMatchObject({ head: 4 });
    });

    test('there is no half a rate, and no room that was never made', async () => {
      await bench.open(rate(2));
      expect(await bench.one.changeRoom(bench.room, { policy: { rateCount: null } })).toMatchObject({
        problem: 'request.invalid',
      });
      expect(await bench.one.changeRoom('nowhere', {})).toMatchObject({ problem: 'queue.room-not-found' });
    });
  });
}

function describeChurn(bench: Bench): void {
  test('under churn: in order, never above the capacity, counters exact', async () => {
    const most = 7;
    await bench.open(capacity(most));
    const everybody: Person[] = [];
    const churning = new AbortController();
    const overshoots: number[] = [];
    const watch = (async () => {
      while (!churning.signal.aborted) {
        const { active } = await bench.harness.count(bench.room);
        if (active > most) overshoots.push(active);
      }
    })();
    const crowd = async (line: Line) => {
      for (let round = 0; round < 12; round++) {
        everybody.push(...(await bench.join(3, line)));
        const view = await bench.view(line);
        const called = everybody.filter((each) => each.place.number <= (view?.head ?? 0));
        const [spending, leaving] = [called.at(-1 - (round % 3)), everybody.at(-1 - (round % 5))];
        if (spending !== undefined) await bench.spend([purchaseOf(spending)], line);
        if (leaving !== undefined) await line.leave([leaving.place]);
        await line.tick();
      }
    };
    await Promise.all([crowd(bench.one), crowd(bench.two), crowd(bench.one)]);
    churning.abort();
    await watch;
    expect(overshoots).toEqual([]);
    expect(everybody.map((each) => each.place.number).toSorted((a, b) => a - b)).toEqual(
      everybody.map((_, i) => i + 1),
    );
    const head = (await bench.view())?.head ?? 0;
    const turns = await bench.one.turns(everybody.map((each) => each.place));
    const called = (index: number) => (everybody[index]?.place.number ?? 0) <= head;
    expect(turns.filter((turn, i) => turn?.state === 'WAITING' && called(i))).toEqual([]);
    expect(
      turns.filter((turn, i) => turn?.state !== 'WAITING' && turn?.state !== 'LEFT' && !called(i)),
    ).toEqual([]);
    await bench.expectExactCounters();
  });
}
