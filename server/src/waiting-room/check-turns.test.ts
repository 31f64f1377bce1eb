import { beforeEach, describe, expect, test } from 'vitest';
import type { Place } from '#contract/ids.ts';
import { createTurnChecks, type TurnChecks } from './check-turns.ts';
import type { Turn } from './line.ts';
import type { Holder } from './place-token.ts';

const place: Place = { room: 'main', epoch: 1, number: 7 };
const holder: Holder = { place, userId: 'me' };
const unclaimed = { claimed: false, expiresInMs: 20_000, holdsForMs: 20_000 };
const turn = (change: Partial<Turn> = {}): Turn => ({
  epoch: 1,
  userId: 'me',
  state: 'ACTIVE',
  expiresAt: '2027-01-01T00:00:00.000Z',
  expiresInMs: 60_000,
  claimed: true,
  holdsForMs: 60_000,
  ...change,
});

describe('the check of a turn', () => {
  let nowMs = 0;
  let reads: (readonly Place[])[] = [];
  let answer: Turn | undefined | Error;
  let claims: (readonly Place[])[] = [];
  let claimed: Turn | undefined | Error;
  let checks: TurnChecks;

  beforeEach(() => {
    [nowMs, reads, answer, claims, claimed] = [1_000_000, [], turn(), [], turn()];
    const answering = (found: Turn | undefined | Error, places: readonly Place[]) =>
      found instanceof Error ? Promise.reject(found) : Promise.resolve(places.map(() => found));
    checks = createTurnChecks({
      line: {
        turns: (places) => {
          reads.push(places);
          return answering(answer, places);
        },
        claim: (places) => {
          claims.push(places);
          return answering(claimed, places);
        },
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
    expect(await checks.requireActive(place, 'me', 'look')).toBe(expected);
    expect(await checks.requireActive(place, 'me', 'look')).toBe(expected);
  });

  test('who asks together is asked for together', async () => {
    await Promise.all(
      Array.from({ length: 100 }, (_, number) => checks.requireActive({ ...place, number }, 'me', 'look')),
    );
    expect(reads.map((places) => places.length)).toEqual([100]);
  });

  test('an open turn is remembered for a second, not longer than it lasts, and not for somebody else', async () => {
    await checks.requireActive(place, 'me', 'look');
    nowMs += 999;
    answer = turn({ state: 'SPENT' });
    expect(await checks.requireActive(place, 'me', 'look')).toBe('active');
    expect(await checks.requireActive(place, 'you', 'look')).toBe('foreign');
    expect(await checks.requireActive({ ...place, epoch: 2 }, 'me', 'look')).toBe('over');
    expect(reads).toHaveLength(1);
    nowMs += 1;
    expect(await checks.requireActive(place, 'me', 'look')).toBe('over');

    const short = { ...place, number: 8 };
    answer = turn({ expiresInMs: 300 });
    expect(await checks.requireActive(short, 'me', 'look')).toBe('active');
    nowMs += 300;
    answer = turn({ expiresInMs: 0 });
    expect(await checks.requireActive(short, 'me', 'look')).toBe('over');
  });

  test('what is spent is over for good; what waits, or may be extended, is asked again', async () => {
    answer = turn({ state: 'SPENT', expiresInMs: null });
    await checks.look(holder);
    nowMs += 86_400_000;
    expect(checks.ended(holder)).toBe('SPENT');
    expect((await checks.look(holder))?.state).toBe('SPENT');
    expect(reads).toHaveLength(1);
    for (const found of [turn({ state: 'WAITING' }), turn({ expiresInMs: -5 }), undefined]) {
      const before = reads.length;
      answer = found;
      await checks.look({ ...holder, place: { ...place, number: 9 } });
      await checks.look({ ...holder, place: { ...place, number: 9 } });
      expect(reads.length - before).toBe(2);
    }
  });

  test('a turn that timed out may be opened again, and is asked again after a second', async () => {
    answer = turn({ state: 'EXPIRED', expiresInMs: null });
    expect(await checks.requireActive(place, 'me', 'look')).toBe('over');
    answer = turn();
    nowMs += 999;
    expect(await checks.requireActive(place, 'me', 'look')).toBe('over');
    nowMs += 1;
    expect(await checks.requireActive(place, 'me', 'look')).toBe('active');
  });

  test('a turn that was given up may yet be spent elsewhere, and is asked again after a second; a place is over for good', async () => {
    answer = turn({ state: 'LEFT', expiresInMs: null });
    expect((await checks.look(holder))?.state).toBe('LEFT');
    answer = turn({ state: 'SPENT', expiresInMs: null });
    nowMs += 999;
    expect(checks.ended(holder)).toBe('LEFT');
    nowMs += 1;
    expect((await checks.look(holder))?.state).toBe('SPENT');

    const waited = { ...holder, place: { ...place, number: 8 } };
    answer = turn({ state: 'LEFT', claimed: false, expiresInMs: null });
    await checks.look(waited);
    nowMs += 86_400_000;
    expect(checks.ended(waited)).toBe('LEFT');
  });

  test('a forgotten turn is asked for again', async () => {
    await checks.requireActive(place, 'me', 'look');
    answer = turn({ state: 'SPENT' });
    checks.forget([place]);
    expect(await checks.requireActive(place, 'me', 'look')).toBe('over');
  });

  test('when the data begin another life nothing is remembered, and nothing that was asked for before', async () => {
    answer = turn({ state: 'SPENT', expiresInMs: null });
    await checks.look(holder);
    const asking = checks.look({ ...holder, place: { ...place, number: 8 } });
    checks.forgetAll();
    await asking;
    expect([checks.ended(holder), checks.ended({ ...holder, place: { ...place, number: 8 } })]).toEqual([
      undefined,
      undefined,
    ]);
    answer = turn();
    expect(await checks.requireActive(place, 'me', 'look')).toBe('active');
  });

  test('a turn that was told besides is remembered from when it was asked for', async () => {
    const remember = checks.asking();
    nowMs += 400;
    remember(place, turn());
    nowMs += 599;
    expect(await checks.requireActive(place, 'me', 'hold')).toBe('active');
    expect(reads).toEqual([]);
    nowMs += 1;
    await checks.requireActive(place, 'me', 'hold');
    expect(reads).toHaveLength(1);
  });

  test('what was asked for later stays, whenever the earlier is told', async () => {
    const remember = checks.asking();
    nowMs += 1;
    answer = turn({ state: 'LEFT', expiresInMs: null });
    await checks.look(holder);
    remember(place, turn());
    expect(await checks.requireActive(place, 'me', 'hold')).toBe('over');
  });

  test('a turn that was told besides is not remembered when the data begin another life meanwhile', async () => {
    const remember = checks.asking();
    checks.forgetAll();
    remember(place, turn());
    answer = undefined;
    expect(await checks.requireActive(place, 'me', 'hold')).toBe('over');
  });

  test('the rooms that are remembered are bounded, and those that are asked about stay', async () => {
    answer = turn({ state: 'SPENT', expiresInMs: null });
    const inRoom = (room: string): Holder => ({ ...holder, place: { ...place, room } });
    const rooms = Array.from({ length: 40 }, (_, index) => `room-${index}`);
    for (const room of rooms) {
      await checks.look(inRoom(room));
      expect(checks.ended(inRoom('room-0'))).toBe('SPENT');
    }
    const kept = rooms.filter((room) => checks.ended(inRoom(room)) !== undefined);
    expect(kept.length).toBeLessThanOrEqual(16);
    expect(kept).toContain('room-39');
  });

  test('when the store fails nobody passes', async () => {
    answer = new Error('the database is away');
    await expect(checks.requireActive(place, 'me', 'look')).rejects.toThrow('the database is away');
  });

  test('the first look takes the turn up, and what it is then counts', async () => {
    answer = turn(unclaimed);
    expect(await checks.look(holder)).toEqual(turn());
    expect(await checks.requireActive(place, 'me', 'hold')).toBe('active');
    expect([reads.length, claims]).toEqual([1, [[place]]]);
  });

  test('those who come together are taken up together', async () => {
    answer = turn(unclaimed);
    await Promise.all(
      Array.from({ length: 100 }, (_, number) => checks.requireActive({ ...place, number }, 'me', 'look')),
    );
    expect(claims.map((places) => places.length)).toEqual([100]);
  });

  test.each([
    ['taken up before', turn(), 'me'],
    ['of somebody else', turn(unclaimed), 'you'],
    ['of another life of the room', turn({ ...unclaimed, epoch: 2 }), 'me'],
    ['not come for in time', turn({ ...unclaimed, expiresInMs: 0 }), 'me'],
    ['waiting', turn({ ...unclaimed, state: 'WAITING' }), 'me'],
    ['over', turn({ ...unclaimed, state: 'EXPIRED' }), 'me'],
  ] as const)('a turn that is %s is not taken up', async (_, found, userId) => {
    answer = found;
    await checks.requireActive(place, userId, 'hold');
    expect(claims).toEqual([]);
  });

  test('who comes in the last moment of the window and is not in time is late', async () => {
    answer = turn(unclaimed);
    claimed = turn({ ...unclaimed, expiresInMs: -1 });
    expect(await checks.requireActive(place, 'me', 'look')).toBe('over');
    claimed = undefined;
    expect(await checks.requireActive(place, 'me', 'look')).toBe('over');
  });

  test('when a turn cannot be taken up nobody passes', async () => {
    answer = turn(unclaimed);
    claimed = new Error('the database is away');
    await expect(checks.requireActive(place, 'me', 'look')).rejects.toThrow('the database is away');
    claimed = turn();
    expect(await checks.requireActive(place, 'me', 'look')).toBe('active');
  });

  test('past its own end a turn is good for paying and looking, and for no other hold', async () => {
    answer = turn({ holdsForMs: 300 });
    const may = async () => [
      await checks.requireActive(place, 'me', 'hold'),
      await checks.requireActive(place, 'me', 'pay'),
      await checks.requireActive(place, 'me', 'look'),
    ];
    expect(await may()).toEqual(['active', 'active', 'active']);
    nowMs += 300;
    expect(await may()).toEqual(['over', 'active', 'active']);
    expect(reads).toHaveLength(1);
    answer = turn({ holdsForMs: -5_000 });
    nowMs += 1_000;
    expect(await may()).toEqual(['over', 'active', 'active']);
  });

  test('somebody else’s turn, or one of another life of the room, is no turn to look at', async () => {
    answer = turn({ state: 'SPENT', expiresInMs: null });
    expect(await checks.look({ ...holder, userId: 'you' })).toBeUndefined();
    expect(checks.ended({ ...holder, userId: 'you' })).toBeUndefined();
    expect(await checks.look({ ...holder, place: { ...place, epoch: 2 } })).toBeUndefined();
    expect(checks.ended({ ...holder, place: { ...place, epoch: 2 } })).toBeUndefined();
    expect(checks.ended(holder)).toBe('SPENT');
  });
});
