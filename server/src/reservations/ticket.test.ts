import { RESERVATION_STATUSES } from '#contract/http/reservations.ts';
import { describe, expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { systemClock } from '../platform/clock.ts';
import { createTokenSigner } from '../platform/signed-token.ts';
import { checkTicket } from './check-ticket.ts';
import type { Reservation, ReservationRow } from './reservation.ts';
import { readTicket, ticketsOf } from './ticket.ts';

const signerOf = (byte: number) =>
  createTokenSigner([{ kid: 'k', secret: Buffer.alloc(32, byte) }], systemClock);
const signer = signerOf(1);

const reservation: Reservation = {
  reservationId: 'r1',
  userId: 'kim',
  performanceId: 7,
  seats: [
    { no: 17, version: 1 },
    { no: 18, version: 1 },
  ],
  amountKrw: 100_000,
  status: 'CONFIRMED',
  createdAt: '2026-11-21T12:00:00.000Z',
  expiresAt: '2026-11-21T12:05:00.000Z',
};
const row: ReservationRow = {
  reservation_id: 'r1',
  user_id: 'kim',
  performance_id: 7,
  seats: [...reservation.seats],
  amount_krw: 100_000,
  status: 'CONFIRMED',
  created_at: reservation.createdAt,
  expires_at: reservation.expiresAt,
};

describe('tickets', () => {
  test('are one for each seat of a confirmed reservation, each with a code of its own', () => {
    const tickets = ticketsOf(signer, reservation);
    expect(tickets.map(({ seatNo }) => seatNo)).toEqual([17, 18]);
    expect(new Set(tickets.map(({ code }) => code)).size).toBe(2);
    expect(tickets.map(({ code }) => readTicket(signer, code))).toEqual(
      [17, 18].map((seatNo) => ({ reservationId: 'r1', performanceId: 7, seatNo })),
    );
  });

  test.each(RESERVATION_STATUSES.filter((status) => status !== 'CONFIRMED'))(
    'there are none of a reservation that is %s',
    (status) => {
      expect(ticketsOf(signer, { ...reservation, status })).toEqual([]);
    },
  );

  test('of another signer, of another kind, or with other claims are no tickets', () => {
    const claims = { rsv: 'r1', prf: 7, seat: 17 };
    expect(readTicket(signer, signer.sign('ticket', claims))).toBeDefined();
    const others = [
      signerOf(2).sign('ticket', claims),
      signer.sign('queue', claims),
      signer.sign('ticket', { ...claims, seat: '17' }),
      signer.sign('ticket', { rsv: 'r1', prf: 7 }),
      '',
    ];
    expect(others.map((code) => readTicket(signer, code))).toEqual(others.map(() => undefined));
  });
});

describe('at the door', () => {
  const codeOf = (change: object = {}) => signer.sign('ticket', { rsv: 'r1', prf: 7, seat: 17, ...change });
  const check = (found: readonly ReservationRow[], code = codeOf()) =>
    checkTicket(cannedRows({ 'reservations.find-any': found }), signer, code);
  const invalid = { outcome: 'refused', problem: 'ticket.invalid' };

  test('a ticket is good for its seat, and says whose it is', async () => {
    expect(await check([row])).toEqual({
      outcome: 'valid',
      reservationId: 'r1',
      performanceId: 7,
      seatNo: 17,
      userId: 'kim',
    });
  });

  test.each(RESERVATION_STATUSES.filter((status) => status !== 'CONFIRMED'))(
    'a ticket is void once its reservation is %s',
    async (status) => {
      expect(await check([{ ...row, status }])).toEqual(invalid);
    },
  );

  test.each([{ seat: 19 }, { prf: 8 }])('a ticket is void for %o, which was not bought', async (change) => {
    expect(await check([row], codeOf(change))).toEqual(invalid);
  });

  test('a ticket of no reservation is void, and a forged one is not even looked up', async () => {
    expect(await check([])).toEqual(invalid);
    const reader = cannedRows({});
    const forged = signerOf(2).sign('ticket', { rsv: 'r1', prf: 7, seat: 17 });
    expect(await checkTicket(reader, signer, forged)).toEqual(invalid);
  });
});
