import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { createRecentReads } from './recent-reads.ts';

function setUp(options: { rememberedMax?: number } = {}) {
  let nowMs = 0;
  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: () => Promise.resolve() };
  const readings: number[][] = [];
  const table = new Map([
    [1, 'one'],
    [2, 'two'],
  ]);
  let gate: Promise<void> | undefined;
  const reads = createRecentReads<number, string>({
    name: 'test',
    read: async (keys) => {
      readings.push([...keys]);
      await gate;
      return new Map(keys.flatMap((key) => (table.has(key) ? [[key, table.get(key) ?? ''] as const] : [])));
    },
    freshMs: 1_000,
    keysMax: 10,
    rememberedMax: options.rememberedMax ?? 100,
    waitingMax: 1_000,
    clock,
    observe: () => {},
  });
  return {
    reads,
    readings,
    table,
    hold: (until: Promise<void>) => {
      gate = until;
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('recent reads', () => {
  it('read once for a crowd that asks together, each key once', async () => {
    const { reads, readings } = setUp();
    const answers = await Promise.all([1, 2, 1, 1, 2].map((key) => reads.get(key)));
    expect(answers).toEqual(['one', 'two', 'one', 'one', 'two']);
    expect(readings).toEqual([[1, 2]]);
  });

  it('have one reading under way: who comes meanwhile rides in the next one, or gets what it brought', async () => {
    const { reads, readings, hold } = setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    hold(promise);
    const first = reads.get(1);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    const crowd = [reads.get(1), reads.get(2), reads.get(2)];
    resolve();
    expect(await Promise.all([first, ...crowd])).toEqual(['one', 'one', 'two', 'two']);
    expect(readings).toEqual([[1], [2]]);
  });

  it('answer from memory for a moment, and read again after it', async () => {
    const { reads, readings, table, pass } = setUp();
    await reads.get(1);
    table.set(1, 'uno');
    pass(999);
    expect(await reads.get(1)).toBe('one');
    pass(1);
    expect(await reads.get(1)).toBe('uno');
    expect(readings).toEqual([[1], [1]]);
  });

  it('do not remember what was not there', async () => {
    const { reads, table } = setUp();
    expect(await reads.get(3)).toBeUndefined();
    table.set(3, 'three');
    expect(await reads.get(3)).toBe('three');
  });

  it('forget the oldest beyond the bound', async () => {
    const { reads, readings } = setUp({ rememberedMax: 1 });
    await reads.get(1);
    await reads.get(2);
    await reads.get(1);
    expect(readings).toEqual([[1], [2], [1]]);
  });
});
