import type { EventOf } from '#contract/events.ts';
import type { Place } from '#contract/ids.ts';
import { expect, test } from 'vitest';
import type { Tx } from '../platform/postgres/database.ts';
import type { Reaction } from '../messaging/saga-map.ts';
import type { SpendOutcome } from './line.ts';
import { waitingRoomReactions } from './reactions.ts';

const purchase = (reservationId: string): EventOf<'PaymentProcessed'> => ({
  name: 'PaymentProcessed',
  reservationId,
  userId: 'kim',
  performanceId: 7,
  seats: [{ no: 17, version: 1 }],
  amountKrw: 50_000,
  turn: { room: 'main', epoch: 1, number: 48_112 },
  paymentId: `payment of ${reservationId}`,
});

/** A line in which this becomes of the turns, in a transaction that commits when it is told to. */
function setUp(outcomes: readonly SpendOutcome[] = [], extended: readonly Place[] = []) {
  const calls: unknown[] = [];
  const forgotten: Place[] = [];
  const committed: (() => void)[] = [];
  const tx: Tx = {
    kind: 'transaction',
    rows: () => Promise.resolve([]),
    count: () => Promise.resolve(0),
    send: () => {},
    bePatient: () => {},
    onCommit: (then) => committed.push(then),
    abandon: () => {},
  };
  const note = (call: unknown) => {
    calls.push(call);
    return Promise.resolve();
  };
  const reactions = waitingRoomReactions(
    {
      openRooms: (_, rooms, policy) => note({ rooms, policy }),
      extend: (_, holds) => {
        calls.push({ holds });
        return Promise.resolve([...extended]);
      },
      shorten: (_, holds) => {
        calls.push({ ended: holds });
        return Promise.resolve(holds.map(() => purchase('r1').turn));
      },
      spend: () => Promise.resolve([...outcomes]),
    },
    { forget: (places) => forgotten.push(...places) },
    { rateCount: 50, rateWindowMs: 30_000, capacity: 500 },
  );
  return { tx, reactions, calls, forgotten, commit: () => committed.forEach((then) => then()) };
}

test('a payment spends the turn: the queue token has expired', async () => {
  const { tx, reactions } = setUp(['done']);
  expect(await reactions.PaymentProcessed.run(tx, [purchase('r1')])).toEqual([
    { name: 'TokenExpired', reservationId: 'r1', userId: 'kim', turn: purchase('r1').turn },
  ]);
});

test.each([
  ['already-spent', 'spent'],
  ['not-active', 'not-active'],
] as const)(
  'a turn that is %s undoes the purchase, and the event has all that is to be undone',
  async (...is) => {
    const [outcome, reason] = is;
    const { tx, reactions } = setUp([outcome]);
    const { paymentId: _, ...claim } = purchase('r1');
    expect(await reactions.PaymentProcessed.run(tx, [purchase('r1')])).toEqual([
      { ...claim, name: 'TokenExpirationFailed', reason },
    ]);
  },
);

test('a payment that is announced again says nothing more', async () => {
  const { tx, reactions } = setUp(['repeated', 'done']);
  const told = await reactions.PaymentProcessed.run(tx, [purchase('r1'), purchase('r2')]);
  expect(told).toMatchObject([{ name: 'TokenExpired', reservationId: 'r2' }]);
});

test('this instance forgets the turn once it is really spent, not before', async () => {
  const { tx, reactions, forgotten, commit } = setUp(['done']);
  await reactions.PaymentProcessed.run(tx, [purchase('r1')]);
  expect(forgotten).toEqual([]);
  commit();
  expect(forgotten).toEqual([purchase('r1').turn]);
});

test.each(['ReservationCancelled', 'PaymentProcessingFailed'] as const)(
  '%s: the turn is kept no longer for the hold, and this instance forgets how long it was',
  async (name) => {
    const { tx, reactions, calls, forgotten, commit } = setUp();
    const { paymentId: _, turn, amountKrw: __, ...claim } = purchase('r1');
    const reaction = reactions[name] as Reaction<typeof name, never>;
    const event = { ...claim, name, ...(name === 'PaymentProcessingFailed' && { reason: 'refused' }) };
    expect(await reaction.run(tx, [event as EventOf<typeof name>])).toEqual([]);
    expect(calls).toEqual([{ ended: [event] }]);
    expect(forgotten).toEqual([]);
    commit();
    expect(forgotten).toEqual([turn]);
  },
);

test('a turn that ends before its hold is kept, and this instance forgets how long it was; the others are remembered', async () => {
  const held = (number: number): EventOf<'SeatReserved'> => ({
    name: 'SeatReserved',
    reservationId: `r${number}`,
    userId: 'kim',
    performanceId: 7,
    seats: [{ no: number, version: 1 }],
    amountKrw: 50_000,
    turn: { room: 'main', epoch: 1, number },
    expiresAt: '2027-01-01T00:05:00.000Z',
    payNow: false,
  });
  const holds = [held(1), held(2)];
  const { tx, reactions, calls, forgotten, commit } = setUp([], [held(2).turn]);
  expect(await reactions.SeatReserved.run(tx, holds)).toEqual([]);
  expect(calls).toEqual([{ holds }]);
  expect(forgotten).toEqual([]);
  commit();
  expect(forgotten).toEqual([held(2).turn]);
});
