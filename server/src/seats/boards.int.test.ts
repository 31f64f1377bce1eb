/**
 * Goal: a board in memory is the table, on every instance, whatever happens between them. Two instances, each with
 * its boards and its follower of one log, on a real database; the table is read beside them and compared.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import type { EventOf } from '#contract/events.ts';
import { createChance } from '../../../scripts/support/random.ts';
import { type BoxOffice, createBoxOffice, type Counter, holdRequest } from '../../test/support/box-office.ts';
import { cancelledOf, paidOf, turnSpentOf } from '../../test/support/purchase-events.ts';
import { until } from '../../test/support/until.ts';
import { newUuid } from '../platform/identifiers.ts';
import { HELD, SeatBoard, SOLD } from './board.ts';
import { loadBoards } from './load-boards.ts';
import { type SeatMap, stateIn } from './seat-map.ts';

/** Of all that is random here. A failure names it: written here in its place, it makes the same choices again. */
const SEED = randomInt(2 ** 31);
const chance = createChance(SEED);

let office: BoxOffice;

beforeAll(async () => {
  office = await createBoxOffice({
    // Maps as fresh as they can be.
    bounds: { everyMs: 0 },
    // Boards that have been read arrive late, so that much happens meanwhile.
    delay: (statement) => (statement === 'seats.load-boards' ? sleep(chance.between(0, 20)) : undefined),
  });
});
afterAll(() => office[Symbol.asyncDispose]());

beforeEach(async () => {
  await office.clear();
  await office.schedule();
});
afterEach(async () => {
  expect(await office.findDiscrepancies()).toEqual([]);
});

/** What the table has now, as a board has it. */
async function tableOf(performanceId: number): Promise<SeatBoard> {
  const loaded = (await loadBoards(office.db.database, [performanceId])).get(performanceId);
  if (loaded === undefined) throw new Error(`performance ${performanceId} is not laid out`);
  return new SeatBoard(loaded);
}

async function mapAt(counter: Counter, performanceId = 1): Promise<SeatMap> {
  const board = await counter.seats.board(performanceId);
  if (board === undefined) throw new Error(`performance ${performanceId} is not laid out`);
  return board.map();
}

/** Equal versions are equal contents, versions of seats included. */
async function untilAsTheTable(counter: Counter, performanceId = 1): Promise<void> {
  await until(`the board of performance ${performanceId} is as the table`, async () => {
    const table = await tableOf(performanceId);
    return (await mapAt(counter, performanceId)).content.version === table.version;
  });
}

/** Whoever gets no answer asks again: holds and reactions are the same, however often. */
function answered<T>(ask: () => Promise<T>): Promise<T> {
  return until('it is answered', async () => {
    const [asked] = await Promise.allSettled([ask()]);
    return asked.status === 'fulfilled' && { answer: asked.value };
  }).then(({ answer }) => answer);
}

async function reservedBy(
  counter: Counter,
  seatNos: readonly number[],
  given: { performanceId?: number } = {},
) {
  const request = holdRequest(seatNos, given);
  const outcome = await answered(() => counter.seats.hold(request));
  if (outcome.outcome !== 'held') return undefined;
  const seats = (await office.events()).findLast(
    (event): event is EventOf<'SeatReserved'> =>
      event.name === 'SeatReserved' && event.reservationId === request.reservationId,
  );
  if (seats === undefined) throw new Error('the hold is not in the log');
  return seats;
}

