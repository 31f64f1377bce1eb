/**
 * What is remembered must cost nothing and must never be wrong for longer than the news of a change takes. Instances
 * have a pool, a messaging and a memory each, on one database; statements are counted.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CALL,
  type CatalogueKit,
  createCatalogueKit,
  createInstanceLog,
  inDays,
} from '../../test/support/catalogue.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import { whileLocked } from '../../test/support/while-locked.ts';
import { createMessaging, type Projection } from '../messaging/index.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';

let db: TestDatabase;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  db = stack.use(await createTestDatabase());
});
afterEach(() => stack.disposeAsync());

/** Counts the statements, and holds the answers of one of them until it is let go. */
function watched(database: Database) {
  const asked: string[] = [];
  let holding: { readonly name: string; readonly until: Promise<void> } | undefined;
  const rows: Database['rows'] = async (statement, values) => {
    asked.push(statement.name);
    const held = holding?.name === statement.name ? holding : undefined;
    const found = await database.rows<never>(statement, values);
    await held?.until;
    return found;
  };
  return {
    asked,
    /** The statements since the last time. */
    take: () => asked.splice(0).filter((name) => name.startsWith('catalogue.')),
    hold(name: string) {
      const { promise, resolve } = Promise.withResolvers<void>();
      holding = { name, until: promise };
      return () => {
        holding = undefined;
        resolve();
      };
    },
    database: { ...database, rows } as Database,
  };
}

function movableClock() {
  let aheadMs = 0;
  const clock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs };
  return { clock, pass: (ms: number) => void (aheadMs += ms) };
}

interface Instance extends CatalogueKit {
  readonly watch: ReturnType<typeof watched>;
  /** The names of the events that it has heard. */
  readonly heard: string[];
}

async function startInstance(): Promise<Instance> {
  const watch = watched(await db.open());
  const messaging = createMessaging({
    database: watch.database,
    connection: db.connection,
    instanceId: randomUUID(),
    clock: systemClock,
    logger: createLogRecorder().logger,
    retentionMs: 3_600_000,
    observe: () => {},
    onAppended: () => {},
    onParked: () => {},
  });
  const kit = createCatalogueKit(watch.database, { messaging });
  const heard: string[] = [];
  messaging.follow({
    names: ['ConcertChanged', 'PerformanceScheduled'],
    heard: (events) => void heard.push(...events.map(({ name }) => name)),
    lost: () => {},
  });
  const stop = new AbortController();
  const running = messaging.run(stop.signal);
  stack.defer(async () => {
    stop.abort();
    await running;
  });
  await messaging.following();
  return { ...kit, watch, heard };
}

/** A concert with one date that is still to come. */
async function announce(kit: CatalogueKit, title: string) {
  const [concertId, layoutId] = await Promise.all([kit.concert({ title }), kit.layout()]);
  const { performanceId } = await kit.performance({ concertId, layoutId });
  return { concertId, layoutId, performanceId };
}

const times = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));

describe('a crowd', () => {
  test('that searches for a thousand things takes few connections, though each search hangs', async () => {
    const { catalogue } = createCatalogueKit(db.database);
    const busy = () => db.database.stats.total - db.database.stats.idle;
    const { searches } = await whileLocked(db, 'lock table catalogue.concert', 0, async () => {
      const asked = Array.from({ length: 1_000 }, (_, n) => catalogue.listConcerts({ q: `${n}`, limit: 21 }));
      await until('searches hang', () => busy() >= 4);
      await db.database.transaction((tx) => tx.rows({ name: 'test.now', text: 'select now()' }, []));
      expect(busy()).toBeLessThanOrEqual(4);
      expect(db.database.stats.waiting).toBe(0);
      return { searches: Promise.allSettled(asked) };
    });
    await searches;
  });

  test('that asks for one concert makes one reading of it, and none once it is known', async () => {
    const [maker, { catalogue, watch, heard }] = [await startInstance(), await startInstance()];
    const { concertId, performanceId } = await announce(maker, '하나뿐인 공연');
    await until('the news has come', () => heard.length === 1);
    watch.take();

    const found = await times(1_000, () => catalogue.findConcert(concertId));
    expect(new Set(found.map((concert) => concert?.title))).toEqual(new Set(['하나뿐인 공연']));
    expect(watch.take()).toEqual(['catalogue.load-concert', 'catalogue.load-dates']);

    await times(1_000, () => catalogue.findPerformance(performanceId));
    expect(watch.take()).toEqual(['catalogue.find-concert-of']);
    await times(1_000, () => catalogue.findLayout(performanceId));
    expect(watch.take()).toEqual(['catalogue.find-layout']);

    await times(1_000, async () => [
      await catalogue.findConcert(concertId),
      await catalogue.listPerformances(concertId, { limit: 20 }),
      await catalogue.findPerformance(performanceId),
      await catalogue.findLayout(performanceId),
    ]);
    expect(watch.take()).toEqual([]);
  });

  test('on the list makes one reading of each page, and none once it is known', async () => {
    const { catalogue, watch, heard, ...kit } = await startInstance();
    await announce({ catalogue, ...kit }, '밤의 ROCK');
    await until('the news has come, by memory and by the log', () => heard.length === 2);
    watch.take();
    const asked = [{ limit: 21 }, { limit: 21, q: 'rock' }, { limit: 21, month: '2031-05' }];
    for (const filter of asked) {
      await times(1_000, () => catalogue.listConcerts(filter));
      expect(watch.take()).toHaveLength(1);
    }
    await times(300, async () => [
      ...(await Promise.all(asked.map((filter) => catalogue.listConcerts(filter)))),
      // What means the same is the same page.
      await catalogue.listConcerts({ limit: 21, q: ' ｒｏｃｋ ' }),
      await catalogue.listConcerts({ q: 'rock', after: undefined, limit: 21 }),
    ]);
    expect(watch.take()).toEqual([]);
  });
});

