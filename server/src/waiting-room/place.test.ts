import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideJoins, decideSpends, departures, liveRows, type PlaceRow, unclaimed } from './place.ts';
import type { LockedRoom } from './room.ts';

const room: LockedRoom = {
  room: 'main',
  epoch: 3,
  epochStarts: [1],
  state: 'OPEN',
  head: 0,
  lastNumber: 100,
  waiting: 0,
  active: 0,
  policy: { rateCount: null, rateWindowMs: null, capacity: null },
  opensAt: null,
  admitted: 0,
  departed: 0,
  pace: { count: 0, spanMs: 0 },
  bucket: { allowance: 0, recent: [] },
  at: '2026-01-01T00:00:00.000Z',
  elapsedMs: 0,
};
const rooms = new Map([
  ['main', room],
  ['shut', { ...room, room: 'shut', state: 'CLOSED' as const }],
  ['early', { ...room, room: 'early', opensAt: '2026-01-01T00:00:00.001Z' }],
  ['prompt', { ...room, room: 'prompt', opensAt: '2026-01-01T00:00:00.000Z' }],
]);
const free = { rooms, busy: new Set(['elsewhere']) };
const row = (number: number, change: Partial<PlaceRow> = {}): PlaceRow => ({
  room: 'main',
  number,
  epoch: 3,
  user_id: `u${number}`,
  state: 'ACTIVE',
  reservation_id: null,
  expires_at: '2026-01-01T00:00:00.000Z',
  claimed: true,
  overdue: false,
  ...change,
});
const join = (userId: string, name = 'main') => ({ userId, room: name });

describe('joining', () => {
  test('numbers go up in the order of the requests; a person gets one', () => {
    const entries = decideJoins(
      ['a', 'b', 'a', 'c'].map((user) => join(user)),
      free,
      [],
    );
    expect(entries).toMatchObject([
      { outcome: 'fresh', number: 101 },
      { outcome: 'fresh', number: 102 },
      { outcome: 'repeated', number: 101 },
      { outcome: 'fresh', number: 103 },
    ]);
  });

  test('who is in line keeps the place, in a closed room too', () => {
    const rows = [row(7), row(8, { room: 'shut' })];
    expect(decideJoins([join('u7'), join('u8', 'shut')], free, rows)).toEqual([
      { outcome: 'present', row: rows[0] },
      { outcome: 'present', row: rows[1] },
    ]);
  });

  test('a closed room takes nobody in, an unknown one does not exist', () => {
    expect(decideJoins([join('a', 'shut'), join('a', 'none')], free, [])).toMatchObject([
      { problem: 'queue.room-closed' },
      { problem: 'queue.room-not-found' },
    ]);
  });

  test('nothing is decided in a room that somebody else is at', () => {
    expect(decideJoins([join('a'), join('b', 'elsewhere'), join('c')], free, [])).toMatchObject([
      { outcome: 'fresh', number: 101 },
      { outcome: 'again' },
      { outcome: 'fresh', number: 102 },
    ]);
  });

  test('nobody joins before the room opens, but who is in line already keeps the place', () => {
    const present = row(7, { room: 'early', state: 'WAITING' });
    const requests = [join('a', 'early'), join('u7', 'early'), join('a', 'prompt')];
    expect(decideJoins(requests, free, [present])).toEqual([
      {
        outcome: 'refused',
        problem: 'queue.room-not-open',
        extra: { opensAt: '2026-01-01T00:00:00.001Z' },
      },
      { outcome: 'present', row: present },
      { outcome: 'fresh', room: 'prompt', userId: 'a', number: 101 },
    ]);
  });

  test('whoever is here takes up a turn that is open and was not taken up', () => {
    const rows = [
      row(1, { claimed: false }),
      row(2),
      row(3, { claimed: false, overdue: true, expires_at: '2025-12-31T23:59:58.000Z' }),
      row(4, { claimed: false, state: 'WAITING' }),
    ];
    const entries = decideJoins(
      [1, 2, 3, 4, 5].map((n) => join(`u${n}`)),
      free,
      rows,
    );
    expect(unclaimed(entries)).toEqual([{ room: 'main', epoch: 3, number: 1 }]);
    expect(entries[2]).toMatchObject({ problem: 'queue.turn-ending', extra: { retryAfterMs: 3_500 } });
  });

  test('whatever comes, numbers are given without gap or repetition, one per person', () => {
    const users = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 30 });
    fc.assert(
      fc.property(users, (list) => {
        const entries = decideJoins(
          list.map((user) => join(user)),
          free,
          [],
        );
        const order = [...new Set(list)];
        expect(entries.map((entry) => 'number' in entry && entry.number)).toEqual(
          list.map((user) => 101 + order.indexOf(user)),
        );
      }),
    );
  });
});

describe('spending', () => {
  const purchase = (number: number, reservationId: string, userId = `u${number}`, epoch = 3) => ({
    reservationId,
    userId,
    turn: { room: 'main', epoch, number },
  });

  test('of two purchases on one turn the earlier has it; a repeated one changes nothing', () => {
    const set = [purchase(1, 'r1'), purchase(1, 'r2'), purchase(1, 'r1'), purchase(2, 'r3')];
    expect(decideSpends(set, [row(1), row(2)])).toEqual(['done', 'already-spent', 'repeated', 'done']);
  });

  test.each(['WAITING', 'LEFT'] as const)('who is %s and was never let in has no turn to spend', (state) => {
    const never = row(1, { state, expires_at: null });
    expect(decideSpends([purchase(1, 'r1')], [never])).toEqual(['not-active']);
  });

  test.each(['EXPIRED', 'LEFT'] as const)('a turn that is %s is spent on the first purchase', (state) => {
    const set = [purchase(1, 'r1'), purchase(1, 'r2')];
    expect(decideSpends(set, [row(1, { state })])).toEqual(['done', 'already-spent']);
  });

  test('a spent turn knows what it was spent on', () => {
    const spent = row(1, { state: 'SPENT', reservation_id: 'r1' });
    expect(decideSpends([purchase(1, 'r1'), purchase(1, 'r2')], [spent])).toEqual([
      'repeated',
      'already-spent',
    ]);
  });

  test('of nobody, of somebody else, of another epoch', () => {
    const set = [purchase(9, 'r1'), purchase(1, 'r1', 'u2'), purchase(1, 'r1', 'u1', 2)];
    expect(decideSpends(set, [row(1)])).toEqual(['not-active', 'not-active', 'not-active']);
  });
});

test('only places that are live, and named with their epoch, can be left', () => {
  const place = (number: number, epoch = 3) => ({ room: 'main', epoch, number });
  const rows = [row(1), row(2, { state: 'WAITING' }), row(3, { state: 'SPENT' }), row(4)];
  const left = liveRows([place(1), place(1, 9), place(2), place(3), place(4, 9)], rows);
  expect(left.map((each) => each.number)).toEqual([1, 2]);
});

test('those who leave while waiting are numbered on, room by room', () => {
  const both = new Map([
    ['main', { ...room, departed: 7 }],
    ['shut', { ...room, room: 'shut' }],
  ]);
  const waiting = { state: 'WAITING' } as const;
  const rows = [row(5, waiting), row(2), row(3, waiting), row(4, { ...waiting, room: 'shut' })];
  const endings = rows.map((each) => ({ row: each, state: 'LEFT' as const }));
  expect([...departures(endings, both)]).toEqual([
    ['main/5', 8],
    ['main/3', 9],
    ['shut/4', 1],
  ]);
});