describe('a board that is loaded', () => {
  test('has what the table has: states, versions, prices, terms, and who ever held here', async () => {
    const [gaveBack, owner] = ['00000000-0000-4000-8000-0000fedcba98', newUuid()];
    const [a] = office.counters;
    await a.seats.hold(holdRequest([1, 2], { userId: gaveBack }));
    const [first] = await office.events();
    if (first?.name !== 'SeatReserved') throw new Error('the hold is not in the log');
    await office.react(cancelledOf(first));
    await a.seats.hold(holdRequest([2, 50], { userId: owner }));
    const second = (await office.events()).at(-1);
    if (second?.name !== 'SeatReserved') throw new Error('the hold is not in the log');
    await office.react(paidOf(second));
    await a.seats.hold(holdRequest([3]));

    const loaded = await loadBoards(office.db.database, [1, 2]);
    expect([...loaded.keys()]).toEqual([1]);
    const content = loaded.get(1);
    if (content === undefined) throw new Error('it was laid out');
    const board = new SeatBoard(content);
    expect([1, 2, 3, 4, 50].map((no) => [board.versionOf(no), board.stateOf(no)])).toEqual([
      [2, 0],
      [4, SOLD],
      [1, HELD],
      [0, 0],
      [2, SOLD],
    ]);
    expect(board.tiers).toEqual([
      { priceKrw: 40_000, free: 29, held: 0, sold: 1 },
      { priceKrw: 60_000, free: 18, held: 1, sold: 1 },
    ]);
    expect(content.terms).toEqual({
      room: 'main',
      seatsPerPerson: 4,
      saleOpensAtMs: Date.parse('2020-01-01T00:00:00.000Z'),
      saleClosesAtMs: Date.parse('2099-01-01T00:00:00.000Z'),
    });
    expect([gaveBack, owner, newUuid()].map((user) => board.mayHaveBought(user))).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('costs one statement, and every view after it none', async () => {
    const before = office.asked.length;
    const [a] = office.counters;
    for (let view = 0; view < 20; view++) {
      await Promise.all(Array.from({ length: 50 }, () => mapAt(a)));
      await a.seats.remaining([1]);
      await a.seats.sales(1);
    }
    expect(office.asked.slice(before)).toEqual(['seats.load-boards']);
  });
});

describe('what one instance holds, sells and releases', () => {
  test('the other one shows, and tells those who listen', async () => {
    const [a, b] = office.counters;
    const before = await mapAt(b);
    const frames: string[] = [];
    const { signal } = new AbortController();
    const listener = { send: (frame: Buffer) => void frames.push(frame.toString()), end: () => {}, signal };
    (await b.seats.board(1))?.listen(listener, before.content.version);

    const reserved = await reservedBy(a, [7, 8]);
    if (reserved === undefined) throw new Error('the seats were free');
    await until('it is shown', async () => stateIn((await mapAt(b)).content, 7) === HELD);
    await office.reactOn(a, paidOf(reserved));
    await until('it is shown', async () => stateIn((await mapAt(b)).content, 8) === SOLD);
    await office.reactOn(b, turnSpentOf(reserved));
    await untilAsTheTable(a);
    await untilAsTheTable(b);
    expect((await mapAt(b)).content.remaining).toBe(50);
    await until('it was told', () => frames.join('').includes('"changes":[[7,0],[8,0]]'));
    const told = frames.join('');
    expect(told).toContain('"changes":[[7,1],[8,1]]');
    expect(told).toContain('"changes":[[7,2],[8,2]]');
    expect(told).not.toContain('reload');
  });

  test('counts in how many are left and how it sells, by price', async () => {
    const [a, b] = office.counters;
    await b.seats.remaining([1]);
    const reserved = await reservedBy(a, [1, 21]);
    if (reserved === undefined) throw new Error('the seats were free');
    await office.reactOn(a, paidOf(reserved));
    await untilAsTheTable(b);
    const remaining = await b.seats.remaining([1, 99]);
    expect(remaining).toEqual(
      new Map([
        [
          1,
          {
            remaining: 48,
            byPrice: [
              { priceKrw: 40_000, remaining: 29 },
              { priceKrw: 60_000, remaining: 19 },
            ],
          },
        ],
      ]),
    );
    expect(await b.seats.sales(1)).toMatchObject({ free: 48, held: 0, sold: 2, soldKrw: 100_000 });
    expect(await b.seats.sales(99)).toBeUndefined();
  });
});

describe('a hold of what is known to be taken', () => {
  test('by 1,000 buyers on 50 taken seats costs no transaction', async () => {
    const [a, b] = office.counters;
    const all = Array.from({ length: 50 }, (_, at) => at + 1);
    for (let first = 0; first < 50; first += 4) await a.seats.hold(holdRequest(all.slice(first, first + 4)));
    await untilAsTheTable(a);
    await untilAsTheTable(b);
    const before = office.asked.length;
    const refusedBefore = a.seats.stats.refusedFromMemory + b.seats.stats.refusedFromMemory;

    const outcomes = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => office.counter(n).seats.hold(holdRequest([(n % 50) + 1]))),
    );
    expect(outcomes).toEqual(
      outcomes.map((_, n) => ({
        outcome: 'refused',
        problem: 'seats.taken',
        extra: { seats: [(n % 50) + 1] },
      })),
    );
    expect(office.asked.slice(before)).toEqual([]);
    expect(a.seats.stats.refusedFromMemory + b.seats.stats.refusedFromMemory - refusedBefore).toBe(1_000);
  });

  test('is refused by the rows where there is no board yet, and from memory soon after', async () => {
    const [a] = office.counters;
    await a.seats.hold(holdRequest([5]));
    expect(a.seats.stats.boards).toBe(0);
    expect(await a.seats.hold(holdRequest([5]))).toMatchObject({ problem: 'seats.taken' });
    await until('the board is there', () => a.seats.stats.boards === 1);
    const before = office.asked.length;
    expect(await a.seats.hold(holdRequest([5]))).toMatchObject({ problem: 'seats.taken' });
    expect(office.asked.slice(before)).toEqual([]);
  });

  test('is granted as soon as the log has told that the seat is free again', async () => {
    const [a, b] = office.counters;
    const reserved = await reservedBy(a, [5]);
    if (reserved === undefined) throw new Error('the seat was free');
    await untilAsTheTable(b);
    expect(await b.seats.hold(holdRequest([5]))).toMatchObject({ problem: 'seats.taken' });
    await office.reactOn(a, cancelledOf(reserved));
    await until('it is granted', async () => (await b.seats.hold(holdRequest([5]))).outcome === 'held');
  });

  test('that repeats an earlier one gets its first answer, on both instances, whoever has the seat since', async () => {
    const [a, b] = office.counters;
    const request = holdRequest([5, 6]);
    const first = await a.seats.hold(request);
    expect(first.outcome).toBe('held');
    await untilAsTheTable(b);
    for (const { seats } of [a, b]) expect(await seats.hold(request)).toEqual({ ...first, replayed: true });

    const reserved = (await office.events()).at(-1);
    if (reserved?.name !== 'SeatReserved') throw new Error('the hold is not in the log');
    await office.reactOn(b, cancelledOf(reserved));
    await b.seats.hold(holdRequest([5]));
    await untilAsTheTable(a);
    await untilAsTheTable(b);
    expect(await b.seats.hold(holdRequest([5]))).toMatchObject({ problem: 'seats.taken' });
    for (const { seats } of [a, b]) expect(await seats.hold(request)).toEqual({ ...first, replayed: true });
    // Neither does a board that is loaded after all that forget who was here.
    for (const { projections } of [a, b]) for (const projection of projections) projection.lost();
    for (const { seats } of [a, b]) {
      await seats.board(1);
      expect(await seats.hold(request)).toEqual({ ...first, replayed: true });
    }
  });
});

