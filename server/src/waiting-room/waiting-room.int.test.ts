/** The module on a real PostgreSQL, as two instances of it. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { performance } from 'node:perf_hooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EventOf } from '#contract/events.ts';
import type { Place } from '#contract/ids.ts';
import { countedDatabase } from '../../test/support/counted-database.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { type Database, openDatabase } from '../platform/postgres/database.ts';
import { createTokenSigner } from '../platform/signed-token.ts';
import { createWaitingRoom, type Holder, type InLine, type WaitingRoom } from './index.ts';

const unlimited = { rateCount: null, rateWindowMs: null, capacity: null };
const ADVANCE = {
  name: 'test.advance',
  text: `update waiting_room.token set expires_at = expires_at - $2::int * interval '1 millisecond',
      holds_until = holds_until - $2::int * interval '1 millisecond'
    where room = $1 and state = 'ACTIVE'`,
};
const CALL = { requestId: randomUUID(), address: '127.0.0.1' };
const USERS = {
  name: 'test.users',
  text: 'select user_id, count(*)::int as places from waiting_room.token where room = $1 group by user_id',
};

function createInstance(
  database: Database,
  log = createLogRecorder(),
  clock: Clock = systemClock,
): WaitingRoom {
  return createWaitingRoom({
    database,
    clock,
    logger: log.logger,
    observe: () => {},
    signer: createTokenSigner([{ kid: 'k1', secret: Buffer.alloc(32, 1) }], systemClock),
    defaultPolicy: { rateCount: 50, rateWindowMs: 30_000, capacity: 1_000 },
    activeTtlMs: 600_000,
    claimWindowMs: 120_000,
    onLoss: () => {},
    record: () => {},
  });
}

/** A server that does not answer: no port of a socket folder is 1. */
function openNowhere(): Database {
  const connection = { host: tmpdir(), port: 1 };
  return openDatabase({ connection, connectionsMax: 1, settings: {}, onIdleError: () => {} });
}

