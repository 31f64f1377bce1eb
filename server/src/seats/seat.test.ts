import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decideHolds,
  type Decision,
  type Found,
  type HoldRequest,
  type HoldRow,
  type Terms,
} from './seat.ts';

const ANN = 'ann';
const BEN = 'ben';
const CEM = 'cem';

const NOW = '2026-01-10T00:00:00.000Z';
const FIVE_MINUTES_MS = 300_000;

function wants(userId: string, seatNos: readonly number[], change: Partial<HoldRequest> = {}): HoldRequest {
  return {
    reservationId: `${userId} ${seatNos.join('+')}`,
    userId,
    performanceId: 1,
    seatNos,
    turn: { room: 'main', epoch: 1, number: 1 },
    payNow: false,
    fingerprint: Buffer.from(`1 ${seatNos.join(' ')}`),
    ...change,
  };
}

/** Seats 1 to 9 of performance 1 at 1,000 won times their number; four to a person. */
function found(given: {
  free?: readonly number[];
  terms?: Partial<Terms>;
  /** How many seats each of them has already. */
  has?: ReadonlyMap<string, number>;
  holds?: readonly HoldRow[];
}): Found {
  return {
    freeSeats: (given.free ?? []).map((seatNo) => ({
      performance_id: 1,
      seat_no: seatNo,
      version: 0,
      price_krw: seatNo * 1000,
    })),
    holds: given.holds ?? [],
    terms: [
      {
        performance_id: 1,
        room: 'main',
        seat_count: 9,
        seats_per_person: 4,
        sale_opens_at: '2026-01-01T00:00:00.000Z',
        sale_closes_at: '2026-02-01T00:00:00.000Z',
        at: NOW,
        ...given.terms,
      },
    ],
    buyers: [...(given.has ?? [])].map(([userId, count]) => ({
      performance_id: 1,
      user_id: userId,
      seat_count: count,
    })),
  };
}

function remembered(request: HoldRequest): HoldRow {
  return {
    reservation_id: request.reservationId,
    performance_id: request.performanceId,
    seat_nos: [...request.seatNos],
    amount_krw: 5000,
    expires_at: '2026-01-10T00:05:00.000Z',
    fingerprint: request.fingerprint,
  };
}

/** A decision in one word or two. */
function inShort(decision: Decision): string {
  if (decision.outcome === 'refused') return decision.problem;
  if (decision.outcome === 'granted')
    return `granted ${decision.grant.seats.map((s) => s.seat_no).join('+')}`;
  return decision.outcome;
}

const decide = (requests: readonly HoldRequest[], given: Parameters<typeof found>[0]) =>
  decideHolds(requests, found(given), FIVE_MINUTES_MS);

describe('a hold', () => {
  test('takes all its seats, at the sum of their prices', () => {
    const [decision] = decide([wants(ANN, [2, 3])], { free: [1, 2, 3] });
    expect(decision).toMatchObject({ outcome: 'granted', grant: { amountKrw: 5000 } });
    expect(decision && inShort(decision)).toBe('granted 2+3');
  });

  test('takes none when one is taken, and names the taken ones only', () => {
    const decisions = decide([wants(ANN, [1, 2, 3])], { free: [2] });
    expect(decisions).toEqual([{ outcome: 'refused', problem: 'seats.taken', extra: { seats: [1, 3] } }]);
  });

  test('of a performance that nobody laid out is refused', () => {
    const decisions = decide([wants(ANN, [1], { performanceId: 2 })], { free: [1] });
    expect(decisions.map(inShort)).toEqual(['performance.not-found']);
  });

  test('on a turn of another room is refused and names the right one', () => {
    const turn = { room: 'other', epoch: 1, number: 1 };
    const decisions = decide([wants(ANN, [1], { turn })], { free: [1] });
    expect(decisions).toEqual([
      { outcome: 'refused', problem: 'queue.token-foreign', extra: { room: 'main' } },
    ]);
  });

  test.each([
    ['before the sale', '2025-12-31T23:59:59.999Z', false],
    ['when the sale opens', '2026-01-01T00:00:00.000Z', true],
    ['in its last moment', '2026-01-31T23:59:59.999Z', true],
    ['when the sale closes', '2026-02-01T00:00:00.000Z', false],
  ])('%s (%s) is granted: %s', (_, at, granted) => {
    const [decision] = decide([wants(ANN, [1])], { free: [1], terms: { at } });
    expect(decision?.outcome).toBe(granted ? 'granted' : 'refused');
  });

  test('outside the time of sale is refused and says when it is', () => {
    const decisions = decide([wants(ANN, [1])], { free: [1], terms: { at: '2026-02-02T00:00:00.000Z' } });
    const extra = { opensAt: '2026-01-01T00:00:00.000Z', closesAt: '2026-02-01T00:00:00.000Z' };
    expect(decisions).toEqual([{ outcome: 'refused', problem: 'sale.not-open', extra }]);
  });

  test('lasts five minutes from the time of the database, and never a moment less', () => {
    const decisions = decide([wants(ANN, [1]), wants(BEN, [2])], { free: [1, 2] });
    // The database's time was cut to whole milliseconds, so up to one of them had passed already.
    const grant = { heldAt: NOW, expiresAt: '2026-01-10T00:05:00.001Z' };
    expect(decisions).toMatchObject([{ grant }, { grant }]);
  });

  test('of a seat that does not exist is refused and names it, not the taken one beside it', () => {
    const decisions = decide([wants(ANN, [1, 9, 10, 11])], { free: [9] });
    expect(decisions).toEqual([
      { outcome: 'refused', problem: 'seats.not-found', extra: { seats: [10, 11] } },
    ]);
  });

  test('up to the limit of a person is granted, one seat more is refused', () => {
    const given = { free: [1, 2], has: new Map([[ANN, 3]]) };
    expect(decide([wants(ANN, [1])], given).map(inShort)).toEqual(['granted 1']);
    expect(decide([wants(ANN, [1, 2])], given)).toEqual([
      { outcome: 'refused', problem: 'seats.limit-reached', extra: { limit: 4, has: 3 } },
    ]);
  });
});