describe('an instance that is cut off from the log', () => {
  test('catches up exactly', async () => {
    const [a, b] = office.counters;
    await mapAt(b);
    const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and query like '%messaging.%'`;
    for (let round = 0; round < 12; round++) {
      await until('a follower is cut off', async () => {
        return (await office.db.database.rows({ name: 'test.cut', text: terminate }, [])).length > 0;
      });
      const seatNo = 1 + round * 2;
      const reserved = await reservedBy(a, [seatNo, seatNo + 1]);
      if (reserved === undefined) throw new Error('the seats were free');
      const follow = [paidOf(reserved), cancelledOf(reserved)][round % 3];
      if (follow !== undefined) await answered(() => office.reactOn(a, follow));
    }
    await untilAsTheTable(b);
    await untilAsTheTable(a);
    expect((await mapAt(b)).content.remaining).toBeLessThan(50);
  });
});

test('random holds, releases and sales on two instances, while boards come and go, end as the table', async () => {
  // So many seats that most are touched once: nothing that comes later hides what was missed.
  const performances = [2, 3];
  const sections = [{ firstSeatNo: 1, seatCount: 3_000, priceKrw: 50_000 }];
  for (const performanceId of performances) await office.schedule({ performanceId, sections });
  onTestFailed(() => void process.stderr.write(`the seed of this run was ${SEED}\n`));
  const open: EventOf<'SeatReserved'>[] = [];
  const paid: EventOf<'SeatReserved'>[] = [];
  const before = office.ran('seats.load-boards');
  let work = 0;

  /** One instance's people: each does something at random, one after the other. */
  async function live(counter: Counter, seed: number): Promise<void> {
    // Each of them has chances of their own: whoever is answered first takes none of another's.
    const mine = createChance(seed);
    const pick = (count: number) => mine.between(0, count - 1);
    for (let step = 0; step < 60; step++) {
      const performanceId = performances[pick(performances.length)] ?? 2;
      const what = pick(40);
      if (what < 20) {
        const first = 1 + pick(2_997);
        const reserved = await reservedBy(counter, [first, first + 1 + pick(2)], { performanceId });
        if (reserved !== undefined) open.push(reserved);
      } else if (what < 26) {
        const reserved = open.splice(pick(open.length), 1)[0];
        if (reserved !== undefined) await office.reactOn(counter, cancelledOf(reserved));
      } else if (what < 34) {
        const reserved = open.splice(pick(open.length), 1)[0];
        if (reserved !== undefined) {
          await office.reactOn(counter, paidOf(reserved));
          paid.push(reserved);
        }
      } else if (what < 38) {
        const reserved = paid.splice(pick(paid.length), 1)[0];
        if (reserved !== undefined) await office.reactOn(counter, turnSpentOf(reserved));
      } else for (const projection of counter.projections) projection.lost();
      await answered(() => mapAt(counter, performances[pick(performances.length)]));
      work += 1;
    }
  }
  const people = Array.from({ length: 6 }, (_, n) => live(office.counter(n), SEED + n));
  await Promise.all(people);
  expect(work).toBe(360);

  // Some of the boards may just have been lost.
  for (const counter of office.counters) {
    for (const performanceId of performances) await answered(() => mapAt(counter, performanceId));
  }
  const loads = office.ran('seats.load-boards');
  for (const counter of office.counters) {
    for (const performanceId of performances) await untilAsTheTable(counter, performanceId);
  }
  // What was compared was there before; the readings of the comparison itself are not counted.
  expect(office.ran('seats.load-boards')).toBe(loads);
  expect(loads).toBeGreaterThan(before + 4);
});
