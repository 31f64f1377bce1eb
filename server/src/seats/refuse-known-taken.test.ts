import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdRequest } from '../../test/support/box-office.ts';
import { newUuid } from '../platform/identifiers.ts';
import { HELD, SeatBoard, SOLD } from './board.ts';
import { refuseKnownTaken } from './refuse-known-taken.ts';
import { decideHolds, type HoldRequest } from './seat.ts';

const [OPENS_MS, CLOSES_MS] = [1_000_000, 2_000_000];
const NOW_MS = 1_500_000;
const BUYER = newUuid();

/** Nine seats, of which 1 to 3 are held, 4 is sold and the others are free; four to a person. */
function newBoard(): SeatBoard {
  const board = new SeatBoard({
    performanceId: 1,
    terms: { room: 'main', seatsPerPerson: 4, saleOpensAtMs: OPENS_MS, saleClosesAtMs: CLOSES_MS },
    states: new Uint8Array(9),
    versions: new Int32Array(9),
    pricesKrw: new Int32Array(9),
    buyers: [],
  });
  for (const seatNo of [1, 2, 3]) board.apply(seatNo, 1, HELD);
  board.apply(4, 2, SOLD);
  board.addBuyer(BUYER);
  return board;
}

const refuse = (request: HoldRequest, nowMs = NOW_MS) => refuseKnownTaken(request, newBoard(), nowMs);

describe('a hold of seats of which some are known to be taken', () => {
  test('is refused, and the taken ones are named', () => {
    expect(refuse(holdRequest([1, 4, 5]))).toEqual({
      outcome: 'refused',
      problem: 'seats.taken',
      extra: { seats: [1, 4] },
    });
  });

  test('goes to the rows when the buyer was granted seats here before: it may be a repeated request', () => {
    expect(refuse(holdRequest([1], { userId: BUYER }))).toBeUndefined();
  });

  test.each([
    ['the turn is of another room', holdRequest([1], { room: 'other' }), NOW_MS],
    ['the sale is not open yet', holdRequest([1]), OPENS_MS - 1],
    ['the sale is over', holdRequest([1]), CLOSES_MS],
    ['a seat does not exist', holdRequest([1, 10]), NOW_MS],
    ['there are more seats than a person may have', holdRequest([1, 2, 3, 4, 5]), NOW_MS],
  ])('goes to the rows, which name the other problem, when %s', (_, request, nowMs) => {
    expect(refuse(request, nowMs)).toBeUndefined();
  });

  test('is refused from the moment in which the sale opens', () => {
    expect(refuse(holdRequest([1]), OPENS_MS)).toBeDefined();
    expect(refuse(holdRequest([1]), CLOSES_MS - 1)).toBeDefined();
  });
});

test('a hold of free seats goes to the rows: only they grant', () => {
  expect(refuse(holdRequest([5, 6]))).toBeUndefined();
});

test('what is refused from memory, the rows would have refused in the same words', () => {
  const instant = (ms: number) => new Date(ms).toISOString();
  let refused = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom('main', 'main', 'other'),
      fc.constantFrom(OPENS_MS - 1, OPENS_MS, NOW_MS, NOW_MS, CLOSES_MS),
      fc.constantFrom(true, false, false),
      (seats, room, nowMs, isBuyer) => {
        const seatNos = seats.toSorted((a, b) => a - b);
        const request = holdRequest(seatNos, { room, ...(isBuyer && { userId: BUYER }) });
        const refusal = refuse(request, nowMs);
        if (refusal === undefined) return;
        refused += 1;
        const free = seatNos.filter((seatNo) => seatNo > 4 && seatNo <= 9);
        const terms = { performance_id: 1, room: 'main', seat_count: 9, seats_per_person: 4 };
        const buyer = { performance_id: 1, user_id: request.userId, seat_count: 1 };
        const sale = { sale_opens_at: instant(OPENS_MS), sale_closes_at: instant(CLOSES_MS) };
        const found = {
          holds: [],
          terms: [{ ...terms, ...sale, at: instant(nowMs) }],
          buyers: isBuyer ? [buyer] : [],
          freeSeats: free.map((seat_no) => ({ performance_id: 1, seat_no, version: 0, price_krw: 1 })),
        };
        expect([refusal]).toEqual(decideHolds([request], found, 300_000));
      },
    ),
    { numRuns: 1_000 },
  );
  expect(refused).toBeGreaterThan(50);
});