describe('a change', () => {
  test('of the title on one instance is soon answered by another one, in the list too', async () => {
    const [a, b] = [await startInstance(), await startInstance()];
    const { concertId, performanceId } = await announce(b, '옛 제목');
    const titles = async ({ catalogue }: Instance) => [
      (await catalogue.findConcert(concertId))?.title,
      (await catalogue.findPerformance(performanceId))?.title,
      ...(await catalogue.listConcerts({ limit: 20 })).map(({ title }) => title),
    ];
    await until('both have heard', () => a.heard.length > 0 && b.heard.length > 0);
    expect(await titles(a)).toEqual(['옛 제목', '옛 제목', '옛 제목']);

    await b.catalogue.changeConcert(concertId, { title: '새 제목' }, CALL);
    expect(await titles(b)).toEqual(['새 제목', '새 제목', '새 제목']);
    await until('the other instance has heard of it', () => a.heard.includes('ConcertChanged'));
    expect(await titles(a)).toEqual(['새 제목', '새 제목', '새 제목']);
  });

  test('is not covered by a reading that began before it', async () => {
    const [a, b] = [await startInstance(), await startInstance()];
    const { concertId } = await announce(b, '옛 제목');
    await until('it has heard', () => a.heard.length > 0);
    const release = a.watch.hold('catalogue.load-concert');
    const before = a.catalogue.findConcert(concertId);
    await until('the reading is under way', () => a.watch.asked.includes('catalogue.load-concert'));

    await b.catalogue.changeConcert(concertId, { title: '새 제목' }, CALL);
    await until('it has heard of the change', () => a.heard.includes('ConcertChanged'));
    release();
    expect((await before)?.title).toBe('옛 제목');
    expect((await a.catalogue.findConcert(concertId))?.title).toBe('새 제목');
  });

  test('of the dates on one instance is soon answered by another one; a date asked for by its id at once', async () => {
    const [a, b] = [await startInstance(), await startInstance()];
    const { concertId, layoutId, performanceId: first } = await announce(b, '두 번째 날');
    await until('it has heard', () => a.heard.length === 1);
    expect(await a.catalogue.listPerformances(concertId, { limit: 9 })).toHaveLength(1);

    const { performanceId } = await b.performance({ concertId, layoutId, startsAt: inDays(9) });
    expect(await a.catalogue.findPerformance(performanceId)).toMatchObject({ performanceId, concertId });
    expect(await a.catalogue.findLayout(performanceId)).toMatchObject({ performanceId, seatCount: 50 });
    await until('it has heard', () => a.heard.length === 2);
    const dates = await a.catalogue.listPerformances(concertId, { limit: 9 });
    expect(dates?.map(({ performance }) => performance.performanceId)).toEqual([performanceId, first]);
  });

  test('of one concert leaves the others known', async () => {
    const { catalogue, watch, heard, ...kit } = await startInstance();
    const one = await announce({ catalogue, ...kit }, 'one');
    const other = await announce({ catalogue, ...kit }, 'other');
    await until('the news has come, by memory and by the log', () => heard.length === 4);
    await Promise.all([catalogue.findConcert(one.concertId), catalogue.findConcert(other.concertId)]);
    await catalogue.changeConcert(one.concertId, { genre: '록' }, CALL);
    watch.take();
    expect(await catalogue.findConcert(other.concertId)).toMatchObject({ title: 'other' });
    expect(watch.take()).toEqual([]);
    expect(await catalogue.findConcert(one.concertId)).toMatchObject({ genre: '록' });
  });
});

