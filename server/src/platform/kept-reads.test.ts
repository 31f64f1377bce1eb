import { describe, expect, it } from 'vitest';
import { handClock } from '../../test/support/hand-clock.ts';
import { createKeptReads } from './kept-reads.ts';

function setUp(options: { weightMax?: number; readingsMax?: number; waitingMax?: number } = {}) {
  const { clock, pass } = handClock();
  const readings: number[] = [];
  const table = new Map([
    [1, 'one'],
    [2, 'two'],
    [3, 'three'],
    [4, 'four'],
  ]);
  let gate: Promise<void> = Promise.resolve();
  const reads = createKeptReads<number, string>({
    name: 'test',
    read: async (key) => {
      readings.push(key);
      const seen = table.get(key);
      await gate;
      return seen;
    },
    freshMs: 1_000,
    weightMax: options.weightMax ?? 1_000,
    weightOf: (value) => value.length,
    readingsMax: options.readingsMax ?? 10,
    waitingMax: options.waitingMax ?? 10,
    clock,
  });
  return {
    reads,
    readings,
    table,
    /** Holds every reading that begins from now on, until it is called. */
    hold: () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      gate = promise;
      return { go: resolve, fail: reject };
    },
    pass,
  };
}

describe('kept reads', () => {
  it('read once for a crowd, however long the reading takes', async () => {
    const { reads, readings, hold } = setUp();
    const { go } = hold();
    const crowd = Array.from({ length: 1_000 }, () => reads.get(1));
    go();
    expect(new Set(await Promise.all(crowd))).toEqual(new Set(['one']));
    await reads.get(1);
    expect(readings).toEqual([1]);
  });

  it('keep what they read for its time, counted from the beginning of the reading', async () => {
    const { reads, readings, table, hold, pass } = setUp();
    const { go } = hold();
    const first = reads.get(1);
    await pass(500);
    go();
    await first;
    table.set(1, 'uno');
    await pass(499);
    expect(await reads.get(1)).toBe('one');
    await pass(1);
    expect(await reads.get(1)).toBe('uno');
    expect(readings).toEqual([1, 1]);
  });

  it('read anew what was given less time, though it is still being read', async () => {
    const { reads, readings, table, hold, pass } = setUp();
    reads.expireIn(1, 100); // nothing is known of it
    const { go } = hold();
    const first = reads.get(1);
    reads.expireIn(1, 100);
    reads.expireIn(1, 900);
    table.set(1, 'uno');
    go();
    await first;
    await pass(99);
    expect(await reads.get(1)).toBe('one');
    await pass(1);
    expect(await reads.get(1)).toBe('uno');
    await pass(999);
    expect(await reads.get(1)).toBe('uno');
    reads.expireIn(1, 5_000);
    await pass(1);
    await reads.get(1);
    expect(readings).toEqual([1, 1, 1]);
  });

  it('do not keep what was not there, nor a failure', async () => {
    const { reads, table, hold } = setUp();
    expect(await reads.get(9)).toBeUndefined();
    table.set(9, 'nine');
    expect(await reads.get(9)).toBe('nine');

    const { fail } = hold();
    const failing = [reads.get(1), reads.get(1)];
    fail(new Error('away'));
    for (const each of failing) await expect(each).rejects.toThrow('away');
    hold().go();
    expect(await reads.get(1)).toBe('one');
  });

  it('drop one key or all of them at once', async () => {
    const { reads, readings, table } = setUp();
    await Promise.all([reads.get(1), reads.get(2)]);
    table.set(1, 'uno').set(2, 'due');
    reads.drop(1);
    expect(await Promise.all([reads.get(1), reads.get(2)])).toEqual(['uno', 'two']);
    reads.dropAll();
    expect(await reads.get(2)).toBe('due');
    expect(readings).toEqual([1, 2, 1, 2]);
  });

  it.each(['drop', 'dropAll'] as const)(
    'do not keep a reading that was under way at a %s',
    async (dropping) => {
      const { reads, readings, table, hold } = setUp();
      const { go } = hold();
      const before = reads.get(1);
      table.set(1, 'uno');
      reads[dropping](1);
      const after = reads.get(1); // does not ride with the reading that began before the change
      go();
      expect(await Promise.all([before, after])).toEqual(['one', 'uno']);
      expect(await reads.get(1)).toBe('uno');
      expect(readings).toEqual([1, 1]);
    },
  );

  it('read anew after a drop that came during a reading, when nobody has asked in between either', async () => {
    const { reads, table, hold } = setUp();
    const { go } = hold();
    const before = reads.get(1);
    table.set(1, 'uno');
    reads.drop(1);
    go();
    expect(await before).toBe('one');
    expect(await reads.get(1)).toBe('uno');
  });

  it('let go of what nobody has asked for the longest when it gets too heavy', async () => {
    const { reads, readings } = setUp({ weightMax: 8 });
    await reads.get(1);
    await reads.get(2);
    await reads.get(1);
    await reads.get(3); // 3 + 3 + 5 letters
    await reads.get(1);
    expect(readings).toEqual([1, 2, 3]);
    await reads.get(2);
    expect(readings).toEqual([1, 2, 3, 2]);
  });

  it('keep the one that is too heavy alone, and no other beside it', async () => {
    const { reads, readings } = setUp({ weightMax: 4 });
    await reads.get(1);
    await reads.get(3);
    await reads.get(3);
    expect(readings).toEqual([1, 3]);
    await reads.get(1);
    await reads.get(1);
    expect(readings).toEqual([1, 3, 1]);
  });

  it('weigh what is kept, whatever was dropped, read again or asked for meanwhile', async () => {
    const { reads, readings, pass } = setUp({ weightMax: 11 });
    for (let round = 0; round < 50; round++) {
      await reads.get(1);
      await reads.get(1);
      if (round % 3 === 0) reads.drop(1);
      if (round % 5 === 0) await pass(1_000);
      if (round % 7 === 0) reads.dropAll();
    }
    readings.length = 0;
    reads.dropAll();
    for (const key of [1, 2, 3, 1, 2, 3]) await reads.get(key);
    expect(readings).toEqual([1, 2, 3]);
  });

  it('read a few things at once, and the next as soon as one of them is read, in the order of asking', async () => {
    const { reads, readings, hold } = setUp({ readingsMax: 2 });
    const { go } = hold();
    const asked = [1, 2, 3, 3, 4, 3].map((key) => reads.get(key));
    await new Promise(setImmediate);
    expect(readings).toEqual([1, 2]);
    go();
    expect(await Promise.all(asked)).toEqual(['one', 'two', 'three', 'three', 'four', 'three']);
    expect(readings).toEqual([1, 2, 3, 4]);
  });

  it('go on after a reading that failed', async () => {
    const { reads, hold } = setUp({ readingsMax: 1 });
    const { fail } = hold();
    const first = reads.get(1);
    const second = reads.get(2);
    hold().go();
    fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    expect(await second).toBe('two');
    expect(await reads.get(1)).toBe('one');
  });

  it('refuse a reading when too many wait, and go on when one has ended', async () => {
    const { reads, hold } = setUp({ readingsMax: 1, waitingMax: 1 });
    const { go } = hold();
    const served = [reads.get(1), reads.get(2), reads.get(2)];
    await expect(reads.get(3)).rejects.toMatchObject({ name: 'Overloaded' });
    go();
    expect(await Promise.all(served)).toEqual(['one', 'two', 'two']);
    expect(await reads.get(3)).toBe('three');
  });

  it('refuse a reading that has waited for a second to begin, though none of those under way ends', async () => {
    const { reads, readings, hold, pass } = setUp({ readingsMax: 1 });
    const { go } = hold();
    const slow = reads.get(1);
    const early = reads.get(2);
    await pass(400);
    const late = reads.get(3);
    await pass(600);
    await expect(early).rejects.toMatchObject({ name: 'Overloaded' });
    go();
    expect(await Promise.all([slow, late])).toEqual(['one', 'three']);
    expect(await reads.get(2)).toBe('two');
    expect(readings).toEqual([1, 3, 2]);
  });
});
