/** What is and what is not a contradiction, story by story. */
import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history.ts';
import type { ReservationStatus } from '#contract/http/reservations.ts';
import { HOLD_TTL_MS, type Story, tell } from './story.ts';

const hold = (...seats: number[]) => ({ performanceId: 1, seats, payNow: false });
const granted = (reservationId: string) => ({ reservationId, amount: 100 });
const of = (reservationId: string) => ({ reservationId });
const shown = (reservationId: string, status: ReservationStatus, ...seats: number[]) => ({
  reservationId,
  status,
  seats,
  amount: 100,
});
const FINAL = { isFinal: true };
const END = [90_000, 90_001] as const;
const found = (story: Story) => checkHistory(story.history()).contradictions.map(({ check }) => check);
const ONE_OWNER = 'a seat has one owner at a time';

/** Two are granted one seat, one after the other. */
const twoGrants = (second: readonly [number, number]) =>
  tell().ok('a', 'hold', [0, 10], hold(1), granted('ra')).ok('b', 'hold', second, hold(1), granted('rb'));

describe('a seat', () => {
  it('is not granted to two people, not even at the same moment', () => {
    expect(found(twoGrants([20, 30]))).toEqual([ONE_OWNER]);
    expect(found(twoGrants([5, 8]))).toEqual([ONE_OWNER]);
  });

  it('is granted again once the hold may have lapsed, and not before', () => {
    expect(found(twoGrants([HOLD_TTL_MS - 300, HOLD_TTL_MS - 200]))).toEqual([ONE_OWNER]);
    expect(found(twoGrants([HOLD_TTL_MS - 300, HOLD_TTL_MS + 10]))).toEqual([]);
  });

  it('is granted again once somebody may have given it back, whether or not that was answered', () => {
    expect(found(twoGrants([20, 40]).ok('a', 'give-back', [30, 35], of('ra'), null))).toEqual([]);
    expect(found(twoGrants([20, 40]).lost('a', 'give-back', [30, 35], of('ra')))).toEqual([]);
    expect(found(twoGrants([20, 40]).lost('a', 'give-back', [45, 50], of('ra')))).toEqual([ONE_OWNER]);
  });

  it('that was paid is not granted again, however late', () => {
    const paid = { paymentId: 'p', amount: 100, balance: 0 };
    const story = twoGrants([5_000, 5_010])
      .ok('a', 'charge', [11, 12], { amount: 100 }, { transferId: 't', balance: 100 }, { key: 'c' })
      .ok('a', 'pay', [20, 30], of('ra'), paid, { key: 'p' });
    expect(found(story)).toEqual([ONE_OWNER]);
  });

  it('that two people have to the end has two owners, however many others may have had it in between', () => {
    const paid = { paymentId: 'p', amount: 100, balance: 0 };
    const story = tell();
    for (const user of ['a', 'b']) {
      story
        .ok(user, 'charge', [0, 1], { amount: 100 }, { transferId: `t${user}`, balance: 100 }, { key: user })
        .ok(user, 'hold', [0, 50_000], hold(1), granted(`r${user}`))
        .ok(user, 'pay', [50_001, 50_002], of(`r${user}`), paid, { key: `p${user}` });
    }
    for (let other = 0; other < 20; other++) {
      const reservationId = `other${other}`;
      story
        .ok(`o${other}`, 'hold', [0, 50_000], hold(1), granted(reservationId))
        .lost(`o${other}`, 'give-back', [0, 50_000], of(reservationId));
    }
    expect(found(story)).toEqual([ONE_OWNER]);
  });

  it('may belong to somebody who was not told, once it is seen', () => {
    const story = tell()
      .lost('a', 'hold', [0, 10], hold(1, 2), { key: 'k' })
      .ok('b', 'hold', [20, 30], hold(2), granted('rb'));
    expect(found(story)).toEqual([]);
    expect(found(story.ok('a', 'reservations', [40, 50], null, [shown('ra', 'HELD', 1, 2)]))).toEqual([
      ONE_OWNER,
    ]);
  });

  it('that was taken before may come free, and be refused until then', () => {
    const story = tell().taken('a', [0, 10], [9], [9]);
    expect(found(story.ok('a', 'hold', [20, 30], hold(9), granted('ra')))).toEqual([]);
  });

  it('is refused only when somebody had it by then, or may have had it', () => {
    const refused = 'a seat that is said to be taken was taken';
    expect(found(tell().taken('a', [0, 10], [1], [1]))).toEqual([refused]);
    expect(found(tell().lost('b', 'hold', [5, 50], hold(1)).taken('a', [0, 10], [1], [1]))).toEqual([]);
    expect(found(tell().lost('b', 'hold', [15, 50], hold(1)).taken('a', [0, 10], [1], [1]))).toEqual([
      refused,
    ]);
    const other = tell().ok('b', 'hold', [0, 1], hold(2), granted('rb')).taken('a', [5, 10], [1], [2]);
    expect(found(other)).toEqual([refused]);
  });
});

