import { describe, expect, it } from 'vitest';
import { RecentMap } from './recent-map.ts';

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('a map of what was noted lately', () => {
  it('holds at least the last half of its entries, and never more than all', () => {
    const map = new RecentMap<number, string>(10);
    for (const key of range(1_000)) {
      map.set(key, `v${key}`);
      expect(map.size).toBeLessThanOrEqual(10);
      for (const recent of range(5))
        if (key >= recent) expect(map.get(key - recent)).toBe(`v${key - recent}`);
    }
    expect(map.get(0)).toBeUndefined();
  });

  it('gives the newest value of a key that was noted twice', () => {
    const map = new RecentMap<string, number>(4);
    map.set('a', 1);
    map.set('b', 2);
    map.set('c', 3);
    map.set('a', 4);
    expect(map.get('a')).toBe(4);
  });

  it('has nothing of a key that was deleted, whatever its age', () => {
    const map = new RecentMap<string, number>(4);
    for (const key of ['a', 'b', 'c', 'a']) map.set(key, 1);
    map.delete('a');
    expect(map.get('a')).toBeUndefined();
    expect(map.get('b')).toBe(1);
  });

  it('stays within its bound when one key is noted again and again', () => {
    const map = new RecentMap<string, number>(4);
    for (const value of range(100)) map.set('a', value);
    expect(map.size).toBe(1);
  });
});
