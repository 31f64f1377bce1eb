import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { RoomView } from './room.ts';
import { createRoomViews, type RoomViews } from './room-view.ts';

const view = (head: number, lastNumber: number, change: Partial<RoomView> = {}): RoomView => ({
  room: 'main',
  epoch: 1,
  state: 'OPEN',
  head,
  lastNumber,
  waiting: lastNumber - head,
  active: 0,
  policy: { rateCount: null, rateWindowMs: null, capacity: null },
  ...change,
});

describe('the view of the rooms', () => {
  let nowMs = 0;
  let reads: PromiseWithResolvers<RoomView[]>[] = [];
  let views: RoomViews;

  beforeEach(() => {
    [nowMs, reads] = [1_000_000, []];
    views = createRoomViews({
      read: () => {
        const read = Promise.withResolvers<RoomView[]>();
        reads.push(read);
        return read.promise;
      },
      clock: { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: () => Promise.resolve() },
    });
  });

  async function fill(...found: RoomView[]): Promise<void> {
    const filling = views.find('main');
    reads.at(-1)?.resolve(found);
    await filling;
  }

  test('however many ask, it is read once, and again after a moment', async () => {
    const asking = Promise.all(Array.from({ length: 1_000 }, () => views.find('main', 5)));
    reads[0]?.resolve([view(1, 9)]);
    expect(new Set(await asking)).toEqual(new Set([view(1, 9)]));
    nowMs += 199;
    expect(await views.find('main', 9)).toEqual(view(1, 9));
    expect(reads).toHaveLength(1);
    nowMs += 1;
    await fill(view(2, 9));
    expect(reads).toHaveLength(2);
  });

  test('a name that nobody made costs no query', async () => {
    await fill(view(1, 9));
    expect(await Promise.all(['a', 'b', 'c'].map((name) => views.find(name)))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(reads).toHaveLength(1);
  });

  test('a number that it does not know yet is waited for, past a reading that began before', async () => {
    await fill(view(1, 9));
    nowMs += 200;
    const before = views.find('main');
    const asking = views.find('main', 12);
    reads[1]?.resolve([view(1, 9)]);
    await before;
    await vi.waitFor(() => expect(reads).toHaveLength(3));
    reads[2]?.resolve([view(12, 12)]);
    expect(await asking).toMatchObject({ head: 12 });
  });

  test('a place in a room that was made a moment ago is not a place in no room', async () => {
    await fill(view(1, 9));
    const asking = views.find('new', 1);
    reads[1]?.resolve([view(1, 9), view(0, 1, { room: 'new' })]);
    expect(await asking).toMatchObject({ room: 'new', lastNumber: 1 });
  });

  test('the head never goes back, unless the room began a new life', async () => {
    const reading = views.find('main');
    views.note(view(5, 6));
    reads[0]?.resolve([view(3, 4, { active: 2 })]);
    expect(await reading).toMatchObject({ head: 5, lastNumber: 6, active: 2 });
    nowMs += 200;
    await fill(view(0, 0, { epoch: 2 }));
    expect(await views.find('main')).toMatchObject({ head: 0, epoch: 2 });
  });

  test('a reading that fails is told to everybody, and tried again by the next', async () => {
    const asking = Promise.allSettled([views.find('main'), views.find('main')]);
    reads[0]?.reject(new Error('away'));
    expect((await asking).map((each) => each.status)).toEqual(['rejected', 'rejected']);
    await fill(view(1, 1));
    expect(await views.find('main')).toMatchObject({ head: 1 });
  });
});
