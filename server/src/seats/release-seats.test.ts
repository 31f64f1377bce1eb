import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import type { SeatClaim } from './claims.ts';
import { releaseSeats } from './release-seats.ts';

const claim = (reservationId: string, ...nos: number[]): SeatClaim => ({
  reservationId,
  performanceId: 1,
  seats: nos.map((no) => ({ no, version: 7 })),
});
const freed = (reservation_id: string, seat_no: number) => ({
  reservation_id,
  performance_id: 1,
  seat_no,
  version: 9,
});
const finding = (
  states: Readonly<Record<string, 'H' | 'S' | 'R'>>,
  rows: readonly ReturnType<typeof freed>[],
) =>
  cannedRows({
    'seats.lock-claimed': [],
    'seats.lock-holds': Object.entries(states).map(([reservation_id, state]) => ({ reservation_id, state })),
    'seats.free': rows,
    'seats.close-holds': [],
  });

test.each(['H', 'S'] as const)('seats whose hold is %s come free with a new version', async (state) => {
  const tx = finding({ r1: state }, [freed('r1', 17)]);
  expect(await releaseSeats(tx, [claim('r1', 17)])).toEqual([
    { name: 'SeatReleased', reservationId: 'r1', performanceId: 1, seats: [{ no: 17, version: 9 }] },
  ]);
  expect(tx.asked.at(-1)).toEqual({ name: 'seats.close-holds', values: [['r1']] });
});

test('a release that comes again, or of a hold that never was, touches nothing', async () => {
  const tx = finding({ r1: 'R' }, []);
  expect(await releaseSeats(tx, [claim('r1', 17), claim('unknown', 18)])).toEqual([]);
  expect(tx.asked.map(({ name }) => name)).toEqual(['seats.lock-claimed', 'seats.lock-holds']);
});

test('seats of several reservations are told apart', async () => {
  const tx = finding({ r1: 'H', r2: 'H' }, [freed('r2', 3), freed('r1', 1), freed('r2', 4)]);
  const released = await releaseSeats(tx, [claim('r1', 1), claim('r2', 3, 4)]);
  const told = released.map(({ reservationId, seats }) => [reservationId, seats.map((seat) => seat.no)]);
  expect(Object.fromEntries(told)).toEqual({ r1: [1], r2: [3, 4] });
});

test('a hold that does not own all its seats is a fault, not a partial release', async () => {
  const tx = finding({ r1: 'H' }, [freed('r1', 17)]);
  await expect(releaseSeats(tx, [claim('r1', 17, 18)])).rejects.toThrow('every seat of an open hold');
});
