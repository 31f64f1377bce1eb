/** Numbers that look like chance and follow from a seed: the same seed gives the same ones on every machine. */
import assert from 'node:assert/strict';

export interface Chance {
  /** A whole number, both ends included. */
  between(min: number, max: number): number;
  oneOf<T>(items: readonly T[]): T;
  /** True so many times out of a hundred. */
  percent(share: number): boolean;
}

/** The generator mulberry32: 32 bits of state, plenty for a catalogue. */
export function createChance(seed: number): Chance {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    between,
    oneOf: (items) => {
      const item = items[between(0, items.length - 1)];
      assert(item !== undefined, 'there is something to choose from');
      return item;
    },
    percent: (share) => next() * 100 < share,
  };
}
