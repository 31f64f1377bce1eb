/** How people are let in: evenly, never too many, and how fast that goes. Part of line.contract.ts. */
import { describe, expect, test } from 'vitest';
import {
  ACTIVE_TTL_MS,
  type Bench,
  capacity,
  CLAIM_WINDOW_MS,
  type Person,
  purchaseOf,
  rate,
  unlimited,
} from './line-bench.contract.ts';
import type { Line } from './line.ts';

export function describeAdmission(bench: Bench): void {
  describe('the rate', () => {
    describeRate(bench);
  });
  describe('the measured pace', () => {
    describePace(bench);
  });
  describe('under churn', () => {
    describeChurn(bench);
  });
}

function describeRate(bench: Bench): void {
  test('fills a bucket with time, and no further than a tenth of it', async () => {
    await bench.open(rate(20));
    await bench.join(10);
    await bench.one.tick();
    expect(await bench.view()).toMatchObject({ head: 2 });
    await bench.harness.advance(3_700_000);
    await Promise.all([bench.one.tick(), bench.two.tick()]);
    expect(await bench.view()).toMatchObject({ head: 3 });
    await bench.harness.advance(100 * 3_600_000);
    await Promise.all([bench.one.tick(), bench.two.tick()]);
    expect(await bench.view()).toMatchObject({ head: 5 });
    await bench.expectExactCounters();
  });

  test('holds in every window, whatever the bucket has, and bursts do not come back', async () => {
    await bench.open(rate(100));
    await bench.join(150);
    const heads: (number | undefined)[] = [];
    for (let step = 1; step <= 22; step++) {
      await bench.harness.advance(5 * 3_600_000);
      await (step % 2 === 0 ? bench.one : bench.two).tick();
      heads.push((await bench.view())?.head);
    }
    // Ten at once and one each hour are 100 after 90 hours; the ten are forgotten after 100.
    expect(heads.slice(15)).toEqual([90, 95, 100, 100, 101, 106, 111]);
    await bench.expectExactCounters();
  });

  test('a tick says when the next one is due', async () => {
    await bench.open(rate(1));
    await bench.join(2);
    // Of fractions, which may add up to a billionth more.
    const dueInMs = async (line: Line) => Math.round(await line.tick());
    expect(await dueInMs(bench.one)).toBeLessThanOrEqual(3_600_000);
    await bench.harness.advance(3_599_000);
    expect(await dueInMs(bench.two)).toBeLessThanOrEqual(1_000);
    await bench.harness.advance(1_000);
    await bench.two.tick();
    expect(await bench.view()).toMatchObject({ head: 2 });
  });

  test('with a capacity as well, the smaller of both decides', async () => {
    await bench.open({ ...rate(50), capacity: 2 });
    const joined = await bench.join(12);
    expect(await bench.view()).toMatchObject({ head: 2 });
    await bench.one.leave(joined.slice(0, 2).map((each) => each.place));
    expect(await bench.view()).toMatchObject({ head: 4, active: 2 });
    await bench.two.changeRoom(bench.room, { policy: { capacity: 100 } });
    expect(await bench.view()).toMatchObject({ head: 5, active: 3 });
  });
}

function describePace(bench: Bench): void {
  const pace = async () => (await bench.view())?.pace ?? { count: -1, spanMs: -1 };

  test('is what was let in while people waited, and written down although nobody comes', async () => {
    await bench.open({ rateCount: 10, rateWindowMs: 10_000, capacity: null });
    await bench.join(100);
    expect(await pace()).toEqual({ count: 0, spanMs: 0 });
    for (let second = 0; second < 60; second++) {
      await bench.harness.advance(1_000);
      await bench.one.tick();
    }
    const { count, spanMs } = await pace();
    expect((count / spanMs) * 1_000).toBeGreaterThan(0.9);
    expect((count / spanMs) * 1_000).toBeLessThan(1.05);
    await bench.one.changeRoom(bench.room, { state: 'PAUSED' });
    await bench.harness.advance(30_000);
    await bench.one.changeRoom(bench.room, { state: 'OPEN' });
    const resumed = await pace();
    expect(resumed.spanMs).toBeLessThan(spanMs);
    expect(resumed.count / resumed.spanMs).toBeCloseTo(count / spanMs, 4);
  });

  test('a room in which nobody moves is written down every five seconds all the same', async () => {
    await bench.open(capacity(1));
    await bench.join(2);
    await bench.harness.advance(1_000);
    await bench.one.tick();
    expect(await pace()).toEqual({ count: 0, spanMs: 0 });
    await bench.harness.advance(4_000);
    await bench.two.tick();
    expect((await pace()).spanMs).toBeGreaterThan(4_500);
    await bench.one.changeRoom(bench.room, { policy: capacity(2) });
    expect(await pace()).toEqual({ count: 0, spanMs: 0 });
  });

  test('says nothing of a room in which nobody ever waited', async () => {
    await bench.open(unlimited);
    await bench.join(5);
    await bench.harness.advance(60_000);
    await bench.one.tick();
    await bench.join(5);
    expect(await pace()).toEqual({ count: 0, spanMs: 0 });
  });
}