describe('a seat whose hold has ended', () => {
  const late = 'a seat is free again within 5 s after its hold';
  /** Held from 0 to 10, so that it ends by 1,010; with 5 s to come free, and 2 s of slack. */
  const held = () => tell().ok('a', 'hold', [0, 10], hold(1), granted('ra'));
  const LAST_MS = 10 + HOLD_TTL_MS + 7_000;
  const refusedAt = (story: Story, sentMs: number) => story.taken('b', [sentMs, sentMs + 10], [1], [1]);

  it('may be refused for a while, and no longer', () => {
    expect(found(refusedAt(held(), LAST_MS))).toEqual([]);
    expect(found(refusedAt(held(), LAST_MS + 1))).toEqual([late]);
  });

  it('is to be had sooner when it was given back', () => {
    const story = held().ok('a', 'give-back', [20, 30], of('ra'), null);
    expect(found(refusedAt(story, LAST_MS))).toEqual([late]);
    expect(found(refusedAt(held().lost('a', 'give-back', [20, 30], of('ra')), LAST_MS))).toEqual([]);
  });

  it('may be refused as long as somebody else may have it, or it may have been paid', () => {
    const atMs = LAST_MS + 1;
    expect(found(refusedAt(held().lost('c', 'hold', [20, 30], hold(1)), atMs))).toEqual([]);
    expect(found(refusedAt(held().lost('a', 'pay', [20, 30], of('ra'), { key: 'p' }), atMs))).toEqual([]);
    const next = held().ok('c', 'hold', [2_000, 2_010], hold(1), granted('rc'));
    expect(found(refusedAt(next, atMs))).toEqual([]);
    const over = [shown('ra', 'EXPIRED', 1)];
    const unpaid = held()
      .lost('a', 'pay', [20, 30], of('ra'), { key: 'p' })
      .ok('a', 'reservations', END, null, over, FINAL);
    expect(found(refusedAt(unpaid, atMs))).toEqual([late]);
  });

  it('may be refused longer when the service was kept from its work', () => {
    const history = refusedAt(held(), LAST_MS + 1).history();
    expect(checkHistory({ ...history, lateMs: 1 }).contradictions).toEqual([]);
    expect(checkHistory({ ...history, lateMs: 0 }).contradictions).toHaveLength(1);
  });
});

describe('what was answered', () => {
  it('is there in the end, with all of its seats', () => {
    const held = tell().ok('a', 'hold', [0, 10], hold(1, 2), granted('ra'));
    expect(found(held.ok('a', 'reservations', END, null, [shown('ra', 'HELD', 1)], FINAL))).toEqual([
      'what was answered stayed true',
    ]);
  });

  it('is not cancelled without anybody giving it back', () => {
    const held = tell().ok('a', 'hold', [0, 10], hold(1), granted('ra'));
    expect(found(held.ok('a', 'reservations', END, null, [shown('ra', 'CANCELLED', 1)], FINAL))).toEqual([
      'a reservation ends for a reason',
    ]);
  });

  it('is told once more by the same key', () => {
    const charge = (balance: number) =>
      [{ amount: 100 }, { transferId: 't', balance }, { key: 'k' }] as const;
    const twice = tell().ok('a', 'charge', [0, 10], ...charge(100));
    expect(found(twice.ok('a', 'charge', [20, 30], ...charge(100)))).toEqual([]);
    expect(found(twice.ok('a', 'charge', [40, 50], ...charge(200)))).toEqual(['one key has one answer']);
  });
});

