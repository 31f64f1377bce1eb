import { beforeEach, describe, expect, test } from 'vitest';
import type { EventOf } from '#contract/events.ts';
import { handClock } from '../../test/support/hand-clock.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import type { Projection } from '../messaging/index.ts';
import { newUuid } from '../platform/identifiers.ts';
import type { Reader } from '../platform/postgres/database.ts';
import { FREE, HELD } from './board.ts';
import { type Boards, type BoardsDeps, createBoards } from './boards.ts';

const NOTHING = (): void => {};

/** A table and a log that do what the test says, when it says so. */
function createHand(bounds: BoardsDeps['bounds'] = {}) {
  const { clock, pass } = handClock();
  const versions = new Map<number, number[]>();
  const readings: number[][] = [];
  const [projections, faults] = [[] as Projection[], [] as Error[]];
  let gate = Promise.resolve();
  let following = Promise.resolve();
  const database: Reader = {
    rows: async <Row>(_: unknown, [performanceIds]: readonly unknown[]) => {
      readings.push(performanceIds as number[]);
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      const rows = (performanceIds as number[]).flatMap((id) => rowOf(id, versions.get(id)));
      await gate;
      return rows as Row[];
    },
  };
  const boards = createBoards({
    database,
    messaging: { follow: (projection) => void projections.push(projection), following: () => following },
    clock,
    logger: createLogRecorder().logger,
    observe: NOTHING,
    bounds,
  });
  const [projection] = projections;
  if (projection === undefined) throw new Error('the boards do not follow the log');
  return {
    boards,
    versions,
    readings,
    faults,
    pass,
    projection,
    /** What is read from now on arrives when the returned function is called. */
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    unfollow: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      following = promise;
      return resolve;
    },
  };
}

/** Odd versions are held, even ones free. */
function rowOf(performanceId: number, versions: number[] | undefined): object[] {
  if (versions === undefined) return [];
  const column = (values: number[]) => {
    const bytes = Buffer.alloc(values.length * 4);
    for (const [at, value] of values.entries()) bytes.writeInt32BE(value, at * 4);
    return bytes;
  };
  return [
    {
      performance_id: performanceId,
      room: 'main',
      seat_count: versions.length,
      seats_per_person: 4,
      sale_opens_at: '2020-01-01T00:00:00.000Z',
      sale_closes_at: '2099-01-01T00:00:00.000Z',
      at: '2026-01-01T00:00:00.000Z',
      contents: column(versions.map((version) => version * 4 + (version % 2))),
      prices: column(versions.map(() => 50_000)),
      buyers: null,
    },
  ];
}

function reserved(performanceId: number, seatNo: number, version: number): EventOf<'SeatReserved'> {
  return {
    name: 'SeatReserved',
    reservationId: newUuid(),
    userId: newUuid(),
    performanceId,
    seats: [{ no: seatNo, version }],
    amountKrw: 50_000,
    turn: { room: 'main', epoch: 1, number: 1 },
    expiresAt: '2026-01-01T00:05:00.000Z',
    payNow: false,
  };
}

let hand: ReturnType<typeof createHand>;
beforeEach(() => {
  hand = createHand();
  hand.versions.set(1, [0, 0, 0]);
});

async function stateOf(boards: Boards, seatNo: number) {
  const kept = await boards.get(1);
  return kept?.board.stateOf(seatNo);
}

