import { RESERVATION_STATUSES, type ReservationStatus } from '#contract/http/reservations.ts';
import { describe, expect, test } from 'vitest';
import { refuseToCancel, type ReservationRow, transitions } from './reservation.ts';

const ANN = 'ann';

function rowOf(status: ReservationStatus): ReservationRow {
  return {
    reservation_id: 'r',
    user_id: ANN,
    performance_id: 1,
    seats: [{ no: 1, version: 1 }],
    amount_krw: 1000,
    status,
    created_at: '2026-01-01T00:00:00.000Z',
    expires_at: '2026-01-01T00:05:00.000Z',
  };
}

describe('a reservation', () => {
  test('starts held, and nothing leads back to that', () => {
    expect(Object.values(transitions).flat()).not.toContain('HELD');
    expect(transitions.HELD).toEqual(['CONFIRMED', 'CANCELLED', 'EXPIRED']);
  });

  test('that is confirmed can only be cancelled', () => {
    expect(transitions.CONFIRMED).toEqual(['CANCELLED']);
  });

  test('that was cancelled or has expired stays so', () => {
    expect([...transitions.CANCELLED, ...transitions.EXPIRED]).toEqual([]);
  });

  test('knows what every status may become', () => {
    expect(Object.keys(transitions).toSorted()).toEqual([...RESERVATION_STATUSES].toSorted());
  });
});

describe('giving back', () => {
  test.each<[ReservationStatus, boolean]>([
    ['HELD', true],
    ['CANCELLED', true],
    ['CONFIRMED', false],
    ['EXPIRED', false],
  ])('of one that is %s is allowed: %s', (status, allowed) => {
    const refusal = refuseToCancel(rowOf(status), ANN);
    const expected = {
      outcome: 'refused',
      problem: 'reservation.not-held',
      extra: { reservationStatus: status },
    };
    expect(refusal).toEqual(allowed ? undefined : expected);
  });

  test.each(RESERVATION_STATUSES)("of somebody else's that is %s is as if there were none", (status) => {
    expect(refuseToCancel(rowOf(status), 'ben')).toEqual(refuseToCancel(undefined, 'ben'));
    expect(refuseToCancel(undefined, 'ben')).toEqual({
      outcome: 'refused',
      problem: 'reservation.not-found',
    });
  });
});