describe('money', () => {
  const charge = { amount: 100 };
  const told = (balance: number) => ({ transferId: `to ${balance}`, balance });

  it('that may have been charged without an answer explains a balance, once', () => {
    const lost = tell().lost('a', 'charge', [0, 10], charge, { key: 'k' });
    expect(found(lost.ok('a', 'wallet', [20, 30], null, { balance: 0 }))).toEqual([]);
    expect(found(lost.ok('a', 'wallet', [40, 50], null, { balance: 100 }))).toEqual([]);
    expect(found(lost.ok('a', 'wallet', [60, 70], null, { balance: 200 }))).toEqual([
      'every balance that was told can be explained',
    ]);
  });

  it('is seen by a look that began after it was there', () => {
    const story = tell().ok('a', 'charge', [0, 10], charge, told(100), { key: 'k' });
    expect(found(story.ok('a', 'wallet', [5, 30], null, { balance: 0 }))).toEqual([]);
    expect(found(story.ok('a', 'wallet', [15, 30], null, { balance: 0 }))).not.toEqual([]);
  });

  it('stands in the entries in the order in which it was moved', () => {
    const story = tell()
      .ok('a', 'charge', [0, 10], charge, told(100), { key: 'k1' })
      .ok('a', 'charge', [20, 30], charge, told(200), { key: 'k2' });
    const entry = (transferId: string, balanceAfter: number) =>
      ({ transferId, kind: 'CHARGE', amount: 100, balanceAfter, reservationId: null }) as const;
    const right = [entry('to 100', 100), entry('to 200', 200)];
    expect(found(story.ok('a', 'entries', END, null, right, FINAL))).toEqual([]);
    const turned = [entry('to 200', 100), entry('to 100', 200)];
    expect(found(story.ok('a', 'entries', END, null, turned, FINAL))).toContain(
      'the entries of a wallet add up',
    );
  });
});

describe('a view', () => {
  const views = "nobody's view went backwards";

  it('of a reservation goes from held to what became of it', () => {
    const story = tell()
      .ok('a', 'hold', [0, 10], hold(1), granted('ra'))
      .ok('a', 'reservation', [20, 30], of('ra'), shown('ra', 'CONFIRMED', 1));
    expect(found(story.ok('a', 'reservation', [25, 40], of('ra'), shown('ra', 'HELD', 1)))).toEqual([]);
    const otherDevice = { device: 1 };
    expect(
      found(story.ok('a', 'reservation', [50, 60], of('ra'), shown('ra', 'HELD', 1), otherDevice)),
    ).toEqual([]);
    expect(found(story.ok('a', 'reservation', [50, 60], of('ra'), shown('ra', 'HELD', 1)))).toEqual([views]);
  });

  it('of the seats goes on, at each instance by itself', () => {
    const map = (version: string, digest = version) => ({ version, remaining: 3, digest });
    const story = tell().ok('a', 'map', [0, 10], { performanceId: 1 }, map('1a-x'));
    expect(found(story.ok('a', 'map', [20, 30], { performanceId: 1 }, map('19-x'), { instance: 1 }))).toEqual(
      [],
    );
    expect(found(story.ok('a', 'map', [40, 50], { performanceId: 1 }, map('19-x')))).toEqual([views]);
    expect(found(story.ok('b', 'map', [60, 70], { performanceId: 1 }, map('1a-x', 'other')))).toEqual([
      views,
      'one version of a map is one map',
    ]);
  });
});

describe('a place', () => {
  const place = (number: number, fresh = true) => ({ number, state: 'WAITING', ahead: 0, fresh }) as const;
  const room = { room: 'main' };

  it('is not changed while somebody waits at it, or before it', () => {
    const story = tell()
      .ok('a', 'join', [0, 10], room, place(5))
      .ok('a', 'join', [20, 30], room, place(6))
      .ok('b', 'look', [2_000, 2_010], room, { number: 4, state: 'WAITING', ahead: 0 });
    expect(found(story)).toEqual(['one person, one place']);
  });

  it('may be another one after it was given up, behind the first', () => {
    const story = tell()
      .ok('a', 'join', [0, 10], room, place(5))
      .ok('a', 'leave', [11, 12], room, null)
      .ok('b', 'look', [2_000, 2_010], room, { number: 4, state: 'WAITING', ahead: 0 });
    expect(found(story.ok('a', 'join', [20, 30], room, place(6)))).toEqual([]);
    expect(found(story.ok('a', 'join', [40, 50], room, place(3)))).toContain('one person, one place');
  });
});