describe('time', () => {
  const MINUTE_DAYS = 1 / (24 * 60);
  function startAlone() {
    const { clock, pass } = movableClock();
    const watch = watched(db.database);
    const projections: Projection[] = [];
    const log = createInstanceLog();
    const messaging = { ...log, follow: (projection: Projection) => void projections.push(projection) };
    return { ...createCatalogueKit(watch.database, { messaging, clock }), watch, pass, projections };
  }

  test('passes for what is remembered: a date that has begun is over in the next answer', async () => {
    const { catalogue, watch, pass, ...kit } = startAlone();
    const [concertId, hall, club] = await Promise.all([
      kit.concert(),
      kit.layout(undefined, '큰 홀'),
      kit.layout(undefined, '작은 홀'),
    ]);
    const soon = inDays(5 * MINUTE_DAYS);
    const later = inDays(8 * MINUTE_DAYS);
    const price = (priceKrw: number) => [{ section: '전석', priceKrw }];
    await kit.performance({ concertId, layoutId: hall, startsAt: soon, prices: price(30_000) });
    await kit.performance({ concertId, layoutId: club, startsAt: later, prices: price(70_000) });
    const order = async () =>
      (await catalogue.listPerformances(concertId, { limit: 9 }))?.map((each) => each.performance.startsAt);

    expect(await catalogue.findConcert(concertId)).toMatchObject({
      nextPerformanceAt: soon,
      venues: ['작은 홀', '큰 홀'],
      fromPriceKrw: 30_000,
    });
    expect(await order()).toEqual([soon, later]);
    watch.take();
    pass(6 * 60_000);
    expect(await catalogue.findConcert(concertId)).toMatchObject({
      nextPerformanceAt: later,
      venues: ['작은 홀'],
      fromPriceKrw: 70_000,
    });
    expect(await order()).toEqual([later, soon]);
    pass(3 * 60_000);
    expect(await catalogue.findConcert(concertId)).toMatchObject({ nextPerformanceAt: null, venues: [] });
    expect(watch.take()).toEqual([]);

    pass(60_000);
    await catalogue.findConcert(concertId);
    expect(watch.take()).toEqual(['catalogue.load-concert', 'catalogue.load-dates']);
  });

  test('ends what is known of the list after ten seconds', async () => {
    const { catalogue, watch, pass } = startAlone();
    await catalogue.listConcerts({ limit: 5 });
    pass(9_000);
    await catalogue.listConcerts({ limit: 5 });
    expect(watch.take()).toHaveLength(1);
    pass(1_000);
    await catalogue.listConcerts({ limit: 5 });
    expect(watch.take()).toHaveLength(1);
  });

  test('in which events may have been missed leaves nothing known', async () => {
    const { catalogue, watch, projections, ...kit } = startAlone();
    const { concertId, performanceId } = await announce({ catalogue, ...kit }, 'lost');
    const ask = async () => {
      await Promise.all([catalogue.findConcert(concertId), catalogue.listConcerts({ limit: 5 })]);
      await catalogue.findLayout(performanceId);
    };
    await ask();
    watch.take();
    for (const projection of projections) projection.lost();
    await ask();
    expect(watch.take().toSorted()).toEqual([
      'catalogue.find-concert-of',
      'catalogue.find-layout',
      'catalogue.list-to-come',
      'catalogue.load-concert',
      'catalogue.load-dates',
    ]);
  });
});

test('what does not exist is looked for each time, and found as soon as it is there', async () => {
  const { catalogue, ...kit } = await startInstance();
  const made = await kit.concert();
  expect(await catalogue.findConcert(made + 1)).toBeUndefined();
  expect(await catalogue.listPerformances(made + 1, { limit: 9 })).toBeUndefined();
  expect(await catalogue.findPerformance(1)).toBeUndefined();
  const { concertId, performanceId } = await announce({ catalogue, ...kit }, 'then');
  expect(concertId).toBe(made + 1);
  expect(await catalogue.findConcert(concertId)).toMatchObject({ title: 'then' });
  expect(await catalogue.findPerformance(performanceId)).toMatchObject({ title: 'then' });
});

test('nothing is read before the log is followed, so that no change in between is missed', async () => {
  const watch = watched(db.database);
  const { promise, resolve } = Promise.withResolvers<void>();
  const messaging = { ...createInstanceLog(), following: () => promise };
  const { catalogue, ...kit } = createCatalogueKit(watch.database, { messaging });
  const concertId = await kit.concert();
  const asking = Promise.all([catalogue.findConcert(concertId), catalogue.listConcerts({ limit: 5 })]);
  await new Promise(setImmediate);
  expect(watch.take()).toEqual([]);
  resolve();
  expect((await asking)[0]).toMatchObject({ concertId });
});
