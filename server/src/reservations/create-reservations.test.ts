import type { EventOf } from '#contract/events.ts';
import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { createReservations, creationFailed } from './create-reservations.ts';

const hold = (reservationId: string): EventOf<'SeatReserved'> => ({
  name: 'SeatReserved',
  reservationId,
  userId: 'kim',
  performanceId: 7,
  seats: [{ no: 17, version: 1 }],
  amountKrw: 50_000,
  turn: { room: 'main', epoch: 1, number: 48_112 },
  expiresAt: '2026-11-21T12:05:00.000Z',
  payNow: true,
});
const there = (reservation_id: string) => ({ reservation_id });

test('a hold becomes a reservation, and everything that payments need is in the event', async () => {
  const tx = cannedRows({ 'reservations.create': [] });
  expect(await createReservations(tx, [hold('r1')])).toEqual([{ ...hold('r1'), name: 'ReservationCreated' }]);
});

test('a hold that is announced again, later or in the same set, is not created again', async () => {
  const tx = cannedRows({ 'reservations.create': [there('r1')] });
  const told = await createReservations(tx, [hold('r1'), hold('r2'), hold('r2')]);
  expect(told).toEqual([{ ...hold('r2'), name: 'ReservationCreated' }]);
});

test('a hold that is given up says which seats to release', () => {
  const { reservationId, performanceId, seats } = hold('r1');
  expect(creationFailed(hold('r1'))).toEqual({
    name: 'ReservationCreationFailed',
    reservationId,
    performanceId,
    seats,
  });
});