describe('a board', () => {
  test('is read once, however many ask at the same moment and after it', async () => {
    const many = await Promise.all(Array.from({ length: 500 }, () => hand.boards.get(1)));
    expect(new Set(many).size).toBe(1);
    expect(await hand.boards.get(1)).toBe(many[0]);
    expect(hand.boards.known(1)).toBe(many[0]);
    expect(hand.readings).toEqual([[1]]);
  });

  test('is made in a turn of the event loop of its own, when several are read together', async () => {
    for (const id of [2, 3, 4]) hand.versions.set(id, [0]);
    const all = Promise.all([1, 2, 3, 4].map((id) => hand.boards.get(id)));
    const made = [0];
    while (hand.boards.stats.boards < 4) {
      await new Promise(setImmediate);
      if (hand.boards.stats.boards !== made.at(-1)) made.push(hand.boards.stats.boards);
    }
    expect(made).toEqual([0, 1, 2, 3, 4]);
    expect(hand.readings).toEqual([[1, 2, 3, 4]]);
    expect(await all).not.toContain(undefined);
  });

  test('has what came between its reading and its turn, and is read again when something was missed then', async () => {
    hand.versions.set(2, [0]).set(3, [0]);
    const all = Promise.all([1, 2, 3].map((id) => hand.boards.get(id)));
    const untilMade = async (id: number) => {
      while (hand.boards.peek(id) === undefined) await new Promise(setImmediate);
    };
    await untilMade(1);
    hand.projection.heard([reserved(1, 2, 1), reserved(2, 1, 1)]);
    await untilMade(2);
    expect(hand.boards.peek(3)).toBeUndefined();
    hand.versions.set(3, [1]);
    hand.projection.lost();
    const [first, second, third] = await all;
    expect([first?.board.stateOf(2), second?.board.stateOf(1), third?.board.stateOf(1)]).toEqual([
      HELD,
      HELD,
      HELD,
    ]);
    expect(hand.readings).toEqual([[1, 2, 3], [3]]);
  });

  test('is not read before the log is followed', async () => {
    const follow = hand.unfollow();
    const asked = hand.boards.get(1);
    await new Promise(setImmediate);
    expect(hand.readings).toEqual([]);
    follow();
    expect(await asked).toBeDefined();
  });

  test('has what came while it was being read', async () => {
    const arrive = hand.hold();
    const asked = hand.boards.get(1);
    await until('it is being read', () => hand.readings.length === 1);
    const event = reserved(1, 2, 1);
    hand.projection.heard([event, reserved(9, 2, 1)]);
    arrive();
    const board = (await asked)?.board;
    expect([board?.stateOf(1), board?.stateOf(2)]).toEqual([FREE, HELD]);
    expect(board?.mayHaveBought(event.userId)).toBe(true);
  });

  test('has what came before it was read and after it was asked for', async () => {
    const follow = hand.unfollow();
    const asked = hand.boards.get(1);
    hand.projection.heard([reserved(1, 2, 1)]);
    follow();
    expect((await asked)?.board.stateOf(2)).toBe(HELD);
  });

  test('follows the log from then on, and other performances do not touch it', async () => {
    await hand.boards.get(1);
    hand.projection.heard([reserved(1, 1, 1), reserved(2, 3, 1)]);
    expect([await stateOf(hand.boards, 1), await stateOf(hand.boards, 3)]).toEqual([HELD, FREE]);
    expect(hand.readings).toHaveLength(1);
  });

  test('that is not there is looked for again, and is there once it is laid out', async () => {
    expect(await hand.boards.get(2)).toBeUndefined();
    hand.versions.set(2, [0]);
    expect((await hand.boards.get(2))?.board.seatCount).toBe(1);
  });

  test('whose reading failed is read anew by the next who asks', async () => {
    hand.faults.push(new Error('away'));
    await expect(hand.boards.get(1)).rejects.toThrow('away');
    expect(await hand.boards.get(1)).toBeDefined();
  });

  test('tells the time of the database, from its reading on', async () => {
    const kept = await hand.boards.get(1);
    await hand.pass(1_234);
    expect(kept?.nowMs()).toBe(Date.parse('2026-01-01T00:00:01.234Z'));
  });
});

describe('when events may have been missed', () => {
  test('all boards are read anew', async () => {
    const before = await hand.boards.get(1);
    hand.versions.set(1, [1, 0, 0]);
    hand.projection.lost();
    expect(hand.boards.known(1)).toBeUndefined();
    expect(hand.boards.stats).toEqual({ boards: 0, seats: 0 });
    expect(await hand.boards.get(1)).not.toBe(before);
    expect(await stateOf(hand.boards, 1)).toBe(HELD);
  });

  test('what is being read at that moment is read again, by whoever asked before it too', async () => {
    const arrive = hand.hold();
    const asked = hand.boards.get(1);
    await until('it is being read', () => hand.readings.length === 1);
    hand.versions.set(1, [1, 0, 0]);
    hand.projection.lost();
    arrive();
    expect((await asked)?.board.stateOf(1)).toBe(HELD);
    expect(hand.readings).toEqual([[1], [1]]);
  });

  test('again and again, a reading is given up as overload', async () => {
    const database: Reader = {
      rows: <Row>() => {
        projection?.lost();
        return Promise.resolve(rowOf(1, [0]) as Row[]);
      },
    };
    const { clock } = handClock();
    let projection: Projection | undefined;
    const boards = createBoards({
      database,
      messaging: {
        follow: (given) => {
          projection = given;
        },
        following: () => Promise.resolve(),
      },
      clock,
      logger: createLogRecorder().logger,
      observe: NOTHING,
    });
    await expect(boards.get(1)).rejects.toThrow('was lost while it was loaded');
  });
});

