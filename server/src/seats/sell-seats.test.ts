import { expect, test } from 'vitest';
import { cannedRows } from '../../test/support/canned-rows.ts';
import type { SeatClaim } from './claims.ts';
import { sellSeats } from './sell-seats.ts';

const claim = (reservationId: string, ...nos: number[]): SeatClaim => ({
  reservationId,
  performanceId: 1,
  seats: nos.map((no) => ({ no, version: 7 })),
});
const finding = (states: Readonly<Record<string, 'H' | 'S' | 'R'>>) =>
  cannedRows({
    'seats.lock-claimed': [],
    'seats.lock-holds': Object.entries(states).map(([reservation_id, state]) => ({ reservation_id, state })),
    'seats.sell': [],
    'seats.close-sold': [],
  });

test('the seats of a paid hold become the property of its buyer, and the event says so once for all', async () => {
  const tx = finding({ r1: 'H' });
  expect(await sellSeats(tx, [claim('r1', 17, 18)])).toEqual([
    {
      name: 'SeatSold',
      reservationId: 'r1',
      performanceId: 1,
      seats: [
        { no: 17, version: 8 },
        { no: 18, version: 8 },
      ],
    },
  ]);
  expect(tx.asked.at(-1)).toEqual({ name: 'seats.close-sold', values: [['r1']] });
});

test('what is sold already, was released, or never was held is passed over', async () => {
  const tx = finding({ sold: 'S', released: 'R', held: 'H' });
  const claims = [claim('sold', 1), claim('released', 2), claim('unknown', 3), claim('held', 4)];
  expect(await sellSeats(tx, claims)).toMatchObject([{ reservationId: 'held' }]);
  expect(tx.asked.find(({ name }) => name === 'seats.sell')?.values).toEqual([['held'], [1], [4], [7], 1]);
});

test('a payment that is announced twice sells once', async () => {
  const tx = finding({ r1: 'H' });
  expect(await sellSeats(tx, [claim('r1', 17), claim('r1', 17)])).toHaveLength(1);
});

test('a hold is sold whole or not at all: the write is of all its seats', async () => {
  const tx = finding({ r1: 'H' });
  await sellSeats(tx, [claim('r1', 17, 18)]);
  expect(tx.asked.find(({ name }) => name === 'seats.sell')?.values.at(-1)).toBe(2);
});
