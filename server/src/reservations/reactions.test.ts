import type { EventOf } from '#contract/events.ts';
import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import { reservationReactions as reactions } from './reactions.ts';

const claim = { performanceId: 7, seats: [{ no: 17, version: 1 }], userId: 'kim' };
const purchase = { ...claim, amountKrw: 50_000, turn: { room: 'main', epoch: 1, number: 1 } };

/** Who was moved where; from where it may come is up to the transitions. */
async function moves(react: (tx: ReturnType<typeof cannedRows>) => Promise<unknown>): Promise<unknown[]> {
  const tx = cannedRows({ 'reservations.move': [] });
  await react(tx);
  return tx.asked.map(({ values: [ids, to] }) => ({ ids, to }));
}

test('a reservation that is paid for is confirmed', async () => {
  const paid: EventOf<'PaymentProcessed'> = {
    name: 'PaymentProcessed',
    ...purchase,
    reservationId: 'r1',
    paymentId: 'p1',
  };
  const moved = await moves((tx) => reactions.PaymentProcessed.run(tx, [paid]));
  expect(moved).toEqual([{ ids: ['r1'], to: 'CONFIRMED' }]);
});

test('a reservation that is not paid for in time expires; one that cannot be paid for is cancelled', async () => {
  const failed = (reservationId: string, reason: EventOf<'PaymentProcessingFailed'>['reason']) =>
    ({ name: 'PaymentProcessingFailed', ...claim, reservationId, reason }) as const;
  const events = [failed('r1', 'lapsed'), failed('r2', 'refused'), failed('r3', 'failed')];
  const moved = await moves((tx) => reactions.PaymentProcessingFailed.run(tx, events));
  expect(moved).toEqual([
    { ids: ['r1'], to: 'EXPIRED' },
    { ids: ['r2', 'r3'], to: 'CANCELLED' },
  ]);
});

test('a reservation whose turn could not be spent is cancelled', async () => {
  const undone: EventOf<'TokenExpirationFailed'> = {
    name: 'TokenExpirationFailed',
    ...purchase,
    reservationId: 'r1',
    reason: 'spent',
  };
  const moved = await moves((tx) => reactions.TokenExpirationFailed.run(tx, [undone]));
  expect(moved).toEqual([{ ids: ['r1'], to: 'CANCELLED' }]);
});
