/** Turns that must be taken up, and their own end. Part of line.contract.ts. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Place } from '#contract/ids.ts';
import {
  ACTIVE_TTL_MS,
  type Bench,
  capacity,
  CLAIM_WINDOW_MS,
  holdOf,
  type Person,
  purchaseOf,
  rate,
  unlimited,
} from './line-bench.contract.ts';

/** Later than the grace that a turn has after its end. */
const GRACE_MS = 10_000;

export function describeClaims(bench: Bench): void {
  /** Joined before the room let anybody in, and let in by the organiser's hand: nobody has come yet. */
  async function openWithCalled(count: number): Promise<Person[]> {
    await bench.open(unlimited, { state: 'PAUSED' });
    const people = await bench.join(count);
    await bench.two.changeRoom(bench.room, { state: 'OPEN' });
    return people;
  }
  const turnOf = async (place: Place) => (await bench.two.turns([place]))[0];

  describe('the claim window', () => {
    test('who is let in by the very request with which they joined is there', async () => {
      await bench.open(capacity(1));
      const [first, second] = await bench.join(2);
      assert(first && second);
      expect(await turnOf(first.place)).toMatchObject({ state: 'ACTIVE', claimed: true });
      await bench.one.leave([first.place]);
      expect(await turnOf(second.place)).toMatchObject({ state: 'ACTIVE', claimed: false });
      const turn = await turnOf(second.place);
      expect(turn?.expiresInMs).toBeLessThanOrEqual(CLAIM_WINDOW_MS);
      expect(turn?.expiresInMs).toBe(turn?.holdsForMs);
    });

    test('so is who waits, joins again, and is let in by that very request', async () => {
      await bench.open(rate(1));
      const [, second] = await bench.join(2);
      assert(second);
      await bench.harness.advance(3_600_000);
      // With a newcomer in the same set the room is settled; the one who waits comes first.
      const [again, newcomer] = await bench.join([second.userId, randomUUID()]);
      expect(again).toMatchObject({ fresh: false, state: 'ACTIVE' });
      expect(newcomer).toMatchObject({ state: 'WAITING' });
      const turn = await turnOf(second.place);
      expect(turn).toMatchObject({ claimed: true, expiresAt: again?.turnExpiresAt });
      expect(turn?.expiresInMs).toBeGreaterThan(ACTIVE_TTL_MS - GRACE_MS);
    });

    test('who takes the turn up in time has it for its full time from then on', async () => {
      const [first] = await openWithCalled(1);
      assert(first);
      await bench.harness.advance(CLAIM_WINDOW_MS - GRACE_MS);
      const [turn] = await bench.one.claim([first.place]);
      expect(turn).toMatchObject({ state: 'ACTIVE', claimed: true, userId: first.userId });
      expect(turn?.expiresInMs).toBeGreaterThan(ACTIVE_TTL_MS - GRACE_MS);
      expect(turn?.expiresInMs).toBeLessThanOrEqual(ACTIVE_TTL_MS);
      await bench.harness.advance(ACTIVE_TTL_MS - GRACE_MS);
      await bench.one.tick();
      expect(await bench.stateOf(first.place)).toEqual(['ACTIVE']);
    });

    test('who does not come loses the turn, and the next one is let in by the same step', async () => {
      await bench.open(capacity(2), { state: 'PAUSED' });
      const people = await bench.join(5);
      const [first, second, third, fourth] = people.map((each) => each.place);
      assert(first && second && third && fourth);
      await bench.two.changeRoom(bench.room, { state: 'OPEN' });
      await bench.one.claim([second]);
      await bench.harness.advance(CLAIM_WINDOW_MS + GRACE_MS);
      await Promise.all([bench.one.tick(), bench.two.tick()]);
      expect(await bench.stateOf(first, second, third, fourth)).toEqual([
        'EXPIRED',
        'ACTIVE',
        'ACTIVE',
        'WAITING',
      ]);
      expect(await bench.view()).toMatchObject({ head: 3, admitted: 3, active: 2, departed: 0 });
      await bench.expectExactCounters();
    });

    test('once the window is over it is too late, even before the turn has been ended', async () => {
      const [first] = await openWithCalled(1);
      assert(first);
      await bench.harness.advance(CLAIM_WINDOW_MS);
      expect(await bench.one.claim([first.place])).toMatchObject([{ state: 'ACTIVE', claimed: false }]);
      const again = [{ room: bench.room, userId: first.userId }];
      expect(await bench.one.join(again)).toMatchObject([{ problem: 'queue.turn-ending' }]);
      await bench.harness.advance(GRACE_MS);
      await bench.two.tick();
      expect(await bench.one.claim([first.place])).toMatchObject([{ state: 'EXPIRED', claimed: false }]);
    });

    test('taken up twice, by whichever instance, it ends when it would have', async () => {
      const [first] = await openWithCalled(1);
      assert(first);
      const [claimed] = await bench.one.claim([first.place]);
      await bench.harness.advance(60_000);
      const [again] = await bench.two.claim([first.place]);
      expect(Date.parse(again?.expiresAt ?? '')).toBe(Date.parse(claimed?.expiresAt ?? '') - 60_000);
    });

    test('joining again takes it up as well', async () => {
      const [first] = await openWithCalled(1);
      assert(first);
      const again = await bench.joinOne(first.userId, bench.two);
      expect(again).toMatchObject({ fresh: false, state: 'ACTIVE', place: first.place });
      expect(await turnOf(first.place)).toMatchObject({ claimed: true, expiresAt: again.turnExpiresAt });
    });

    test('a crowd that comes to two instances at once, in any order, is there once', async () => {
      const people = await openWithCalled(60);
      const places = people.map((each) => each.place);
      const { one, two } = bench;
      const answers = await Promise.all([
        one.claim(places),
        two.claim(places.toReversed()),
        one.claim([...places.slice(30), ...places.slice(0, 40)]),
        two.claim(places.toSorted(() => Math.random() - 0.5)),
      ]);
      expect(answers.flat().every((turn) => turn?.claimed)).toBe(true);
      const ends = new Map(people.map((each) => [each.userId, new Set<string | null>()]));
      for (const turn of answers.flat()) ends.get(turn?.userId ?? '')?.add(turn?.expiresAt ?? null);
      expect([...ends.values()].map((set) => set.size)).toEqual(people.map(() => 1));
      await bench.expectExactCounters();
    });

    test('is taken up while somebody else holds the room', async () => {
      await bench.open(capacity(2), { state: 'PAUSED' });
      const [first, second] = await bench.join(2);
      assert(first && second);
      await bench.one.changeRoom(bench.room, { state: 'OPEN' });
      await bench.harness.transaction(async (tx) => {
        await bench.two.spend(tx, [purchaseOf(first)]);
        expect(await bench.harness.lines[0].claim([second.place])).toMatchObject([{ claimed: true }]);
      });
    });

    test('a place of another epoch, of nobody, that waits or is over is not taken up', async () => {
      await bench.open(capacity(2), { state: 'PAUSED' });
      const [first, left, waiting] = (await bench.join(3)).map((each) => each.place);
      assert(first && left && waiting);
      await bench.one.changeRoom(bench.room, { state: 'OPEN' });
      await bench.one.changeRoom(bench.room, { policy: { capacity: 1 } });
      await bench.one.leave([left]);
      const turns = await bench.two.claim([{ ...first, epoch: 2 }, { ...first, number: 99 }, left, waiting]);
      expect(turns).toMatchObject([{ claimed: false }, undefined, { state: 'LEFT' }, { state: 'WAITING' }]);
      expect(await bench.two.claim([])).toEqual([]);
      expect(await turnOf(first)).toMatchObject({ state: 'ACTIVE', claimed: false });
      expect(await turnOf(waiting)).toMatchObject({ claimed: false, holdsForMs: null });
    });
  });

  describe('a turn’s own end', () => {
    test('does not move for a hold that keeps the turn open longer', async () => {
      await bench.open(unlimited);
      const person = await bench.joinOne();
      await bench.harness.advance(ACTIVE_TTL_MS - 60_000);
      await bench.extend(holdOf(person, 300_000));
      const turn = await turnOf(person.place);
      expect(turn?.holdsForMs).toBeLessThanOrEqual(60_000);
      expect(turn?.expiresInMs).toBeGreaterThan(300_000);
      await bench.extend(holdOf(person, 200_000));
      expect((await turnOf(person.place))?.expiresInMs).toBeGreaterThan(290_000);
    });

    test('stays where it was when a hold opens the turn again', async () => {
      await bench.open(unlimited);
      const person = await bench.joinOne();
      await bench.harness.advance(ACTIVE_TTL_MS + GRACE_MS);
      await bench.one.tick();
      await bench.extend(holdOf(person, 300_000));
      const turn = await turnOf(person.place);
      expect(turn).toMatchObject({ state: 'ACTIVE', claimed: true });
      expect(turn?.holdsForMs).toBeLessThanOrEqual(-GRACE_MS);
      expect(await bench.view()).toMatchObject({ admitted: 1, active: 1 });
    });

    test('a turn that a hold keeps open is not prolonged by taking it up', async () => {
      const [first] = await openWithCalled(1);
      assert(first);
      await bench.extend(holdOf(first, ACTIVE_TTL_MS + 300_000));
      await bench.one.claim([first.place]);
      const turn = await turnOf(first.place);
      expect(turn?.holdsForMs).toBeLessThanOrEqual(ACTIVE_TTL_MS);
      expect(turn?.expiresInMs).toBeGreaterThan(ACTIVE_TTL_MS + 290_000);
      expect(await bench.one.turns([{ ...first.place, room: randomUUID() }])).toEqual([undefined]);
    });
  });
}
