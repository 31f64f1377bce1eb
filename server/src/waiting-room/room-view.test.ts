import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Overloaded } from '../platform/batcher.ts';
import type { Stretch } from './line.ts';
import type { RoomView } from './room.ts';
import { createRoomViews, type RoomViews, type Seen, versionOf } from './room-view.ts';
import { aheadOf } from './standing.ts';

const view = (head: number, lastNumber: number, change: Partial<RoomView> = {}): RoomView => ({
  room: 'main',
  epoch: 1,
  epochStarts: [1],
  state: 'OPEN',
  opensAt: null,
  head,
  lastNumber,
  waiting: lastNumber - head,
  active: 0,
  admitted: head,
  departed: 0,
  policy: { rateCount: null, rateWindowMs: null, capacity: null },
  pace: { count: 0, spanMs: 0 },
  ...change,
});

describe('the view of the rooms', () => {
  let nowMs = 0;
  let reads: PromiseWithResolvers<RoomView[]>[] = [];
  /** Who left, in order, and the pages that were asked for. */
  let gone: number[] = [];
  let pages: (Stretch & { readonly room: string })[] = [];
  let page: (answer: readonly number[]) => Promise<readonly number[]>;
  /** Ends the waits of a second and more that are under way: such a time passes only when the test says so. */
  let passSeconds: (() => void)[] = [];
  let losses = 0;
  let views: RoomViews;

  beforeEach(() => {
    [nowMs, reads, gone, pages, passSeconds, losses] = [1_000_000, [], [], [], [], 0];
    page = (answer) => Promise.resolve(answer);
    views = createRoomViews({
      line: {
        rooms: () => {
          const read = Promise.withResolvers<RoomView[]>();
          reads.push(read);
          return read.promise;
        },
        departures: (room, stretch) => {
          pages.push({ room, ...stretch });
          const { after, upTo, head } = stretch;
          return page(gone.slice(after, upTo).filter((number) => number > head));
        },
      },
      onLoss: () => {
        losses++;
        views.forget();
      },
      clock: {
        monotonicMs: () => nowMs,
        wallMs: () => nowMs,
        sleep: (ms) => {
          if (ms >= 1_000) return new Promise((resolve) => passSeconds.push(resolve));
          nowMs += ms;
          return Promise.resolve();
        },
      },
    });
  });

  async function fill(...found: RoomView[]): Promise<void> {
    const filling = views.find('main');
    reads.at(-1)?.resolve(found);
    await filling;
  }
  const find = async (seen?: Seen) => (await views.find('main', seen))?.view;
  const ahead = async (number: number) => {
    const known = await views.find('main', { number });
    return known === undefined ? undefined : aheadOf(known, number);
  };

  test('however many ask, it is read once, and again after a moment', async () => {
    const asking = Promise.all(Array.from({ length: 1_000 }, () => find({ number: 5 })));
    reads[0]?.resolve([view(1, 9)]);
    expect(new Set(await asking)).toEqual(new Set([view(1, 9)]));
    nowMs += 199;
    expect(await find({ number: 9 })).toEqual(view(1, 9));
    expect(await views.look('main')).toEqual(view(1, 9));
    expect(reads).toHaveLength(1);
    nowMs += 1;
    await fill(view(2, 9));
    expect(reads).toHaveLength(2);
  });

  test('a number that it does not know yet is waited for, past a reading that began before', async () => {
    await fill(view(1, 9));
    nowMs += 200;
    const before = find();
    const asking = find({ number: 12 });
    reads[1]?.resolve([view(1, 9)]);
    await before;
    await vi.waitFor(() => expect(reads).toHaveLength(3));
    reads[2]?.resolve([view(12, 12)]);
    expect(await asking).toMatchObject({ head: 12 });
  });

  test('a place in a room that was made a moment ago is not a place in no room', async () => {
    await fill(view(1, 9));
    const asking = views.find('new', { number: 1 });
    await vi.waitFor(() => expect(reads).toHaveLength(2));
    reads[1]?.resolve([view(1, 9), view(0, 1, { room: 'new' })]);
    expect((await asking)?.view).toMatchObject({ room: 'new', lastNumber: 1 });
  });

  test('whoever has seen more makes it read first, all of them once', async () => {
    await fill(view(5, 9, { departed: 1 }));
    for (const version of ['1.5.1', '1.4.1', '1.5.0', '0.9.9']) {
      expect(await find({ version })).toMatchObject({ head: 5 });
    }
    expect(reads).toHaveLength(1);
    const asking = ['1.6.1', '1.5.2', '1.6.0', '2.0.0'].map((version) => find({ version }));
    await vi.waitFor(() => expect(reads).toHaveLength(2));
    reads[1]?.resolve([view(7, 9, { departed: 2 })]);
    expect((await Promise.all(asking)).map((each) => each?.head)).toEqual([7, 7, 7, 7]);
    expect(reads).toHaveLength(2);
  });

  test('versions that nobody gave cost nothing, or at most a reading every 20 ms', async () => {
    await fill(view(5, 9));
    const junk = ['', 'x', '1', '1.5', '1.5.0.0', '-1.9.9', '1.9e9.0', '1.999999999999999999.0', '٣.٣.٣'];
    for (const version of junk) expect(await find({ version })).toMatchObject({ head: 5 });
    expect(reads).toHaveLength(1);

    const startedMs = nowMs;
    for (let i = 0; i < 10; i++) {
      const asking = find({ version: '1.1000000.0' });
      await vi.waitFor(() => expect(reads).toHaveLength(2 + i));
      reads.at(-1)?.resolve([view(5, 9)]);
      expect(await asking).toMatchObject({ head: 5 });
    }
    expect(nowMs - startedMs).toBeGreaterThanOrEqual(200);
  });

  test('the head never goes back, and what is of an earlier epoch says nothing any more', async () => {
    const reading = find();
    views.note(view(5, 6));
    reads[0]?.resolve([view(3, 4, { active: 2 })]);
    expect(await reading).toEqual(view(5, 6));
    nowMs += 200;
    await fill(view(5, 6, { epoch: 2, epochStarts: [1, 7] }));
    views.note(view(9, 9));
    expect(await find()).toMatchObject({ head: 5, epoch: 2 });
    expect(losses).toBe(0);
  });

  test('what was done here while a reading was under way is not undone by it', async () => {
    await fill(view(3, 9));
    nowMs += 200;
    const reading = find();
    views.note(view(3, 9, { state: 'PAUSED' }));
    reads[1]?.resolve([view(3, 9)]);
    expect(await reading).toMatchObject({ state: 'PAUSED' });
    nowMs += 200;
    await fill(view(3, 9, { state: 'CLOSED' }));
    expect(await find()).toMatchObject({ state: 'CLOSED' });
  });

  test('people who left are counted out as soon as the view knows that they left', async () => {
    gone = [5, 8];
    await fill(view(2, 10, { departed: 2 }));
    expect([await ahead(4), await ahead(6), await ahead(10)]).toEqual([1, 2, 5]);
    expect(pages).toEqual([{ room: 'main', after: 0, upTo: 2, head: 2 }]);
    expect((await views.find('main'))?.departed.has(8)).toBe(true);

    gone.push(3, 9);
    expect(await ahead(10)).toBe(5);
    nowMs += 200;
    await fill(view(2, 10, { departed: 3 }));
    expect(await ahead(10)).toBe(4);
    expect(pages.slice(1)).toEqual([{ room: 'main', after: 2, upTo: 3, head: 2 }]);
  });

  test('the view is not given out before its departures are there, and they are fetched once', async () => {
    await fill(view(2, 10));
    gone = [5];
    const slow = Promise.withResolvers<undefined>();
    page = async (answer) => {
      await slow.promise;
      return answer;
    };
    nowMs += 200;
    const asking = [ahead(10), ahead(10), ahead(10)];
    reads[1]?.resolve([view(3, 10, { departed: 1 })]);
    await vi.waitFor(() => expect(pages).toHaveLength(1));
    expect((await views.look('main'))?.head).toBe(3);
    slow.resolve(undefined);
    expect(await Promise.all(asking)).toEqual([5, 5, 5]);
    expect(pages).toHaveLength(1);
  });

  test('whoever asks while departures are fetched for an older view gets the newer one', async () => {
    await fill(view(2, 10));
    gone = [5, 6];
    const slow = Promise.withResolvers<undefined>();
    page = async (answer) => {
      await slow.promise;
      return answer;
    };
    nowMs += 200;
    const early = ahead(10);
    reads[1]?.resolve([view(2, 10, { departed: 1 })]);
    await vi.waitFor(() => expect(pages).toHaveLength(1));
    nowMs += 200;
    const late = ahead(10);
    reads[2]?.resolve([view(3, 10, { departed: 2 })]);
    await vi.waitFor(async () => expect((await views.look('main'))?.head).toBe(3));
    slow.resolve(undefined);
    await early;
    expect(await late).toBe(4);
  });

  test('what this instance did is given out at once, unless somebody left in between', async () => {
    await fill(view(2, 10));
    views.note(view(4, 11));
    expect(await ahead(11)).toBe(6);
    gone = [6];
    views.note(view(4, 12, { departed: 1 }));
    expect(await ahead(11)).toBe(6);
    // Number 12 is news, and so is who left before it was given.
    const asking = ahead(12);
    await vi.waitFor(() => expect(reads).toHaveLength(2));
    reads[1]?.resolve([view(4, 12, { departed: 1 })]);
    expect(await asking).toBe(6);
    expect(pages).toEqual([{ room: 'main', after: 0, upTo: 1, head: 4 }]);
  });

  test('a crowd that left is fetched in pages, and rooms that nobody asks about are not fetched at all', async () => {
    const departed = leaveACrowd();
    await fill(view(0, 300_000, { departed }), view(0, 300_000, { room: 'other', departed }));
    expect(await ahead(300_000)).toBe(49_999);
    expect(stretches()).toEqual([
      [0, 100_000],
      [100_000, 200_000],
      [200_000, 250_000],
    ]);
    expect(new Set(pages.map(({ room }) => room))).toEqual(new Set(['main']));
  });

  test('where a page of a crowd fails, those before it are not fetched again', async () => {
    const departed = leaveACrowd();
    page = (answer) => (pages.length === 2 ? Promise.reject(new Error('away')) : Promise.resolve(answer));
    await expect(fill(view(0, 300_000, { departed }))).rejects.toThrow('away');
    nowMs += 200;
    await fill(view(10, 300_000, { departed }));
    expect(await ahead(300_000)).toBe(49_999);
    expect(stretches()).toEqual([
      [0, 100_000],
      [100_000, 200_000],
      [100_000, 200_000],
      [200_000, 250_000],
    ]);
  });

  function leaveACrowd(): number {
    gone = Array.from({ length: 250_000 }, (_, index) => index + 1);
    return gone.length;
  }
  const stretches = () => pages.map(({ after, upTo }) => [after, upTo]);

  test('a reading that takes more than a second is waited for by nobody, and asked for by nobody again', async () => {
    await fill(view(1, 9));
    nowMs += 200;
    const early = Promise.allSettled([find(), find({ version: '1.5.0' }), views.look('main')]);
    await vi.waitFor(() => expect(reads).toHaveLength(2));
    for (const pass of passSeconds) pass();
    const outcomes = [...(await early), ...(await Promise.allSettled([find(), views.look('main')]))];
    for (const outcome of outcomes) {
      expect(outcome).toEqual({ status: 'rejected', reason: expect.any(Overloaded) as Overloaded });
    }
    expect(reads).toHaveLength(2);
    reads[1]?.resolve([view(2, 9)]);
    await vi.waitFor(async () => expect(await find()).toMatchObject({ head: 2 }));
    expect(reads).toHaveLength(2);
  });

  test('a new epoch moves nobody: who left stays counted out, and the view goes on from where it is', async () => {
    gone = [5, 8];
    await fill(view(2, 10, { departed: 2 }));
    expect(await ahead(9)).toBe(4);
    views.note(view(2, 10, { departed: 2, epoch: 2, epochStarts: [1, 11] }));
    expect(views.atHand('main')?.view).toMatchObject({ epoch: 2 });
    expect(await ahead(9)).toBe(4);
    nowMs += 200;
    await fill(view(3, 11, { departed: 2, epoch: 2, epochStarts: [1, 11] }));
    expect([await ahead(9), await ahead(11)]).toEqual([3, 5]);
    expect(await find({ version: '1.999.999' })).toMatchObject({ epoch: 2, head: 3 });
    expect([losses, pages.length]).toEqual([0, 1]);
  });

  test.each([
    ['begins before what is known', view(2, 11, { departed: 2, epoch: 2, epochStarts: [1, 8] }), 0],
    ['comes with less than was known', view(2, 10, { departed: 1, epoch: 2, epochStarts: [1, 11] }), 1],
  ])(
    'but one that %s says that commits are lost: who left is looked for anew',
    async (_, after, lossesSeen) => {
      gone = [5, 8];
      await fill(view(2, 10, { departed: 2 }));
      expect(await ahead(6)).toBe(2);
      gone = [3, 4];
      nowMs += 200;
      const asking = ahead(6);
      reads[1]?.resolve([after]);
      if (lossesSeen > 0) {
        await vi.waitFor(() => expect(reads).toHaveLength(3));
        reads[2]?.resolve([after]);
      }
      expect(await asking).toBe(after.departed === 2 ? 1 : 2);
      expect([losses, pages.length]).toEqual([lossesSeen, 2]);
    },
  );

  describe('when the data begin another life', () => {
    test('what was known of the last one does not hold: neither counters nor who left', async () => {
      gone = [5, 8];
      await fill(view(6, 10, { departed: 2 }));
      gone = [];
      views.forget();
      const asking = ahead(9);
      reads[1]?.resolve([view(2, 9)]);
      expect(await asking).toBe(6);
      expect((await views.find('main'))?.departed.has(8)).toBe(false);
      expect(losses).toBe(0);
    });

    test('a reading that began before is not taken in', async () => {
      const asking = find();
      views.forget();
      reads[0]?.resolve([view(6, 10)]);
      await vi.waitFor(() => expect(reads).toHaveLength(2));
      reads[1]?.resolve([view(2, 9)]);
      expect(await asking).toMatchObject({ head: 2 });
    });

    test('nor are departures that were being fetched, and whoever waits for them gets the new life', async () => {
      gone = [5, 8];
      const slow = Promise.withResolvers<undefined>();
      page = async (answer) => {
        await slow.promise;
        return answer;
      };
      const asking = ahead(9);
      reads[0]?.resolve([view(2, 10, { departed: 2 })]);
      await vi.waitFor(() => expect(pages).toHaveLength(1));
      views.forget();
      slow.resolve(undefined);
      await vi.waitFor(() => expect(reads).toHaveLength(2));
      reads[1]?.resolve([view(2, 9)]);
      expect(await asking).toBe(6);
    });

    test('a reading that is older than what was known when it began proves it', async () => {
      gone = [5];
      await fill(view(3, 10, { departed: 1 }));
      views.note(view(4, 11, { departed: 1 }));
      nowMs += 200;
      const asking = ahead(9);
      reads[1]?.resolve([view(2, 9)]);
      await vi.waitFor(() => expect(reads).toHaveLength(3));
      expect(losses).toBe(1);
      reads[2]?.resolve([view(2, 9)]);
      expect(await asking).toBe(6);
      expect(losses).toBe(1);
    });
  });

  test('a reading that fails is told to everybody, and tried again by the next', async () => {
    const asking = Promise.allSettled([find(), find()]);
    reads[0]?.reject(new Error('away'));
    expect((await asking).map((each) => each.status)).toEqual(['rejected', 'rejected']);
    await fill(view(1, 1));
    expect(await find()).toMatchObject({ head: 1 });
  });

  test('so are departures that cannot be fetched, and none is lost', async () => {
    gone = [5, 6];
    page = () => Promise.reject(new Error('away'));
    await expect(fill(view(2, 10, { departed: 2 }))).rejects.toThrow('away');
    page = (answer) => Promise.resolve(answer);
    expect(await ahead(10)).toBe(5);
  });

  test('a version says how far the room is: its life, its head, and who left', () => {
    expect(versionOf(view(48_112, 50_000, { epoch: 3, departed: 17 }))).toBe('3.48112.17');
  });
});