describe('in one batch', () => {
  test('the earlier of two wins the seat', () => {
    const decisions = decide([wants(BEN, [1]), wants(ANN, [1])], { free: [1] });
    expect(decisions.map(inShort)).toEqual(['granted 1', 'seats.taken']);
  });

  test('what an earlier one was refused goes to a later one', () => {
    const decisions = decide([wants(ANN, [1, 2]), wants(BEN, [2])], { free: [2] });
    expect(decisions.map(inShort)).toEqual(['seats.taken', 'granted 2']);
  });

  test('one that loses a seat takes nothing from those after it', () => {
    const requests = [wants(ANN, [1]), wants(BEN, [1, 2]), wants(CEM, [2])];
    expect(decide(requests, { free: [1, 2] }).map(inShort)).toEqual([
      'granted 1',
      'seats.taken',
      'granted 2',
    ]);
  });

  test('the seats that a person was granted count for the same person right away', () => {
    const requests = [wants(ANN, [1, 2, 3]), wants(ANN, [4, 5]), wants(ANN, [6]), wants(BEN, [4, 5])];
    const decisions = decide(requests, { free: [1, 2, 3, 4, 5, 6] });
    expect(decisions.map(inShort)).toEqual([
      'granted 1+2+3',
      'seats.limit-reached',
      'granted 6',
      'granted 4+5',
    ]);
    expect(decisions[1]).toMatchObject({ extra: { limit: 4, has: 3 } });
  });

  test('a person is limited at each performance for itself', () => {
    const requests = [
      wants(ANN, [1, 2, 3, 4]),
      wants(ANN, [1], { performanceId: 2, reservationId: 'other' }),
    ];
    const first = found({ free: [1, 2, 3, 4] });
    const second = found({ free: [1] });
    const both = {
      holds: [],
      buyers: [],
      terms: [...first.terms, ...second.terms.map((row) => ({ ...row, performance_id: 2 }))],
      freeSeats: [...first.freeSeats, ...second.freeSeats.map((row) => ({ ...row, performance_id: 2 }))],
    };
    expect(decideHolds(requests, both, FIVE_MINUTES_MS).map(inShort)).toEqual([
      'granted 1+2+3+4',
      'granted 1',
    ]);
  });

  test('a key that comes twice is decided once; the second waits for the answer of the first', () => {
    const decisions = decide([wants(ANN, [1]), wants(ANN, [1]), wants(BEN, [1])], { free: [1] });
    expect(decisions.map(inShort)).toEqual(['granted 1', 'again', 'seats.taken']);
  });

  test('a key whose first request is refused is decided anew', () => {
    const other = wants(ANN, [2], { reservationId: wants(ANN, [1]).reservationId });
    expect(decide([wants(ANN, [1]), other], { free: [2] }).map(inShort)).toEqual([
      'seats.taken',
      'granted 2',
    ]);
  });
});

