import { beforeEach, describe, expect, test } from 'vitest';
import { createRoomViews, type RoomViews } from './room-view.ts';
import type { RoomView } from './room.ts';
import { createWantedRooms } from './wanted-rooms.ts';

const view = (room: string): RoomView => ({
  room,
  epoch: 1,
  epochStarts: [1],
  state: 'OPEN',
  opensAt: null,
  head: 0,
  lastNumber: 0,
  waiting: 0,
  active: 0,
  admitted: 0,
  departed: 0,
  policy: { rateCount: null, rateWindowMs: null, capacity: null },
  pace: { count: 0, spanMs: 0 },
});

describe('the rooms that are read', () => {
  let nowMs = 0;
  let made: string[] = [];
  let reads: (readonly string[] | undefined)[] = [];
  let views: RoomViews;

  beforeEach(() => {
    [nowMs, made, reads] = [1_000_000, ['main', 'other', 'old'], []];
    views = createRoomViews({
      line: {
        rooms: (names) => {
          reads.push(names?.toSorted());
          return Promise.resolve(made.filter((room) => names?.includes(room)).map(view));
        },
        departures: () => Promise.resolve([]),
      },
      onLoss: () => {},
      clock: {
        monotonicMs: () => nowMs,
        wallMs: () => nowMs,
        sleep: (ms) => {
          // Nothing takes so long here.
          if (ms >= 1_000) return new Promise(() => {});
          nowMs += ms;
          return Promise.resolve();
        },
      },
    });
  });

  test('are those that somebody asked for within the last minute, in whatever way', async () => {
    await views.find('main');
    await views.look('other');
    for (let second = 1; second <= 60; second++) {
      nowMs += 1_000;
      await views.look('main');
    }
    expect(reads.slice(0, 2)).toEqual([['main'], ['main', 'other']]);
    expect(reads.at(-2)).toEqual(['main', 'other']);
    expect(reads.at(-1)).toEqual(['main']);
    views.atHand('other');
    nowMs += 200;
    await views.look('main');
    expect(reads.at(-1)).toEqual(['main', 'other']);
  });

  test('one that nobody has asked for in a while is read in its turn, though the others are fresh', async () => {
    await views.look('main');
    expect(await views.look('other')).toEqual(view('other'));
    expect(views.atHand('old')).toBeUndefined();
    expect((await Promise.all([views.find('old'), views.find('old')])).map((each) => each?.view)).toEqual([
      view('old'),
      view('old'),
    ]);
    expect(reads).toEqual([['main'], ['main', 'other'], ['main', 'old', 'other']]);
  });

  test('names that nobody made are looked for together, in their turn, and not again by themselves', async () => {
    await views.look('main');
    const startedMs = nowMs;
    const names = Array.from({ length: 1_000 }, (_, index) => `none-${index}`);
    const found = await Promise.all(names.flatMap((name) => [views.look(name), views.find(name)]));
    expect(found.filter((each) => each !== undefined)).toEqual([]);
    expect(reads).toHaveLength(2);
    expect(nowMs - startedMs).toBe(200);
    expect(await views.look('none-7')).toBeUndefined();
    expect(reads).toHaveLength(2);
    nowMs += 200;
    await views.look('main');
    nowMs += 200;
    await views.look('main');
    expect(reads.at(-1)).toEqual(['main']);
  });

  test('names are bounded: while ten thousand are asked for, no other one is', async () => {
    const names = Array.from({ length: 10_001 }, (_, index) => `none-${index}`);
    const outcomes = await Promise.allSettled(names.map((name) => views.look(name)));
    expect(outcomes.at(-2)).toEqual({ status: 'fulfilled', value: undefined });
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { name: 'Overloaded' } });
    expect(await views.look('main')).toEqual(view('main'));
  });

  test('a reading that is under way has not told of a room yet', async () => {
    const { promise, resolve } = Promise.withResolvers<RoomView[]>();
    const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: () => Promise.resolve() };
    const wanted = createWantedRooms({ rooms: () => promise }, clock);
    expect(wanted.want('main')).toBe(false);
    const reading = wanted.rooms();
    expect(wanted.want('main')).toBe(false);
    resolve([view('main')]);
    await reading;
    expect(wanted.want('main')).toBe(true);
  });

  test('one that is made after it was asked for in vain is found with the next reading', async () => {
    expect(await views.look('new')).toBeUndefined();
    made.push('new');
    expect((await views.find('new', { number: 1 }))?.view).toEqual(view('new'));
  });
});
