import type { AnyEvent } from '#contract/events.ts';
import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { DatabaseFault } from '../platform/postgres/faults.ts';
import { holdSeats, type HoldSeatsDeps } from './hold-seats.ts';
import type { HoldRequest } from './seat.ts';

const NOW = '2026-11-21T12:00:00.000Z';
const IN_FIVE_MINUTES = '2026-11-21T12:05:00.001Z';

const request = (userId: string, ...seatNos: number[]): HoldRequest => ({
  reservationId: `reservation of ${userId}`,
  userId,
  performanceId: 1,
  seatNos,
  turn: { room: 'main', epoch: 1, number: 48_112 },
  payNow: true,
  fingerprint: Buffer.from(userId),
});

/** Seats 17 and 18 are free at 50,000 won each; so many buyers are written. */
async function hold(requests: readonly HoldRequest[], { buyers }: { buyers: number }) {
  const tx = cannedRows(
    {
      'seats.lock-free': [17, 18].map((seat_no) => ({
        performance_id: 1,
        seat_no,
        version: 4,
        price_krw: 50_000,
      })),
      'seats.recall': [],
      'seats.terms': [
        {
          performance_id: 1,
          room: 'main',
          seat_count: 50,
          seats_per_person: 4,
          sale_opens_at: '2026-11-01T00:00:00.000Z',
          sale_closes_at: '2026-12-01T00:00:00.000Z',
          at: NOW,
        },
      ],
      'seats.buyers': requests.map(({ userId: user_id }) => ({ performance_id: 1, user_id, seat_count: 0 })),
      'seats.remember': [],
      'seats.take': [],
    },
    { 'seats.count-buyers': buyers },
  );
  const events: AnyEvent[] = [];
  const deps: HoldSeatsDeps = {
    database: { transaction: (work) => work(tx) },
    messaging: { append: (_, appended) => void events.push(...appended) },
    holdTtlMs: 300_000,
  };
  return { outcomes: await holdSeats(deps, requests), events };
}

test('the answer and the event tell the same deadline, and the event all that a reservation needs', async () => {
  const { outcomes, events } = await hold([request('kim', 17, 18)], { buyers: 1 });
  const told = { reservationId: 'reservation of kim', amountKrw: 100_000, expiresAt: IN_FIVE_MINUTES };
  expect(outcomes).toEqual([
    { outcome: 'held', replayed: false, performanceId: 1, seatNos: [17, 18], ...told },
  ]);
  expect(events).toEqual([
    {
      name: 'SeatReserved',
      userId: 'kim',
      performanceId: 1,
      seats: [
        { no: 17, version: 5 },
        { no: 18, version: 5 },
      ],
      turn: { room: 'main', epoch: 1, number: 48_112 },
      payNow: true,
      ...told,
    },
  ]);
});

test('a hold that is refused is told in the log with the reason', async () => {
  const requests = [request('kim', 17), request('lee', 17)];
  const { outcomes, events } = await hold(requests, { buyers: 1 });
  expect(outcomes).toMatchObject([{ outcome: 'held' }, { outcome: 'refused', problem: 'seats.taken' }]);
  expect(events[1]).toEqual({
    name: 'SeatReservationFailed',
    userId: 'lee',
    performanceId: 1,
    seatNos: [17],
    problem: 'seats.taken',
  });
});

test('what another instance took from the same buyer’s limit meanwhile makes the batch start over', async () => {
  const overtaken = hold([request('kim', 17)], { buyers: 0 });
  await expect(overtaken).rejects.toThrow(DatabaseFault);
});

test('a buyer whom another instance added meanwhile makes the batch start over, too', async () => {
  const cause = Object.assign(new Error('duplicate key'), {
    severity: 'ERROR',
    code: '23505',
    constraint: 'buyer_pkey',
  });
  const deps: HoldSeatsDeps = {
    database: { transaction: () => Promise.reject(new DatabaseFault('seats.add-buyers', cause)) },
    messaging: { append: () => {} },
    holdTtlMs: 300_000,
  };
  await expect(holdSeats(deps, [request('kim', 17)])).rejects.toMatchObject({ kind: 'again' });
});