describe('a repeated request', () => {
  test('gets the answer of the first time, though everything has changed since', () => {
    const request = wants(ANN, [2, 3]);
    const terms = { at: '2026-03-01T00:00:00.000Z', has: 4, room: 'elsewhere' };
    expect(decide([request], { terms, holds: [remembered(request)] })).toEqual([
      {
        outcome: 'held',
        replayed: true,
        reservationId: request.reservationId,
        performanceId: 1,
        seatNos: [2, 3],
        amountKrw: 5000,
        expiresAt: '2026-01-10T00:05:00.000Z',
      },
    ]);
  });

  test('with another content is refused, even if its seats are free', () => {
    const request = wants(ANN, [2]);
    const other = wants(ANN, [3], { reservationId: request.reservationId });
    const decisions = decide([other], { free: [3], holds: [remembered(request)] });
    expect(decisions.map(inShort)).toEqual(['idempotency.key-reused']);
  });
});

describe('whatever the batch', () => {
  const someRequests = fc.array(
    fc.record({
      user: fc.constantFrom(ANN, BEN, CEM),
      seatNos: fc.uniqueArray(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 5 }),
      key: fc.integer({ min: 1, max: 12 }),
      room: fc.constantFrom('main', 'main', 'main', 'other'),
    }),
    { minLength: 1, maxLength: 25 },
  );
  const someFree = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 9 });

  /** Decides in batches of a size, as the batcher would, and remembers as the tables would. */
  function play(requests: readonly HoldRequest[], free: readonly number[], batchMax: number) {
    const world = {
      free: new Set(free),
      has: new Map([ANN, BEN, CEM].map((user) => [user, 0])),
      holds: [] as HoldRow[],
      firsts: [] as string[],
      granted: [] as number[],
    };
    const outcomes = new Map<HoldRequest, string>();
    for (let waiting = [...requests]; waiting.length > 0;) {
      const batch = waiting.slice(0, batchMax);
      const now = found({ free: [...world.free], holds: world.holds, has: world.has });
      const decisions = decideHolds(batch, now, FIVE_MINUTES_MS);
      world.firsts.push(decisions[0]?.outcome ?? 'none');
      const again = batch.filter((_, index) => decisions[index]?.outcome === 'again');
      for (const [index, decision] of decisions.entries()) {
        const request = batch[index];
        if (request === undefined || decision.outcome === 'again') continue;
        outcomes.set(request, inShort(decision));
        if (decision.outcome !== 'granted') continue;
        const { seats } = decision.grant;
        world.granted.push(...seats.map((seat) => seat.seat_no));
        for (const seat of seats) world.free.delete(seat.seat_no);
        world.has.set(request.userId, (world.has.get(request.userId) ?? 0) + seats.length);
        world.holds.push(remembered(request));
      }
      if (again.length === batch.length) throw new Error('nothing was decided');
      waiting = [...again, ...waiting.slice(batch.length)];
    }
    return { ...world, outcomes: requests.map((request) => outcomes.get(request)) };
  }

  const toRequests = (given: readonly { user: string; seatNos: number[]; key: number; room: string }[]) =>
    given.map(({ user, seatNos, key, room }) =>
      wants(
        user,
        seatNos.toSorted((a, b) => a - b),
        {
          reservationId: `${user} ${key}`,
          turn: { room, epoch: 1, number: 1 },
        },
      ),
    );

  test('no seat is granted twice, nobody exceeds the limit, and the first is always decided', () => {
    fc.assert(
      fc.property(someRequests, someFree, (given, free) => {
        const world = play(toRequests(given), free, 25);
        expect(world.granted).toHaveLength(new Set(world.granted).size);
        expect(world.granted.filter((seatNo) => !free.includes(seatNo))).toEqual([]);
        expect(Math.max(...world.has.values())).toBeLessThanOrEqual(4);
        expect(world.firsts).not.toContain('again');
      }),
    );
  });

  test('everybody gets what they would have got one by one', () => {
    fc.assert(
      fc.property(someRequests, someFree, fc.integer({ min: 2, max: 25 }), (given, free, batchMax) => {
        const requests = toRequests(given);
        expect(play(requests, free, batchMax).outcomes).toEqual(play(requests, free, 1).outcomes);
      }),
    );
  });
});
