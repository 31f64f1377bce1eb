/** How turns end: spent, given up, timed out. Part of line.contract.ts. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Refusal } from '#contract/problems.ts';
import type { OpenHold } from './line.ts';
import { ACTIVE_TTL_MS, type Bench, capacity, holdOf, purchaseOf, unlimited } from './line-bench.contract.ts';

export function describeTurns(bench: Bench): void {
  describe('spending a turn', () => {
    test('a purchase ends the turn and the next one is let in at once', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      expect(await bench.spend([purchaseOf(first)])).toEqual(['done']);
      expect(await bench.stateOf(first.place, second.place)).toEqual(['SPENT', 'ACTIVE']);
      await bench.expectExactCounters();
    });

    test('the same purchase twice changes nothing; another one on the same turn has failed', async () => {
      await bench.open(unlimited);
      const first = await bench.joinOne();
      const [bought, other] = [purchaseOf(first), purchaseOf(first)];
      const outcomes = await bench.spend([bought, other, bought]);
      expect(outcomes).toEqual(['done', 'already-spent', 'repeated']);
      expect(await bench.spend([other, bought], bench.one)).toEqual(['already-spent', 'repeated']);
      await bench.expectExactCounters();
    });

    test('two purchases at the same moment: one has the turn', async () => {
      await bench.open(unlimited);
      const first = await bench.joinOne();
      const outcomes = await Promise.all(
        [bench.one, bench.two, bench.one, bench.two].map((line) => bench.spend([purchaseOf(first)], line)),
      );
      expect(outcomes.flat().toSorted()).toEqual(['already-spent', 'already-spent', 'already-spent', 'done']);
      await bench.expectExactCounters();
    });

    test('there must be a turn, and it must be the buyer’s', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      const stale = { ...purchaseOf(first), turn: { ...first.place, epoch: 9 } };
      const none = { ...purchaseOf(first), turn: { ...first.place, number: 99 } };
      const tries = [purchaseOf(second), { ...purchaseOf(first), userId: second.userId }, stale, none];
      expect(await bench.spend(tries)).toEqual(['not-active', 'not-active', 'not-active', 'not-active']);
      await bench.one.leave([second.place]);
      expect(await bench.spend([purchaseOf(second)])).toEqual(['not-active']);
      expect(await bench.stateOf(first.place, second.place)).toEqual(['ACTIVE', 'LEFT']);
      await bench.expectExactCounters();
    });

    test('a turn that was given up before the purchase was heard of is spent on it, and on no other', async () => {
      await bench.open(capacity(1));
      const [first, second, third] = [await bench.joinOne(), await bench.joinOne(), await bench.joinOne()];
      await bench.one.leave([first.place]);
      const bought = purchaseOf(first);
      expect(await bench.spend([bought, purchaseOf(first)])).toEqual(['done', 'already-spent']);
      expect(await bench.spend([bought, purchaseOf(first)], bench.one)).toEqual([
        'repeated',
        'already-spent',
      ]);
      // Its place went to the next one when it was given up; there is no second one to give.
      expect(await bench.stateOf(first.place, second.place, third.place)).toEqual([
        'SPENT',
        'ACTIVE',
        'WAITING',
      ]);
      await bench.expectExactCounters();
    });

    test('so is one that timed out, although the buyer is in line again', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      await bench.one.tick();
      const again = await bench.joinOne(first.userId);
      expect(await bench.spend([purchaseOf(first), purchaseOf(again)])).toEqual(['done', 'not-active']);
      expect(await bench.stateOf(first.place, second.place, again.place)).toEqual([
        'SPENT',
        'ACTIVE',
        'WAITING',
      ]);
      await bench.expectExactCounters();
    });

    test('one set may end open turns and turns that are over', async () => {
      await bench.open(capacity(2));
      const [first, second, third, fourth] = await bench.join(4);
      assert(first && second && third && fourth);
      await bench.one.leave([first.place]);
      expect(await bench.spend([first, second].map(purchaseOf))).toEqual(['done', 'done']);
      expect(await bench.view()).toMatchObject({ waiting: 0, active: 2 });
      expect(await bench.stateOf(third.place, fourth.place)).toEqual(['ACTIVE', 'ACTIVE']);
      await bench.expectExactCounters();
    });

    test('what a rolled back reaction did never was', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      const failing = bench.harness.transaction(async (tx) => {
        await bench.two.spend(tx, [purchaseOf(first)]);
        throw new Error('the reaction failed');
      });
      await expect(failing).rejects.toThrow('the reaction failed');
      expect(await bench.stateOf(first.place, second.place)).toEqual(['ACTIVE', 'WAITING']);
      await bench.expectExactCounters();
    });
  });

  describe('leaving', () => {
    test('a turn given up is the next one’s; doing it twice changes nothing', async () => {
      await bench.open(capacity(1));
      const [first, second, third] = (await bench.join(3)).map((each) => each.place);
      assert(first && second && third);
      expect(await bench.one.leave([first, second])).toEqual(['LEFT', 'LEFT']);
      expect(await bench.stateOf(third)).toEqual(['ACTIVE']);
      expect(await bench.view()).toMatchObject({ head: 3, waiting: 0, active: 1 });
      expect(await bench.two.leave([first])).toEqual(['LEFT']);
      await bench.expectExactCounters();
    });

    test('a place of another epoch, or of nobody, is not touched', async () => {
      await bench.open(unlimited);
      const { place } = await bench.joinOne();
      expect(
        await bench.two.leave([
          { ...place, epoch: 2 },
          { ...place, number: 99 },
        ]),
      ).toEqual([undefined, undefined]);
      expect(await bench.stateOf(place)).toEqual(['ACTIVE']);
    });
  });

  describe('time', () => {
    test('a turn ends, and the next one is let in', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      await bench.harness.advance(ACTIVE_TTL_MS - 20_000);
      await bench.two.tick();
      expect(await bench.stateOf(first.place)).toEqual(['ACTIVE']);
      await bench.harness.advance(60_000);
      await Promise.all([bench.one.tick(), bench.two.tick()]);
      expect(await bench.stateOf(first.place, second.place)).toEqual(['EXPIRED', 'ACTIVE']);
      await bench.expectExactCounters();
    });

    test('a turn whose time is over is seen so before it has been ended; until then there is no other place', async () => {
      await bench.open(capacity(1));
      const first = await bench.joinOne();
      await bench.harness.advance(ACTIVE_TTL_MS + 1);
      expect((await bench.two.turns([first.place]))[0]?.expiresInMs).toBeLessThan(0);
      const again = [{ room: bench.room, userId: first.userId }];
      const [refusal] = await bench.two.join(again);
      expect(refusal).toEqual({
        outcome: 'refused',
        problem: 'queue.turn-ending',
        extra: { retryAfterMs: expect.any(Number) as number },
      });
      const { retryAfterMs } = (refusal as Refusal).extra ?? {};
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(5_500);
      await bench.harness.advance(Number(retryAfterMs));
      await bench.one.tick();
      expect(await bench.joinOne(first.userId)).toMatchObject({ fresh: true, place: { number: 2 } });
      await bench.expectExactCounters();
    });

    test('whoever joins while the news of a last hold is on its way keeps the turn, and can pay', async () => {
      await bench.open(capacity(1));
      const first = await bench.joinOne();
      const hold = holdOf(first, 300_000);
      await bench.harness.advance(ACTIVE_TTL_MS + 1);
      await bench.one.join([{ room: bench.room, userId: first.userId }]);
      await bench.extend(hold);
      expect(await bench.joinOne(first.userId)).toMatchObject({
        fresh: false,
        place: first.place,
        state: 'ACTIVE',
      });
      expect(await bench.spend([purchaseOf(first)])).toEqual(['done']);
    });

    test('a hold keeps its turn open until after its own end', async () => {
      await bench.open(unlimited);
      const [first, other] = [await bench.joinOne(), await bench.joinOne()];
      await bench.harness.advance(ACTIVE_TTL_MS);
      const stranger = { ...holdOf(other, 300_000), userId: randomUUID() };
      expect(await bench.extend(holdOf(first, 300_000), stranger)).toEqual([first.place]);
      await bench.harness.advance(300_000);
      await bench.one.tick();
      expect(await bench.stateOf(first.place, other.place)).toEqual(['ACTIVE', 'EXPIRED']);
      await bench.harness.advance(60_000);
      await bench.one.tick();
      expect(await bench.stateOf(first.place)).toEqual(['EXPIRED']);
      await bench.expectExactCounters();
    });

    test('a hold that is heard of after its turn timed out opens it again, beyond the capacity', async () => {
      await bench.open(capacity(1));
      const [first, second, third] = [await bench.joinOne(), await bench.joinOne(), await bench.joinOne()];
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      await bench.one.tick();
      expect(await bench.stateOf(first.place, second.place)).toEqual(['EXPIRED', 'ACTIVE']);
      expect(await bench.extend(holdOf(first, 300_000))).toEqual([first.place]);
      expect(await bench.stateOf(first.place, second.place)).toEqual(['ACTIVE', 'ACTIVE']);
      expect(await bench.view()).toMatchObject({ waiting: 1, active: 2 });
      await bench.expectExactCounters();

      await bench.one.leave([second.place]);
      expect(await bench.stateOf(third.place)).toEqual(['WAITING']);
      expect(await bench.spend([purchaseOf(first)])).toEqual(['done']);
      expect(await bench.stateOf(third.place)).toEqual(['ACTIVE']);
      await bench.expectExactCounters();
    });

    test('a hold opens no turn that was given up, nor one beside a new place, nor for a hold that is over', async () => {
      await bench.open(unlimited);
      const [left, rejoined, late, twice] = await bench.join(4);
      assert(left && rejoined && late && twice);
      await bench.one.leave([left.place]);
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      await bench.one.tick();
      const anew = await bench.joinOne(rejoined.userId);
      await bench.extend(holdOf(left, 300_000), holdOf(rejoined, 300_000), holdOf(late, -1));
      const places = [left, rejoined, late, anew].map((each) => each.place);
      expect(await bench.stateOf(...places)).toEqual(['LEFT', 'EXPIRED', 'EXPIRED', 'ACTIVE']);
      await bench.expectExactCounters();
    });

    test('of two turns of one person that timed out, only the later one is opened again', async () => {
      await bench.open(unlimited);
      const first = await bench.joinOne();
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      await bench.one.tick();
      const second = await bench.joinOne(first.userId);
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      await bench.one.tick();
      await bench.extend(holdOf(first, 300_000), holdOf(second, 200_000), holdOf(second, 300_000));
      expect(await bench.stateOf(first.place, second.place)).toEqual(['EXPIRED', 'ACTIVE']);
      const [, turn] = await bench.one.turns([first.place, second.place]);
      expect(turn?.expiresInMs).toBeGreaterThan(300_000);
      await bench.expectExactCounters();
    });

    test('a hold that comes to nothing keeps its turn no longer: the next one is let in', async () => {
      await bench.open(capacity(1));
      const [first, second] = [await bench.joinOne(), await bench.joinOne()];
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      const hold = holdOf(first, 300_000);
      await bench.extend(hold);
      await bench.one.tick();
      expect(await bench.stateOf(first.place, second.place)).toEqual(['ACTIVE', 'WAITING']);
      expect(await bench.shorten({ ...hold, userId: second.userId }, holdOf(first, 0))).toEqual([]);
      await bench.one.tick();
      expect(await bench.stateOf(first.place)).toEqual(['ACTIVE']);
      expect(await bench.shorten(hold)).toEqual([first.place]);
      expect(await bench.shorten(hold)).toEqual([]);
      await bench.two.tick();
      expect(await bench.stateOf(first.place, second.place)).toEqual(['EXPIRED', 'ACTIVE']);
      await bench.expectExactCounters();
    });

    test('other holds keep it as long as they did, in whatever order they were made', async () => {
      await bench.open(unlimited);
      const first = await bench.joinOne();
      await bench.harness.advance(ACTIVE_TTL_MS);
      const [longest, shorter, shortest] = [300_000, 200_000, 100_000].map((endsInMs) =>
        holdOf(first, endsInMs),
      );
      assert(longest && shorter && shortest);
      expect(await bench.extend(shortest, longest)).toEqual([first.place]);
      await bench.extend(shorter);
      const keptUntil = async (hold: OpenHold) => {
        const [turn] = await bench.two.turns([first.place]);
        expect(Date.parse(turn?.expiresAt ?? '') - Date.parse(hold.expiresAt)).toBe(30_000);
      };
      await keptUntil(longest);
      await bench.shorten(longest, shortest);
      await keptUntil(shorter);
      await bench.extend(longest);
      await keptUntil(longest);
      await bench.shorten(shorter);
      await keptUntil(longest);
      await bench.shorten(longest);
      await bench.harness.advance(60_000);
      await bench.one.tick();
      expect(await bench.stateOf(first.place)).toEqual(['EXPIRED']);
      await bench.expectExactCounters();
    });

    test('a turn that was opened again for holds ends when the last of them has come to nothing', async () => {
      await bench.open(unlimited);
      const first = await bench.joinOne();
      await bench.harness.advance(ACTIVE_TTL_MS + 60_000);
      await bench.one.tick();
      const holds = [holdOf(first, 200_000), holdOf(first, 300_000)];
      await bench.extend(...holds);
      for (const [index, state] of ['ACTIVE', 'EXPIRED'].entries()) {
        await bench.shorten(...holds.slice(1 - index));
        await bench.one.tick();
        expect(await bench.stateOf(first.place)).toEqual([state]);
      }
      await bench.expectExactCounters();
    });

    test('before its own end a turn ends at its own end, whatever was held and given back', async () => {
      await bench.open(unlimited);
      const first = await bench.joinOne();
      await bench.harness.advance(ACTIVE_TTL_MS - 60_000);
      const [before] = await bench.one.turns([first.place]);
      const hold = holdOf(first, 300_000);
      await bench.extend(hold);
      await bench.shorten(hold);
      expect((await bench.one.turns([first.place]))[0]?.expiresAt).toBe(before?.expiresAt);
    });

    test('a hold never shortens a turn', async () => {
      await bench.open(unlimited);
      const first = await bench.joinOne();
      expect(await bench.extend(holdOf(first, 1_000))).toEqual([]);
      expect((await bench.one.turns([first.place]))[0]?.expiresAt).toBe(first.turnExpiresAt);
    });
  });
}
