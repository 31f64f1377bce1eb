/** A line that goes on after commits were lost. Part of line.contract.ts. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Place } from '#contract/ids.ts';
import { type Bench, capacity, holdOf, type Person, purchaseOf, unlimited } from './line-bench.contract.ts';
import { isOfLine, type RoomView } from './room.ts';

const MINUTE_MS = 60_000;

export function describeEpochs(bench: Bench): void {
  /** As a token of the lost commits names it: the number was given to somebody then. */
  const lost = (number: number): Place => ({ room: bench.room, epoch: 1, number });

  describe('a new epoch', () => {
    test('is of the numbers that are given from then on, once for each time it is raised', async () => {
      await bench.open(unlimited, { state: 'PAUSED' });
      await bench.join(3);
      expect(await bench.view()).toMatchObject({ epoch: 1, epochStarts: [1], lastNumber: 3 });
      expect(await bench.two.raiseEpoch(bench.room)).toMatchObject({
        outcome: 'changed',
        view: { epoch: 2, epochStarts: [1, 4], lastNumber: 3, waiting: 3 },
      });
      expect(await bench.view(bench.one)).toMatchObject({ epoch: 2, epochStarts: [1, 4], waiting: 3 });
      const places = (await bench.join(2)).map(({ place }) => place);
      expect(places).toMatchObject([
        { epoch: 2, number: 4 },
        { epoch: 2, number: 5 },
      ]);
      await bench.one.raiseEpoch(bench.room);
      expect((await bench.joinOne()).place).toMatchObject({ epoch: 3, number: 6 });
      expect(await bench.view()).toMatchObject({ epoch: 3, epochStarts: [1, 4, 6] });
      await bench.expectExactCounters();
    });

    test('leaves those in line where they are: they join again, are let in in order, buy, and hold', async () => {
      await bench.open(capacity(1));
      const people = await bench.join(4);
      const [first, second, third, fourth] = people;
      assert(first && second && third && fourth);
      await bench.one.raiseEpoch(bench.room);
      const fifth = await bench.joinOne(undefined, bench.two);
      for (const person of people) {
        const again = await bench.joinOne(person.userId, bench.two);
        expect(again).toMatchObject({ fresh: false, place: person.place, state: person.state });
      }
      expect(await bench.spend([purchaseOf(first)])).toEqual(['done']);
      const states = () => bench.stateOf(...[...people, fifth].map(({ place }) => place));
      expect(await states()).toEqual(['SPENT', 'ACTIVE', 'WAITING', 'WAITING', 'WAITING']);
      expect(await bench.one.claim([second.place])).toMatchObject([{ epoch: 1, claimed: true }]);
      expect(await bench.one.leave([second.place, fourth.place])).toEqual(['LEFT', 'LEFT']);
      expect(await states()).toEqual(['SPENT', 'LEFT', 'ACTIVE', 'LEFT', 'WAITING']);
      await bench.extend(holdOf(third, 60 * MINUTE_MS));
      await bench.harness.advance(20 * MINUTE_MS);
      await bench.two.tick();
      expect(await bench.spend([purchaseOf(third)])).toEqual(['done']);
      expect(await bench.stateOf(fifth.place)).toEqual(['ACTIVE']);
      expect(await bench.spend([purchaseOf(fifth)])).toEqual(['done']);
      await bench.expectExactCounters();
    });

    test('keeps what was given and lost from what is given again', async () => {
      await bench.open(unlimited);
      await bench.join(2);
      await bench.one.raiseEpoch(bench.room);
      const [third] = await bench.join(1);
      assert(third);
      const stranger: Person = { ...third, userId: randomUUID(), place: lost(3) };
      expect(await bench.one.leave([lost(3), lost(4)])).toEqual([undefined, undefined]);
      expect(await bench.one.claim([lost(3), lost(4)])).toEqual([
        expect.objectContaining({ epoch: 2, userId: third.userId }),
        undefined,
      ]);
      const own = purchaseOf({ ...third, place: lost(3) });
      expect(await bench.spend([purchaseOf(stranger), own])).toEqual(['not-active', 'not-active']);
      await bench.extend(holdOf(stranger, 60 * MINUTE_MS));
      expect(await bench.two.turns([lost(3)])).toMatchObject([
        { epoch: 2, userId: third.userId, state: 'ACTIVE' },
      ]);
      expect(await bench.spend([purchaseOf(third)])).toEqual(['done']);
    });

    test('raised again, after others have joined, brings nothing back that was lost', async () => {
      await bench.open(unlimited, { state: 'PAUSED' });
      await bench.join(2);
      await bench.one.raiseEpoch(bench.room);
      const [third] = await bench.join(1);
      const again = await bench.two.raiseEpoch(bench.room);
      assert(third && again.outcome === 'changed');
      expect(again.view.epochStarts).toEqual([1, 3, 4]);
      expect([lost(2), lost(3), third.place].map((place) => isOfLine(place, again.view))).toEqual([
        true,
        false,
        true,
      ]);
    });

    test('is told in the very transaction, and not raised when it cannot be told, or there is no such room', async () => {
      await bench.open(unlimited);
      const told: (RoomView | undefined)[][] = [];
      await bench.one.raiseEpoch(bench.room, (_, before, after) => void told.push([before, after]));
      expect(told).toMatchObject([
        [
          { epoch: 1, epochStarts: [1] },
          { epoch: 2, epochStarts: [1, 1] },
        ],
      ]);
      const refuse = () => {
        throw new Error('the log is full');
      };
      await expect(bench.two.raiseEpoch(bench.room, refuse)).rejects.toThrow('the log is full');
      expect(await bench.view()).toMatchObject({ epoch: 2 });
      expect(await bench.one.raiseEpoch('nowhere')).toMatchObject({ problem: 'queue.room-not-found' });
    });

    test('is raised among joins of several instances: each number is of the epoch that it belongs to', async () => {
      await bench.open(unlimited, { state: 'PAUSED' });
      const joins = Array.from({ length: 40 }, (_, i) =>
        bench.joinOne(undefined, i % 2 ? bench.one : bench.two),
      );
      const [people, raised] = [await Promise.all(joins), await bench.one.raiseEpoch(bench.room)];
      const more = await Promise.all(
        Array.from({ length: 40 }, (_, i) => bench.joinOne(undefined, i % 2 ? bench.one : bench.two)),
      );
      assert(raised.outcome === 'changed');
      for (const { place } of [...people, ...more]) expect(isOfLine(place, raised.view)).toBe(true);
      const epochs = new Set([...people, ...more].map(({ place }) => place.epoch));
      expect(epochs).toEqual(new Set([1, 2]));
    });
  });
}