describe('the waiting room', () => {
  let db: TestDatabase;
  let one: WaitingRoom;
  let two: WaitingRoom;
  let room = '';

  beforeAll(async () => {
    db = await createTestDatabase();
    one = createInstance(db.database);
    two = createInstance(await db.open());
  });
  afterAll(() => db[Symbol.asyncDispose]());
  beforeEach(() => {
    room = `r-${randomUUID().slice(0, 8)}`;
  });

  async function join(
    userId: string = randomUUID(),
    instance: WaitingRoom = one,
  ): Promise<InLine & { userId: string }> {
    const outcome = await instance.join(userId, room);
    if (outcome.outcome === 'refused') throw new Error(outcome.problem);
    return { ...outcome, userId };
  }
  const at = ({ userId, place }: Holder, change: Partial<Place>): Holder => ({
    userId,
    place: { ...place, ...change },
  });
  const advance = (ms: number) => db.database.transaction((tx) => tx.rows(ADVANCE, [room, ms]));

  const paid = (
    turn: Place,
    userId: string,
    reservationId: string = randomUUID(),
  ): EventOf<'PaymentProcessed'> => ({
    name: 'PaymentProcessed',
    reservationId,
    performanceId: 1,
    seats: [{ no: 1, version: 1 }],
    userId,
    amountKrw: 50_000,
    turn,
    paymentId: randomUUID(),
  });
  const react = (events: readonly EventOf<'PaymentProcessed'>[], instance: WaitingRoom = one) =>
    db.database.transaction((tx) => instance.reactions.PaymentProcessed.run(tx, events));

  const hold = (turn: Place, userId: string, instance: WaitingRoom = one) => {
    const { paymentId: _, ...held } = paid(turn, userId);
    const expiresAt = new Date(Date.now() + 300_000).toISOString();
    const event = { ...held, name: 'SeatReserved', expiresAt, payNow: false } as const;
    return db.database.transaction((tx) => instance.reactions.SeatReserved.run(tx, [event]));
  };

  test('the default room is made once, with the policy of the settings, and stays as it is', async () => {
    await Promise.all([one.prepare(), two.prepare()]);
    expect(await one.room('main')).toMatchObject({
      state: 'OPEN',
      policy: { rateCount: 50, capacity: 1_000 },
    });
    await one.changeRoom('main', { capacity: 7 }, CALL);
    await two.prepare();
    expect(await one.room('main')).toMatchObject({
      policy: { rateCount: 50, rateWindowMs: 30_000, capacity: 7 },
    });
  });

  test('if a join was answered before another was sent, its number is lower, on whatever instance', async () => {
    await one.createRoom(room, { ...unlimited, rateCount: 100, rateWindowMs: 3_600_000 }, CALL);
    const people = Array.from({ length: 150 }, () => randomUUID());
    // Everybody joins several times, each device on its own, the same person never twice at a time from one.
    const plan = Array.from({ length: 24 }, (_, device) =>
      people.map((__, i) => people[(i * 7 + device * 13) % people.length] ?? ''),
    );
    const answers: { userId: string; number: number; sentMs: number; answeredMs: number }[] = [];
    await Promise.all(
      plan.map(async (users, device) => {
        for (const userId of users.slice(0, 40)) {
          const sentMs = performance.now();
          const { place } = await join(userId, device % 2 === 0 ? one : two);
          answers.push({ userId, number: place.number, sentMs, answeredMs: performance.now() });
        }
      }),
    );

    const numbers = Map.groupBy(answers, (answer) => answer.userId);
    for (const list of numbers.values()) expect(new Set(list.map((answer) => answer.number)).size).toBe(1);
    const first = [...numbers.values()].map((list) => ({
      number: list[0]?.number ?? 0,
      sentMs: Math.min(...list.map((answer) => answer.sentMs)),
      answeredMs: Math.min(...list.map((answer) => answer.answeredMs)),
    }));
    expect(first.map((each) => each.number).toSorted((a, b) => a - b)).toEqual(
      first.map((_, index) => index + 1),
    );
    let comparable = 0;
    for (const a of first) {
      for (const b of first) {
        if (a.answeredMs >= b.sentMs) continue;
        comparable++;
        expect(a.number, 'answered before the other was sent').toBeLessThan(b.number);
      }
    }
    expect(comparable).toBeGreaterThan(100);
  });

  test('50 joins of one person at once, on two instances, are one place', async () => {
    await one.createRoom(room, unlimited, CALL);
    const userId = randomUUID();
    const joined = await Promise.all(
      Array.from({ length: 50 }, (_, i) => join(userId, i % 2 === 0 ? one : two)),
    );
    expect(joined.filter((each) => each.fresh)).toHaveLength(1);
    expect(new Set(joined.map((each) => each.place.number))).toEqual(new Set([1]));
    expect(await db.database.rows(USERS, [room])).toEqual([{ user_id: userId, places: 1 }]);
  });

  test('the token is the place, for whoever it was given to', async () => {
    await one.createRoom(room, unlimited, CALL);
    const { token, place, userId } = await join();
    expect(two.verifyToken(token)).toEqual({ userId, place });
    expect(two.verifyToken(`${token}x`)).toBeUndefined();
    const signer = createTokenSigner([{ kid: 'k1', secret: Buffer.alloc(32, 1) }], systemClock);
    expect(two.verifyToken(signer.sign('account', { sub: userId, room, epoch: 1, n: 1 }))).toBeUndefined();
    expect(two.verifyToken(signer.sign('queue', { sub: userId, room, epoch: 1 }))).toBeUndefined();
  });

  test('standing: by arithmetic while waiting, from the record once called, the same on both instances', async () => {
    await one.createRoom(room, { ...unlimited, rateCount: 1, rateWindowMs: 3_600_000 }, CALL);
    const [first, second, third] = [await join(), await join(), await join(undefined, two)];
    expect(first.standing).toMatchObject({ state: 'ACTIVE', ahead: 0 });
    expect(third.standing).toMatchObject({
      state: 'WAITING',
      ahead: 1,
      wait: { estimateMs: 7_200_000, atLeastMs: 3_600_000, atMostMs: null },
      turnExpiresAt: null,
    });
    for (const instance of [one, two]) {
      const { state, ahead, turnExpiresAt } = first.standing;
      expect(await instance.standing(first)).toMatchObject({ state, ahead, turnExpiresAt });
      expect(await instance.standing(second)).toEqual(second.standing);
      expect(await instance.standing(third)).toEqual(third.standing);
      expect(await instance.standing(at(first, { epoch: 2 }))).toMatchObject({ state: 'EXPIRED' });
      expect(await instance.standing(at(first, { room: 'nowhere' }))).toMatchObject({
        state: 'EXPIRED',
      });
    }
  });

  test('leaving: seen at once, for one who waits and for one whose turn it is', async () => {
    await one.createRoom(room, { ...unlimited, capacity: 1 }, CALL);
    const [first, second, third] = [await join(), await join(), await join()];
    await one.leave(second);
    await one.leave(second);
    expect(await one.standing(second)).toMatchObject({ state: 'LEFT' });
    expect(await one.requireActive(first.place, first.userId, 'look')).toBe('active');
    await one.leave(first);
    expect(await one.requireActive(first.place, first.userId, 'look')).toBe('over');
    expect(await two.requireActive(third.place, third.userId, 'look')).toBe('active');
    await until('the other instance knows too', async () => (await two.standing(second)).state === 'LEFT');
  });

  test('the door: active, waiting, over, foreign', async () => {
    await one.createRoom(room, { ...unlimited, capacity: 1 }, CALL);
    const [first, second] = [await join(), await join()];
    expect(await two.requireActive(first.place, first.userId, 'look')).toBe('active');
    expect(await two.requireActive(first.place, second.userId, 'look')).toBe('foreign');
    expect(await two.requireActive(second.place, second.userId, 'look')).toBe('waiting');
    expect(await two.requireActive({ ...first.place, number: 99 }, first.userId, 'look')).toBe('over');
    expect(await two.requireActive({ ...first.place, epoch: 2 }, first.userId, 'look')).toBe('over');
    await advance(600_001);
    one.forget();
    expect(await one.requireActive(first.place, first.userId, 'look')).toBe('over');
  });

  test('whoever is let in by joining holds and pays at that instance for a second without a question', async () => {
    let nowMs = 0;
    const asked: string[] = [];
    const database = countedDatabase(db.database, (statement) => asked.push(statement));
    const instance = createInstance(database, createLogRecorder(), {
      ...systemClock,
      monotonicMs: () => nowMs,
    });
    await instance.createRoom(room, { ...unlimited, capacity: 1 }, CALL);
    const [first, second] = [await join(undefined, instance), await join(undefined, instance)];
    asked.length = 0;
    nowMs += 999;
    expect(await instance.requireActive(first.place, first.userId, 'hold')).toBe('active');
    expect(await instance.requireActive(first.place, second.userId, 'hold')).toBe('foreign');
    await hold(first.place, first.userId, instance);
    expect(await instance.requireActive(first.place, first.userId, 'pay')).toBe('active');
    expect(asked).toEqual([]);
    expect(await instance.requireActive(second.place, second.userId, 'hold')).toBe('waiting');
    expect(asked).toEqual(['waiting-room.turns']);
    nowMs += 1;
    expect(await instance.requireActive(first.place, first.userId, 'hold')).toBe('active');
    expect(asked).toEqual(['waiting-room.turns', 'waiting-room.turns']);
  });

  test('whoever joins again on a turn that only a hold keeps open may pay, and make no other hold', async () => {
    await one.createRoom(room, unlimited, CALL);
    const { place, userId } = await join();
    await advance(600_001);
    await hold(place, userId);
    one.forget();
    expect(await join(userId)).toMatchObject({ fresh: false, place });
    expect(await one.requireActive(place, userId, 'hold')).toBe('over');
    expect(await one.requireActive(place, userId, 'pay')).toBe('active');
  });

  test('a hold that is heard of late opens its turn again at the door of this instance at once', async () => {
    await one.createRoom(room, unlimited, CALL);
    const { place, userId } = await join();
    await advance(600_001);
    one.forget();
    expect(await one.requireActive(place, userId, 'pay')).toBe('over');
    await hold(place, userId);
    expect(await one.requireActive(place, userId, 'pay')).toBe('active');
  });

  test('the door fails closed: a store that is away lets nobody pass', async () => {
    await one.createRoom(room, unlimited, CALL);
    const { place, userId } = await join();
    await using away = openNowhere();
    const instance = createInstance(away);
    await expect(instance.requireActive(place, userId, 'look')).rejects.toThrow('waiting-room.turns');
  });

  test('a payment spends the turn; the buyer is told, and this instance knows at once', async () => {
    await one.createRoom(room, { ...unlimited, capacity: 1 }, CALL);
    const [first, second] = [await join(), await join()];
    expect(await one.requireActive(first.place, first.userId, 'look')).toBe('active');
    const event = paid(first.place, first.userId);
    const { reservationId, userId, turn } = event;
    expect(await react([event])).toEqual([{ name: 'TokenExpired', reservationId, userId, turn }]);
    expect(await one.requireActive(first.place, first.userId, 'look')).toBe('over');
    await until('the next one is let in', async () => (await one.standing(second)).state === 'ACTIVE');
    expect(await react([event])).toEqual([]);
    expect((await join(first.userId)).place.number).toBe(3);
  });

  test('a payment without a turn of its own is to be undone', async () => {
    await one.createRoom(room, { ...unlimited, capacity: 1 }, CALL);
    const [first, second] = [await join(), await join()];
    const [bought, doubled, early] = [
      paid(first.place, first.userId),
      paid(first.place, first.userId),
      paid(second.place, second.userId),
    ];
    const failed = (event: EventOf<'PaymentProcessed'>, reason: 'spent' | 'not-active') => {
      const { paymentId, ...claim } = event;
      expect(paymentId).toBeDefined();
      return { ...claim, name: 'TokenExpirationFailed', reason };
    };
    const emitted = await react([bought, doubled, early]);
    expect(emitted).toMatchObject([{ name: 'TokenExpired' }, {}, {}]);
    expect(emitted.slice(1)).toEqual([failed(doubled, 'spent'), failed(early, 'not-active')]);
  });

  test('while it runs, turns end and people are let in by themselves', async () => {
    await one.createRoom(room, { ...unlimited, capacity: 1 }, CALL);
    const [first, second] = [await join(), await join()];
    const stop = new AbortController();
    const running = [one.run(stop.signal), two.run(stop.signal)];
    await advance(660_000);
    await until('the next one is let in', async () => (await two.standing(second)).state === 'ACTIVE');
    for (const instance of [one, two])
      await until('each knows it', async () => (await instance.standing(first)).state === 'EXPIRED');
    stop.abort();
    await Promise.all(running);
  });

  test('a store that is away is reported once, not at every tick', async () => {
    const log = createLogRecorder();
    await using away = openNowhere();
    let looks = 0;
    const counted: Database = {
      ...away,
      rows: (statement, values) => {
        looks++;
        return away.rows(statement, values);
      },
    };
    const stop = new AbortController();
    const running = createInstance(counted, log).run(stop.signal);
    await until('it has tried again', () => looks > 2);
    stop.abort();
    await running;
    expect(log.lines).toHaveLength(1);
  });
});
