/** Goal: standing in line costs no query and only gets better, at two instances on one real PostgreSQL. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RoomTerms } from '#contract/http/queue.ts';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createTokenSigner } from '../platform/signed-token.ts';
import { createWaitingRoom, type InLine, type WaitingRoom } from './index.ts';

const CALL = { requestId: randomUUID(), address: '127.0.0.1' };
const ACTIVE_TTL_MS = 600_000;
const CLAIM_WINDOW_MS = 120_000;
const AHEAD = {
  name: 'test.ahead',
  text: `/* test.ahead */ select number, (
      select count(*)::int from waiting_room.token
      where room = t.room and number < t.number and state = 'WAITING'
    ) as ahead
    from waiting_room.token t where room = $1 and state = 'WAITING'`,
};
const LEFT_MS = {
  name: 'test.left-ms',
  text: `/* test.left-ms */ select (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as left_ms,
      claimed_at is not null as claimed
    from waiting_room.token where room = $1 and number = $2`,
};

/** An instance whose statements are counted, and whose time stands still when it is told to. */
function createInstance(database: Database) {
  const asked: string[] = [];
  let heldAtMs: number | undefined;
  const clock: Clock = { ...systemClock, monotonicMs: () => heldAtMs ?? systemClock.monotonicMs() };
  const counted: Database = {
    ...database,
    rows: (statement, values) => {
      asked.push(statement.name);
      return database.rows(statement, values);
    },
    transaction: (work) => {
      asked.push('transaction');
      return database.transaction(work);
    },
  };
  const waitingRoom = createWaitingRoom({
    database: counted,
    clock,
    logger: createLogRecorder().logger,
    observe: () => {},
    signer: createTokenSigner([{ kid: 'k1', secret: Buffer.alloc(32, 1) }], clock),
    defaultPolicy: { rateCount: null, rateWindowMs: null, capacity: 1 },
    activeTtlMs: ACTIVE_TTL_MS,
    claimWindowMs: CLAIM_WINDOW_MS,
    onLoss: () => {},
    record: () => {},
  });
  return {
    ...waitingRoom,
    asked,
    hold: () => (heldAtMs = systemClock.monotonicMs()),
    goOn: () => (heldAtMs = undefined),
  };
}

type Person = InLine & { readonly userId: string };

function nth<T>(list: readonly T[], index: number): T {
  const found = list[index];
  assert(found !== undefined);
  return found;
}

describe('where somebody stands', () => {
  let db: TestDatabase;
  let one: ReturnType<typeof createInstance>;
  let two: ReturnType<typeof createInstance>;
  let room = '';

  beforeAll(async () => {
    db = await createTestDatabase();
    one = createInstance(db.database);
    two = createInstance(await db.open());
  });
  afterAll(() => db[Symbol.asyncDispose]());
  beforeEach(async () => {
    room = `r-${randomUUID().slice(0, 8)}`;
    for (const instance of [one, two]) instance.goOn();
    await one.createRoom(room, {}, CALL);
  });

  const change = (terms: RoomTerms) => one.changeRoom(room, terms, CALL);
  async function join(instance: WaitingRoom = one, userId: string = randomUUID()): Promise<Person> {
    const outcome = await instance.join(userId, room);
    if (outcome.outcome === 'refused') throw new Error(outcome.problem);
    return { ...outcome, userId };
  }
  const joinMany = (count: number) => Promise.all(Array.from({ length: count }, () => join()));
  const turnOf = async ({ place }: Person) => {
    const [row] = await db.database.rows<{ left_ms: number; claimed: boolean }>(LEFT_MS, [
      room,
      place.number,
    ]);
    return { leftMs: row?.left_ms ?? 0, claimed: row?.claimed };
  };

  test('however many wait and ask, it is one query', async () => {
    const [, ...waiting] = await joinMany(200);
    two.hold();
    two.asked.length = 0;
    for (let round = 0; round < 20; round++) {
      const standings = await Promise.all(waiting.map((person) => two.standing(person)));
      expect(standings.map((standing) => standing.ahead)).toEqual(standings.map((_, index) => index));
    }
    expect(two.asked).toEqual(['waiting-room.list-rooms']);
  });

  test('whoever joins is told exactly how many are ahead, those who left not among them', async () => {
    const [, ...others] = await joinMany(30);
    for (const gone of others.slice(3, 10)) await two.leave(gone);
    const batch = await joinMany(20);
    expect(batch.map(({ standing }) => standing.ahead)).toEqual(batch.map((_, index) => 22 + index));
    // Asked again by joining again, at an instance that has read nothing since others left.
    const last = nth(others, 28);
    expect((await two.standing(last)).ahead).toBe(21);
    two.hold();
    await one.leave(nth(others, 10));
    expect((await join(two, last.userId)).standing.ahead).toBe(20);
  });

  test('people who left are counted out at every instance, and are told so without another query', async () => {
    const people = await joinMany(40);
    const [gone, last] = [nth(people, 10), nth(people, 39)];
    expect((await two.standing(last)).ahead).toBe(38);
    await one.leave(gone);
    await until('the other instance counts it out', async () => (await two.standing(last)).ahead === 37);
    two.hold();
    two.asked.length = 0;
    expect(await two.standing(gone)).toMatchObject({ state: 'LEFT', ahead: 0 });
    expect(two.asked).toEqual([]);
  });

  test('a client that has seen more, wherever that was, is not told less', async () => {
    const people = await joinMany(20);
    const last = nth(people, 19);
    await two.standing(last);
    two.hold();
    await one.leave(nth(people, 5));
    await change({ capacity: 4 });
    const seen = await until('one instance knows', async () => {
      const standing = await one.standing(last);
      return standing.ahead === 14 && standing;
    });
    expect((await two.standing(last)).ahead).toBe(18);
    expect((await two.standing(last, seen.version)).ahead).toBe(14);
    expect((await two.standing(last)).ahead).toBe(14);
  });

  test('whoever is let in must show up, and whoever does has the full time, in whatever way', async () => {
    const people = await joinMany(5);
    await change({ capacity: 5 });
    const ways: ((person: Person) => Promise<unknown>)[] = [
      (person) => two.standing(person),
      (person) => two.requireActive(person.place, person.userId, 'look'),
      (person) => two.requireActive(person.place, person.userId, 'hold'),
      (person) => join(two, person.userId),
    ];
    for (const [index, showUp] of ways.entries()) {
      const person = nth(people, index + 1);
      const before = await turnOf(person);
      expect(before.claimed).toBe(false);
      expect(before.leftMs).toBeLessThanOrEqual(CLAIM_WINDOW_MS);
      await showUp(person);
      const after = await turnOf(person);
      expect(after.claimed).toBe(true);
      expect(after.leftMs).toBeGreaterThan(ACTIVE_TTL_MS - 30_000);
      const standing = await one.standing(person);
      expect(standing.state).toBe('ACTIVE');
      expect(Date.parse(standing.turnExpiresAt ?? '') - Date.now()).toBeGreaterThan(ACTIVE_TTL_MS - 60_000);
    }
    expect((await turnOf(nth(people, 0))).claimed).toBe(true);
  });

  test('over a history of joins, departures and admissions nobody is ever told a higher number', async () => {
    const everybody: { person: Person; ahead: number; version: string }[] = [];
    const note = (person: Person) =>
      everybody.push({ person, ahead: person.standing.ahead, version: person.standing.version });
    let capacity = 1;
    for (let round = 0; round < 60; round++) {
      const instance = round % 2 === 0 ? one : two;
      await Promise.all(Array.from({ length: 5 }, async () => note(await join(instance))));
      if (round % 3 === 0) await instance.leave(nth(everybody, (round * 37) % everybody.length).person);
      if (round % 4 === 0) await change({ capacity: (capacity += 3) });
      await Promise.all(
        everybody.map(async (each, index) => {
          const asked = (index + round) % 3 === 0 ? one : two;
          const standing = await asked.standing(each.person, each.version);
          expect(standing.ahead).toBeLessThanOrEqual(each.ahead);
          [each.ahead, each.version] = [standing.ahead, standing.version];
        }),
      );
    }
    const rows = await db.database.rows<{ number: number; ahead: number }>(AHEAD, [room]);
    expect(rows.length).toBeGreaterThan(100);
    const truth = new Map(rows.map((row) => [row.number, row.ahead]));
    for (const instance of [one, two]) {
      await until('everybody is told the truth', async () => {
        const told = await Promise.all(everybody.map(({ person }) => instance.standing(person)));
        return everybody.every(({ person }, index) => {
          const ahead = truth.get(person.place.number);
          return ahead === undefined ? told[index]?.state !== 'WAITING' : told[index]?.ahead === ahead;
        });
      });
    }
  });
});