/** How many turns were open, again and again until the work is done. */
async function whileCounting(bench: Bench, work: () => Promise<unknown>): Promise<number[]> {
  const counts: number[] = [];
  const over = new AbortController();
  const counting = (async () => {
    while (!over.signal.aborted) counts.push((await bench.harness.count(bench.room)).active);
  })();
  await work().finally(() => over.abort());
  await counting;
  return counts;
}

/** One part of a crowd that comes, takes turns up, buys, leaves and stays away. */
async function churn(bench: Bench, line: Line, rounds: number, everybody: Person[]): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    everybody.push(...(await bench.join(3, line)));
    const view = await bench.view(line);
    const called = everybody.filter((each) => each.place.number <= (view?.head ?? 0));
    await line.claim(called.slice(-5, -2).map((each) => each.place));
    const [spending, leaving] = [called.at(-1 - (round % 3)), everybody.at(-1 - (round % 5))];
    if (spending !== undefined) await bench.spend([purchaseOf(spending)], line);
    if (leaving !== undefined) await line.leave([leaving.place]);
    if (round % 5 === 4) await bench.harness.advance(CLAIM_WINDOW_MS + 10_000);
    await line.tick();
  }
}

async function expectInOrder(bench: Bench, everybody: readonly Person[]): Promise<void> {
  expect(everybody.map((each) => each.place.number).toSorted((a, b) => a - b)).toEqual(
    everybody.map((_, i) => i + 1),
  );
  const view = await bench.view();
  const turns = await bench.one.turns(everybody.map((each) => each.place));
  const called = (index: number) => (everybody[index]?.place.number ?? 0) <= (view?.head ?? 0);
  expect(turns.filter((turn, i) => turn?.state === 'WAITING' && called(i))).toEqual([]);
  expect(
    turns.filter((turn, i) => turn?.state !== 'WAITING' && turn?.state !== 'LEFT' && !called(i)),
  ).toEqual([]);
  const gone = new Set(await bench.two.departures(bench.room, { after: 0, upTo: 1_000, head: 0 }));
  expect(view?.departed).toBe(gone.size);
  expect(view?.admitted).toBe(
    everybody.filter((each, i) => called(i) && !gone.has(each.place.number)).length,
  );
  await bench.expectExactCounters();
}

function describeChurn(bench: Bench): void {
  test('in order, always as many as the capacity while people wait, counters exact', async () => {
    const most = 7;
    await bench.open(capacity(most));
    // More than can leave, buy and time out: somebody waits to the end.
    const everybody = await bench.join(100);
    const counts = await whileCounting(bench, () =>
      Promise.all([bench.one, bench.two, bench.one].map((line) => churn(bench, line, 12, everybody))),
    );
    expect(new Set(counts)).toEqual(new Set([most]));
    expect((await bench.view())?.waiting).toBeGreaterThan(0);
    await expectInOrder(bench, everybody);
  });

  test('never more than the rate in any window, by the record', async () => {
    // As many at once as the capacity and the window hold, and a bucket of a second's worth: both bind at the start.
    const [rateCount, rateWindowMs, most] = [20, 400, 20];
    await bench.open({ rateCount, rateWindowMs, capacity: most });
    const everybody = await bench.join(200);
    expect(await bench.harness.count(bench.room)).toMatchObject({ active: most });
    const counts = await whileCounting(bench, async () => {
      const shift = async (line: Line) => {
        let admitted = 0;
        while (admitted <= 3 * rateCount) {
          everybody.push(...(await bench.join(1, line)));
          const view = await bench.view(line);
          admitted = view?.admitted ?? 0;
          const called = everybody.filter((each) => each.place.number <= (view?.head ?? 0));
          await line.leave(called.slice(-4).map((each) => each.place));
          await line.tick();
        }
      };
      await Promise.all([shift(bench.one), shift(bench.two)]);
    });
    expect(Math.max(...counts)).toBeLessThanOrEqual(most);
    const places = await bench.harness.places(bench.room);
    const times = places.flatMap(({ admittedAtMs }) => admittedAtMs ?? []);
    const windowsOf = (many: number) =>
      times.filter((atMs, i) => (times[i + many - 1] ?? Infinity) - atMs < rateWindowMs);
    expect(windowsOf(rateCount + 1)).toEqual([]);
    expect(windowsOf(rateCount)).not.toEqual([]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.length).toBeGreaterThan(3 * rateCount);
    await expectInOrder(bench, everybody);
  });

  test('turns that end together are followed together, and none twice', async () => {
    await bench.open(capacity(20));
    await bench.join(60);
    await bench.harness.advance(ACTIVE_TTL_MS + 10_000);
    await Promise.all([bench.one.tick(), bench.two.tick(), bench.one.tick()]);
    expect(await bench.view()).toMatchObject({ head: 40, active: 20, admitted: 40, waiting: 20 });
    await bench.expectExactCounters();
  });
}