describe('memory', () => {
  test('is given back by what nobody has looked at for its time', async () => {
    hand = createHand({ idleMs: 10_000 });
    for (const id of [1, 2]) hand.versions.set(id, [0, 0]);
    await hand.boards.get(1);
    await hand.boards.get(2);
    for (let passed = 0; passed < 9_000; passed += 1_000) await hand.pass(1_000);
    hand.boards.known(2);
    expect(hand.boards.peek(1)).toBeDefined(); // which is no look
    for (let passed = 0; passed < 2_000; passed += 1_000) await hand.pass(1_000);
    expect(hand.boards.stats).toEqual({ boards: 1, seats: 2 });
    expect(hand.boards.known(1)).toBeUndefined();
    expect(hand.boards.known(2)).toBeDefined();
  });

  test('is kept for what somebody listens to, and those who listen are told of each change', async () => {
    hand = createHand({ idleMs: 10_000 });
    hand.versions.set(1, [0, 0]);
    const kept = await hand.boards.get(1);
    const frames: string[] = [];
    const { signal } = new AbortController();
    const listener = { send: (frame: Buffer) => void frames.push(frame.toString()), end: NOTHING, signal };
    kept?.published.listen(listener, kept.published.map().content.version);
    for (let passed = 0; passed < 12_000; passed += 100) await hand.pass(100);
    expect(hand.boards.stats.boards).toBe(1);
    hand.projection.heard([reserved(1, 1, 1)]);
    await hand.pass(100);
    expect(frames.at(-1)).toContain('"changes":[[1,1]]');
    hand.projection.lost();
    expect(frames.at(-1)).toContain('event: reload');
  });

  test('has a bound: what was not looked at for the longest goes first', async () => {
    hand = createHand({ seatsMax: 30, boardWeight: 5 });
    for (const id of [1, 2, 3]) hand.versions.set(id, [0, 0, 0, 0, 0]);
    for (const id of [1, 2, 3]) {
      await hand.boards.get(id);
      await hand.pass(10);
    }
    hand.boards.known(1);
    hand.versions.set(4, [0, 0, 0, 0]);
    await hand.boards.get(4);
    expect([1, 2, 3, 4].filter((id) => hand.boards.known(id) !== undefined)).toEqual([1, 3, 4]);
    expect(hand.boards.stats).toEqual({ boards: 3, seats: 14 });
  });

  test('has a bound that counts who has bought: a board that grows puts out what was not looked at', async () => {
    hand = createHand({ seatsMax: 40, boardWeight: 5, buyerWeight: 3 });
    for (const id of [1, 2, 3]) hand.versions.set(id, [0, 0, 0, 0, 0]);
    for (const id of [1, 2, 3]) {
      await hand.boards.get(id);
      await hand.pass(10);
    }
    const there = () => [1, 2, 3].filter((id) => hand.boards.peek(id) !== undefined);
    for (const seatNo of [1, 2, 3]) hand.projection.heard([reserved(3, seatNo, 1)]);
    expect(there()).toEqual([1, 2, 3]); // 3 × 10 and 3 buyers: 39
    hand.projection.heard([reserved(3, 4, 1)]);
    expect(there()).toEqual([2, 3]);
    hand.boards.known(2);
    for (let version = 2; version < 20; version++) hand.projection.heard([reserved(3, 4, version)]);
    expect(there()).toEqual([2]); // it was looked at last, however heavy the other one is
    hand.projection.heard([reserved(2, 1, 1)]);
    await hand.boards.get(1);
    expect(there()).toEqual([1, 2]); // what a board weighed goes with it
  });

  test('holds a board that is too large for the bound, alone', async () => {
    hand = createHand({ seatsMax: 8, boardWeight: 1 });
    for (const id of [1, 2])
      hand.versions.set(
        id,
        Array.from({ length: 6 * id }, () => 0),
      );
    await hand.boards.get(1);
    await hand.boards.get(2);
    expect(hand.boards.stats).toEqual({ boards: 1, seats: 12 });
    expect(hand.boards.known(2)).toBeDefined();
  });
});
