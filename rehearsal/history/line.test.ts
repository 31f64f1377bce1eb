import { describe, expect, it } from 'vitest';
import type { PlaceState } from '#contract/http/queue.ts';
import type { Broken } from './judge.ts';
import {
  type JoinRecord,
  type LookRecord,
  overtakenWaiters,
  overtakings,
  rises,
  secondPlaces,
} from './line.ts';

let id = 0;
const join = (
  userId: string,
  sentMs: number,
  answeredMs: number,
  number: number,
  fresh = true,
): JoinRecord => ({ id: id++, userId, sentMs, answeredMs, told: { number, fresh } });
const look = (number: number, sentMs: number, state: PlaceState, ahead: number): LookRecord => ({
  id: id++,
  userId: `holder of ${number}`,
  device: 0,
  sentMs,
  answeredMs: sentMs + 1,
  told: { number, state, ahead },
});
const saysOf = (found: readonly Broken[]) => found.map(({ says }) => says);

describe('the judge of a line', () => {
  it('sees a join that was answered first and has the higher number', () => {
    expect(saysOf(overtakings([join('a', 0, 10, 2), join('b', 11, 20, 1)]))).toEqual([
      '1 was sent after 2 was answered',
    ]);
  });

  it('lets joins that were under way together have any order', () => {
    expect(saysOf(overtakings([join('a', 0, 10, 2), join('b', 9, 20, 1)]))).toEqual([]);
  });

  it('takes the first answer of somebody who asked several times', () => {
    const again = [join('a', 0, 5, 2), join('a', 30, 40, 2, false), join('b', 6, 20, 1)];
    expect(saysOf(overtakings(again))).toEqual(['1 was sent after 2 was answered']);
  });

  it('sees a person with two numbers, and a place that was new twice', () => {
    expect(secondPlaces([join('a', 0, 1, 1), join('a', 2, 3, 2, false)])).toHaveLength(1);
    expect(secondPlaces([join('a', 0, 1, 1), join('a', 2, 3, 1)])).toHaveLength(1);
    expect(secondPlaces([join('a', 0, 1, 1), join('a', 2, 3, 1, false)])).toEqual([]);
  });

  it('sees a position that rises, unless the looks were under way together', () => {
    expect(saysOf(rises([look(9, 0, 'WAITING', 3), look(9, 10, 'WAITING', 4)]))).toEqual([
      '9: 3 ahead, later 4',
    ]);
    expect(saysOf(rises([look(9, 0, 'WAITING', 3), look(9, 1, 'WAITING', 4)]))).toEqual([]);
  });

  it('sees somebody who waits after a later number was let in', () => {
    const looks = [
      look(5, 0, 'ACTIVE', 0),
      look(3, 10, 'WAITING', 0),
      look(4, 600, 'WAITING', 0),
      look(6, 600, 'WAITING', 0),
    ];
    expect(saysOf(overtakenWaiters(looks))).toEqual(['4 waits after 5, at 0.600 s']);
  });
});
