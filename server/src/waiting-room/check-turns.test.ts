import { beforeEach, describe, expect, test } from 'vitest';
import type { Place } from '#contract/ids.ts';
import { createTurnChecks, type TurnChecks } from './check-turns.ts';
import type { Turn } from './line.ts';

const place: Place = { room: 'main', epoch: 1, number: 7 };
const turn = (change: Partial<Turn> = {}): Turn => ({
  epoch: 1,
  userId: 'me',
  state: 'ACTIVE',
  expiresAt: '2027-01-01T00:00:00.000Z',
  expiresInMs: 60_000,
  ...change,
});

describe('the check of a turn', () => {
  let nowMs = 0;
  let reads: (readonly Place[])[] = [];
  let answer: Turn | undefined | Error;
  let checks: TurnChecks;

  beforeEach(() => {
    [nowMs, reads, answer] = [1_000_000, [], turn()];
    checks = createTurnChecks({
      read: (places) => {
        reads.push(places);
        if (answer instanceof Error) return Promise.reject(answer);
        const found = answer;
        return Promise.resolve(places.map(() => found));
      },
      clock: { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: () => Promise.resolve() },
      observe: () => {},
    });
  });

  test.each([
    ['active', turn()],
    ['waiting', turn({ state: 'WAITING', expiresAt: null, expiresInMs: null })],
    ['over', turn({ state: 'SPENT' })],
    ['over', turn({ state: 'EXPIRED' })],
    ['over', turn({ state: 'LEFT' })],
    ['over', turn({ expiresInMs: 0 })],
    ['over', turn({ epoch: 2 })],
    ['over', undefined],
    ['foreign', turn({ userId: 'you' })],
  ] as const)('%s', async (expected, found) => {
    answer = found;
    expect(await checks.requireActive(place, 'me')).toBe(expected);
    expect(await checks.requireActive(place, 'me')).toBe(expected);
  });

  test('who asks together is asked for together', async () => {
    await Promise.all(
      Array.from({ length: 100 }, (_, number) => checks.requireActive({ ...place, number }, 'me')),
    );
    expect(reads.map((places) => places.length)).toEqual([100]);
  });

  test('an open turn is remembered for a second, not longer than it lasts, and not for somebody else', async () => {
    await checks.requireActive(place, 'me');
    nowMs += 999;
    answer = turn({ state: 'SPENT' });
    expect(await checks.requireActive(place, 'me')).toBe('active');
    expect(await checks.requireActive(place, 'you')).toBe('foreign');
    expect(await checks.requireActive({ ...place, epoch: 2 }, 'me')).toBe('over');
    expect(reads).toHaveLength(1);
    nowMs += 1;
    expect(await checks.requireActive(place, 'me')).toBe('over');

    const short = { ...place, number: 8 };
    answer = turn({ expiresInMs: 300 });
    expect(await checks.requireActive(short, 'me')).toBe('active');
    nowMs += 300;
    answer = turn({ expiresInMs: 0 });
    expect(await checks.requireActive(short, 'me')).toBe('over');
  });

  test('what is spent is over for good; what waits, or may be extended, is asked again', async () => {
    answer = turn({ state: 'SPENT', expiresInMs: null });
    await checks.look(place);
    nowMs += 86_400_000;
    expect(checks.ended(place)).toBe('SPENT');
    expect((await checks.look(place))?.state).toBe('SPENT');
    expect(reads).toHaveLength(1);
    for (const found of [turn({ state: 'WAITING' }), turn({ expiresInMs: -5 }), undefined]) {
      const before = reads.length;
      answer = found;
      await checks.look({ ...place, number: 9 });
      await checks.look({ ...place, number: 9 });
      expect(reads.length - before).toBe(2);
    }
  });

  test('a turn that timed out may be opened again, and is asked again after a second', async () => {
    answer = turn({ state: 'EXPIRED', expiresInMs: null });
    expect(await checks.requireActive(place, 'me')).toBe('over');
    answer = turn();
    nowMs += 999;
    expect(await checks.requireActive(place, 'me')).toBe('over');
    nowMs += 1;
    expect(await checks.requireActive(place, 'me')).toBe('active');
  });

  test('a forgotten turn is asked for again', async () => {
    await checks.requireActive(place, 'me');
    answer = turn({ state: 'SPENT' });
    checks.forget([place]);
    expect(await checks.requireActive(place, 'me')).toBe('over');
  });

  test('when the store fails nobody passes', async () => {
    answer = new Error('the database is away');
    await expect(checks.requireActive(place, 'me')).rejects.toThrow('the database is away');
  });
});
