/** The organiser's hand: rooms, policies, states and opening times. Part of line.contract.ts. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Bench, capacity, purchaseOf, rate, unlimited } from './line-bench.contract.ts';
import type { RoomView } from './room.ts';

const HOUR_MS = 3_600_000;

export function describeOrganiser(bench: Bench): void {
  describe('the organiser’s hand', () => {
    describeStates(bench);
    describePolicies(bench);
  });
  describe('an opening time', () => {
    describeOpening(bench);
  });
}

function describeStates(bench: Bench): void {
  test('a scheduled sale finds its room open, and a room that was there keeps its policy', async () => {
    await bench.open(capacity(1));
    const there = (await bench.joinOne()).place.room;
    const fresh = `${there}-sale`;
    const open = (line: Bench['one']) =>
      bench.harness.transaction((tx) => line.openRooms(tx, [fresh, there, fresh], capacity(7)));
    await open(bench.one);
    await open(bench.two);
    const rooms = await bench.one.rooms();
    const found = [there, fresh].map((name) => rooms.find((view) => view.room === name));
    expect(found).toMatchObject([
      { policy: { capacity: 1 } },
      { policy: { capacity: 7 }, state: 'OPEN', opensAt: null },
    ]);
  });

  test('a room is made once', async () => {
    expect(await bench.open(capacity(3), { state: 'PAUSED' })).toBe(true);
    const other = { policy: capacity(9), state: 'OPEN', opensAt: null } as const;
    expect(await bench.two.createRoom(bench.room, other)).toBe(false);
    expect(await bench.view()).toEqual({
      room: bench.room,
      epoch: 1,
      epochStarts: [1],
      state: 'PAUSED',
      opensAt: null,
      policy: capacity(3),
      head: 0,
      lastNumber: 0,
      waiting: 0,
      active: 0,
      admitted: 0,
      departed: 0,
      pace: { count: 0, spanMs: 0 },
    });
  });

  test('what is done to a room is told in the very transaction, with how it was and how it is', async () => {
    const told: (RoomView | undefined)[][] = [];
    const tell = (_: unknown, before: RoomView | undefined, after: RoomView) => {
      told.push([before, after]);
    };
    const setup = { policy: capacity(1), state: 'OPEN', opensAt: null } as const;
    await bench.one.createRoom(bench.room, setup, tell);
    await bench.two.createRoom(bench.room, setup, tell);
    await bench.join(3);
    await bench.one.changeRoom(bench.room, { policy: capacity(2) }, tell);
    await bench.one.changeRoom('nowhere', {}, tell);
    expect(told).toMatchObject([
      [undefined, { room: bench.room, policy: capacity(1), head: 0 }],
      [
        { policy: capacity(1), head: 1, active: 1 },
        { policy: capacity(2), head: 2, active: 2 },
      ],
    ]);
    expect(told[1]?.[1]).toEqual(await bench.view());
  });

  test('what could not be told was not done', async () => {
    const refuse = () => {
      throw new Error('the log is full');
    };
    const setup = { policy: capacity(1), state: 'OPEN', opensAt: null } as const;
    await expect(bench.one.createRoom(bench.room, setup, refuse)).rejects.toThrow('the log is full');
    expect(await bench.view()).toBeUndefined();
    await bench.one.createRoom(bench.room, setup);
    const change = { state: 'CLOSED' } as const;
    await expect(bench.two.changeRoom(bench.room, change, refuse)).rejects.toThrow('the log is full');
    expect(await bench.view()).toMatchObject({ state: 'OPEN' });
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
}

function describePolicies(bench: Bench): void {
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
    await bench.open(rate(20));
    await bench.join(20);
    expect(await bench.two.changeRoom(bench.room, { policy: rate(100) })).toMatchObject({
      view: { head: 2 },
    });
    const none = { rateCount: null, rateWindowMs: null, capacity: 5 };
    await bench.one.changeRoom(bench.room, { policy: none });
    expect(await bench.view()).toMatchObject({ head: 5, policy: { rateCount: null, capacity: 5 } });
    await bench.one.changeRoom(bench.room, {
      policy: { capacity: null, rateCount: 10, rateWindowMs: HOUR_MS },
    });
    expect(await bench.view()).toMatchObject({ head: 6 });
    await bench.expectExactCounters();
  });

  test('a new window counts those who came before it was set, as far as it reaches', async () => {
    await bench.open(capacity(3));
    await bench.join(20);
    await bench.harness.advance(HOUR_MS / 2);
    await bench.one.changeRoom(bench.room, { policy: capacity(5) });
    const rated = { rateCount: 4, rateWindowMs: HOUR_MS, capacity: null };
    expect(await bench.two.changeRoom(bench.room, { policy: rated })).toMatchObject({ view: { head: 5 } });
    await bench.harness.advance(HOUR_MS / 2 - 60_000);
    await bench.one.tick();
    expect(await bench.view()).toMatchObject({ head: 5 });
    await bench.harness.advance(60_000);
    await bench.one.tick();
    expect(await bench.view()).toMatchObject({ head: 6 });
    const wider = { rateCount: 2, rateWindowMs: 10 * HOUR_MS };
    expect(await bench.one.changeRoom(bench.room, { policy: wider })).toMatchObject({ view: { head: 6 } });
    await bench.harness.advance(9 * HOUR_MS);
    await bench.two.tick();
    expect(await bench.view()).toMatchObject({ head: 6 });
  });

  test('up to the change the old rate holds, from it on the new one', async () => {
    await bench.open(rate(20));
    await bench.join(20);
    await bench.harness.advance(1.5 * HOUR_MS);
    const fast = { rateCount: 20, rateWindowMs: HOUR_MS };
    expect(await bench.two.changeRoom(bench.room, { policy: fast })).toMatchObject({ view: { head: 3 } });
    await bench.harness.advance(90_000);
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
}

function describeOpening(bench: Bench): void {
  const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

  test('nobody joins before it, and everybody is told when it will be', async () => {
    const opensAt = inMs(HOUR_MS);
    await bench.open(unlimited, { opensAt });
    const requests = [1, 2].map(() => ({ room: bench.room, userId: randomUUID() }));
    for (const line of [bench.one, bench.two]) {
      const refusal = { outcome: 'refused', problem: 'queue.room-not-open', extra: { opensAt } };
      expect(await line.join(requests)).toEqual([refusal, refusal]);
    }
    expect(await bench.view()).toMatchObject({ opensAt, lastNumber: 0 });
    await bench.harness.advance(HOUR_MS);
    expect(await bench.join(2)).toMatchObject([{ state: 'ACTIVE' }, { state: 'ACTIVE' }]);
  });

  test('closed is closed, whenever it opens', async () => {
    await bench.open(unlimited, { opensAt: inMs(HOUR_MS), state: 'CLOSED' });
    expect(await bench.one.join([{ room: bench.room, userId: randomUUID() }])).toMatchObject([
      { problem: 'queue.room-closed' },
    ]);
  });

  test('put off while people wait: they keep their places, and come in when it is time', async () => {
    await bench.open(capacity(1));
    const [first, second] = await bench.join(2);
    assert(first && second);
    await bench.two.changeRoom(bench.room, { opensAt: inMs(HOUR_MS), policy: capacity(2) });
    await bench.one.leave([first.place]);
    await bench.one.tick();
    expect(await bench.joinOne(second.userId)).toMatchObject({ place: second.place, state: 'WAITING' });
    expect(await bench.view()).toMatchObject({ head: 1, waiting: 1, active: 0 });
    await bench.harness.advance(HOUR_MS);
    await bench.two.tick();
    expect(await bench.stateOf(second.place)).toEqual(['ACTIVE']);
    await bench.expectExactCounters();
  });

  test('brought forward, the door is open at once; a change of something else leaves it as it was', async () => {
    const opensAt = inMs(HOUR_MS);
    await bench.open(unlimited, { opensAt });
    expect(await bench.one.changeRoom(bench.room, { policy: capacity(7) })).toMatchObject({
      view: { opensAt },
    });
    expect(await bench.two.changeRoom(bench.room, { opensAt: null })).toMatchObject({
      view: { opensAt: null },
    });
    expect(await bench.joinOne()).toMatchObject({ state: 'ACTIVE' });
  });
}
