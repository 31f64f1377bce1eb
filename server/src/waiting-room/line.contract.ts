/** What every store of the line must do. Run by the store's own test, on two instances of it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AGAIN } from '../platform/batcher.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import { describeAdmission } from './line-admission.contract.ts';
import { describeClaims } from './line-claims.contract.ts';
import { describeDepartures } from './line-departures.contract.ts';
import { describeEpochs } from './line-epochs.contract.ts';
import { describeOrganiser } from './line-organiser.contract.ts';
import { describeTurns } from './line-turns.contract.ts';
import {
  ACTIVE_TTL_MS,
  type Bench,
  capacity,
  type LineHarness,
  rate,
  unlimited,
  useBench,
} from './line-bench.contract.ts';

export function describeLine(store: string, create: () => Promise<LineHarness>): void {
  describe(`the line on ${store}`, () => {
    const bench = useBench(create);
    describeJoining(bench);
    describeTurns(bench);
    describeClaims(bench);
    describeDepartures(bench);
    describeOrganiser(bench);
    describeEpochs(bench);
    describeAdmission(bench);
  });
}

function describeJoining(bench: Bench): void {
  describe('joining', () => {
    test('a newcomer to an idle room is let in at once, until the bucket is empty', async () => {
      await bench.open(rate(20));
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
      await bench.one.createRoom(other, { policy: rate(1), state: 'OPEN', opensAt: null });
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

    test('nobody is waited for while a room is held: what is asked of a busy one is not decided, unless it comes first', async () => {
      await bench.open(unlimited);
      const { room } = bench;
      const busy = `${room}-b`;
      await bench.one.createRoom(busy, { policy: unlimited, state: 'OPEN', opensAt: null });
      const here = await bench.joinOne();
      const [joined] = await bench.one.join([{ room: busy, userId: randomUUID() }]);
      assert(joined !== AGAIN && joined?.outcome === 'joined');
      const userIds = [1, 2, 3, 4].map(() => randomUUID());
      const rooms = [room, busy, 'nowhere', room];
      const requests = userIds.map((userId, index) => ({ userId, room: rooms[index] ?? '' }));
      const [line] = bench.harness.lines;
      await bench.harness.transaction(async (tx) => {
        // As the log's reader does, which may come to the other room next.
        await bench.two.spend(tx, [
          { reservationId: randomUUID(), userId: userIds[0] ?? '', turn: joined.place },
        ]);
        expect(await line.join(requests)).toMatchObject([
          { place: { room, number: 2 } },
          AGAIN,
          { problem: 'queue.room-not-found' },
          { place: { room, number: 3 } },
        ]);
        expect(await line.leave([here.place, joined.place])).toEqual(['LEFT', AGAIN]);
        await expect(line.join(requests.slice(1))).rejects.toThrow(DatabaseFault);
      });
      expect(await line.join(requests.slice(1, 2))).toMatchObject([{ place: { room: busy, number: 2 } }]);
      expect(await line.leave([joined.place])).toEqual(['LEFT']);
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
