/** Who leaves the line while waiting is counted out. Part of line.contract.ts. */
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import type { Stretch } from './line.ts';
import { ACTIVE_TTL_MS, type Bench, capacity, unlimited } from './line-bench.contract.ts';

export function describeDepartures(bench: Bench): void {
  const departures = (stretch: Partial<Stretch> = {}, line = bench.two) =>
    line.departures(bench.room, { after: 0, upTo: 100, head: 0, ...stretch });

  describe('departures', () => {
    test('are listed in the order in which people left, a stretch at a time and beyond a head', async () => {
      await bench.open(unlimited, { state: 'PAUSED' });
      const places = (await bench.join(6)).map((each) => each.place);
      const [first, , third, fourth] = places;
      assert(first && third && fourth);
      expect(await departures()).toEqual([]);
      await bench.one.leave([third]);
      await bench.two.leave([first]);
      await bench.one.leave([fourth]);
      expect(await departures()).toEqual([3, 1, 4]);
      expect(await departures({ upTo: 2 }, bench.one)).toEqual([3, 1]);
      expect(await departures({ after: 1, upTo: 2 })).toEqual([1]);
      expect(await departures({ after: 2 })).toEqual([4]);
      expect(await departures({ after: 3 })).toEqual([]);
      expect(await departures({ head: 1 })).toEqual([3, 4]);
      expect(await departures({ after: 1, head: 3 })).toEqual([4]);
      expect(await bench.view()).toMatchObject({ departed: 3, waiting: 3, lastNumber: 6 });
      await bench.expectExactCounters();
    });

    test('whoever leaves twice has left once', async () => {
      await bench.open(unlimited, { state: 'PAUSED' });
      const { place } = await bench.joinOne();
      expect(await bench.one.leave([place, place])).toEqual(['LEFT', 'LEFT']);
      expect(await bench.two.leave([place])).toEqual(['LEFT']);
      expect(await departures()).toEqual([1]);
    });

    test('who gives a turn up, lets it lapse or buys has not left the line', async () => {
      await bench.open(capacity(2));
      const [first, second, third] = await bench.join(3);
      assert(first && second && third);
      await bench.one.leave([first.place]);
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      await bench.one.tick();
      expect(await bench.stateOf(first.place, second.place, third.place)).toEqual([
        'LEFT',
        'EXPIRED',
        'EXPIRED',
      ]);
      expect(await departures()).toEqual([]);
      expect(await bench.view()).toMatchObject({ departed: 0, admitted: 3 });
    });

    test('rooms count by themselves, in one set too', async () => {
      await bench.open(unlimited, { state: 'PAUSED' });
      const other = `${bench.room}-b`;
      await bench.one.createRoom(other, { policy: unlimited, state: 'PAUSED', opensAt: null });
      const [mine, ...rest] = await bench.join(3);
      assert(mine);
      await bench.two.join(rest.map(({ userId }) => ({ room: other, userId })));
      await bench.one.leave([{ room: other, epoch: 1, number: 2 }, mine.place]);
      expect(await departures()).toEqual([1]);
      const all = { after: 0, upTo: 10, head: 0 };
      expect(await bench.one.departures(other, all)).toEqual([2]);
      expect(await bench.one.departures('nowhere', all)).toEqual([]);
    });

    test('from two instances at once: numbered without a gap, and every look sees a beginning of the whole', async () => {
      await bench.open(unlimited, { state: 'PAUSED' });
      const places = (await bench.join(80)).map((each) => each.place);
      const seen: (readonly number[])[] = [];
      const over = new AbortController();
      const looking = (async () => {
        while (!over.signal.aborted) seen.push(await departures());
      })();
      await Promise.all(
        places.map((place, index) => (index % 2 === 0 ? bench.one : bench.two).leave([place])),
      ).finally(() => over.abort());
      await looking;
      const numbers = await departures();
      expect(numbers.toSorted((a, b) => a - b)).toEqual(places.map((place) => place.number));
      for (const part of seen) expect(part).toEqual(numbers.slice(0, part.length));
      expect(await bench.view()).toMatchObject({ departed: 80, waiting: 0 });
    });
  });
}
