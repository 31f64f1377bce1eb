/**
 * Goal: who waits and who looks at a map costs the database nothing; over HTTP, counted at the database itself.
 * Method: an instance that only answers, so that nothing but its answers and its following of the log asks the
 * database there; another one does everything else, and a third one serves those who change what is looked at. Each
 * statement and each transaction of the first is counted.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { beginOf, countedDatabase } from '../support/counted-database.ts';
import { openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const FANS = 500;
const BUYERS = 300;
const VIEWS = 200;
const ROOM = 'still';
/** The instance that is not counted. */
const ELSEWHERE = 2;
/** So many who ask for the same thing at the same moment share a transaction, at the least. */
const SHARE = 10;
/** Polls at the same moment. */
const TOGETHER = 10;
/** So many leave, one after the other. */
const LEAVING = 40;
/** So many seats are held while somebody looks at the map, one after the other. */
const HOLDS = 10;
/** A view of the rooms is good for so long, and so is a look at a turn. */
const VIEW_MS = 200;
const TURN_MS = 1_000;
/** What is asked to follow the log, and how it is kept: whether anybody is answered or not. */
const IS_FOLLOWING = /^(begin )?messaging\./;

let world: World;
const asked: string[] = [];
const answeredShort: string[] = [];
beforeAll(async () => {
  world = await createWorld({
    envOf: [{ ROLES: 'api' }, { ROLES: 'waiting-room,seats,reservations,payments' }, { ROLES: 'api' }],
    onShortAnswer: (route) => answeredShort.push(route),
  });
  await world.client(0).operator('POST', '/admin/queue/rooms', { room: ROOM, state: 'PAUSED' });
});
afterAll(() => world[Symbol.asyncDispose]());

beforeEach(() => {
  const database = world.instances[0]?.context.database;
  if (database === undefined) throw new Error('there is an instance');
  const counted = countedDatabase({ ...database }, (statement) => {
    if (!IS_FOLLOWING.test(statement)) asked.push(statement);
  });
  vi.spyOn(database, 'rows').mockImplementation((statement, values) => counted.rows(statement, values));
  vi.spyOn(database, 'transaction').mockImplementation((work) => counted.transaction(work));
});

interface Cost {
  readonly statements: readonly string[];
  /** The routes of what was answered on the short way. */
  readonly short: readonly string[];
  readonly tookMs: number;
}

/** What the instance asked of the database meanwhile, but for the log. */
async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [asksBefore, shortBefore, startedMs] = [asked.length, answeredShort.length, performance.now()];
  await work();
  return {
    statements: asked.slice(asksBefore),
    short: answeredShort.slice(shortBefore),
    tookMs: performance.now() - startedMs,
  };
}

/** Of something that is good for so long: one when it begins, and one whenever that time is over. */
const readingsIn = (tookMs: number, goodForMs: number): number => 1 + Math.floor(tookMs / goodForMs);

interface Waiting {
  readonly token: string;
  readonly number: number;
}

async function guests(): Promise<string[]> {
  const guest = () => world.client(0).post<{ accessToken: string }>('/guests');
  const answers = await Promise.all(Array.from({ length: FANS }, guest));
  return answers.map(({ body }) => body.accessToken);
}

/** All of them at the same moment. */
async function joinTogether(accounts: readonly string[]): Promise<Waiting[]> {
  const join = (token: string) =>
    world.client(0).post<Waiting>('/queue/tokens', { token, body: { room: ROOM } });
  const answers = await Promise.all(accounts.map(join));
  expect(answers.map(({ status }) => status)).toEqual(accounts.map(() => 201));
  return answers.map(({ body }) => body);
}

const poll = ({ token }: Waiting) => world.client(0).get('/queue/tokens/me', token);

describe('over HTTP', () => {
  it(`${FANS} joins at the same moment are few transactions`, async () => {
    const accounts = await guests();
    const { statements } = await costOf(() => joinTogether(accounts));
    const transactions = statements.filter((each) => each === beginOf('waiting-room.lock-rooms'));
    expect(transactions.length).toBeGreaterThan(0);
    expect(transactions.length).toBeLessThanOrEqual(FANS / SHARE);
    expect(statements).toContain('waiting-room.give-numbers');
  });

  it(`${BUYERS} holds at the same moment are few transactions, and so are ${BUYERS} payments`, async () => {
    const { performanceId, priceKrw } = await openSale(world, { seats: BUYERS });
    const fans = await Promise.all(Array.from({ length: BUYERS }, () => world.client(0).fan()));
    await Promise.all(fans.map((fan) => fan.charge(priceKrw)));
    const reservationIds: string[] = [];
    const holds = await costOf(async () => {
      const answers = await Promise.all(fans.map((fan, index) => fan.hold(performanceId, [index + 1])));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
      reservationIds.push(...answers.map(({ body }) => String(body['reservationId'])));
    });
    await world.settle();
    const payments = await costOf(async () => {
      const answers = await Promise.all(fans.map((fan, index) => fan.pay(reservationIds[index] ?? '')));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    });
    const countOf = ({ statements }: Cost, statement: string) =>
      statements.filter((each) => each === beginOf(statement)).length;
    for (const count of [countOf(holds, 'seats.lock-free'), countOf(payments, 'payments.lock')]) {
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(BUYERS / SHARE);
    }
  });

  it(`${FANS} polls of ${FANS} people cost no more than the readings of the one view`, async () => {
    const crowd = await joinTogether(await guests());
    const { statements, short, tookMs } = await costOf(async () => {
      // Those who ask together share a reading; who comes soon after finds it at hand.
      for (let first = 0; first < FANS; first += TOGETHER) {
        const some = crowd.slice(first, first + TOGETHER);
        const answers = await Promise.all(some.map(poll));
        const states = answers.map(({ status, body }) => [status, body['state'], body['ahead']]);
        expect(states).toEqual(some.map(({ number }) => [200, 'WAITING', number - 1]));
      }
    });
    expect(statements.filter((statement) => statement !== 'waiting-room.list-rooms')).toEqual([]);
    expect(statements.length).toBeLessThanOrEqual(readingsIn(tookMs, VIEW_MS));
    expect(short).toContain('/api/v1/queue/tokens/me');
  });

  it(`${LEAVING * TOGETHER} polls while people leave cost no more than the readings of the view and of who left`, async () => {
    const crowd = await joinTogether(await guests());
    const leaving = crowd.splice(0, LEAVING);
    const { statements, tookMs } = await costOf(async () => {
      for (const [index, { token }] of leaving.entries()) {
        const left = await world.client(ELSEWHERE).request('DELETE', '/queue/tokens/me', { token });
        expect(left.status).toBe(204);
        const some = crowd.slice(index * TOGETHER, (index + 1) * TOGETHER);
        const answers = await Promise.all(some.map(poll));
        expect(answers.map(({ body }) => body['state'])).toEqual(some.map(() => 'WAITING'));
      }
    });
    const counts = Map.groupBy(statements, (statement) => statement);
    expect(counts.get('waiting-room.list-departures')?.length).toBeGreaterThan(0);
    for (const statement of ['waiting-room.list-rooms', 'waiting-room.list-departures']) {
      expect(counts.get(statement)?.length ?? 0, statement).toBeLessThanOrEqual(readingsIn(tookMs, VIEW_MS));
      counts.delete(statement);
    }
    expect([...counts.keys()]).toEqual([]);
  });

  it('a poll costs the one reading when the view is no longer fresh', async () => {
    const [fan] = await joinTogether((await guests()).slice(0, 1));
    if (fan === undefined) throw new Error('somebody joined');
    await poll(fan);
    const answeredMs = performance.now();
    await until('the view is stale', () => performance.now() - answeredMs > VIEW_MS);
    const { statements, short } = await costOf(() => poll(fan));
    expect(statements).toEqual(['waiting-room.list-rooms']);
    expect(short).toEqual([]);
  });

  it(`the first ${VIEWS} looks at a map, all at once, load its board once`, async () => {
    const { performanceId } = await openSale(world);
    const fan = await world.client(0).fan();
    const look = () => world.client(0).get(`/performances/${performanceId}/seats`, fan.turn);
    const { statements } = await costOf(async () => {
      const answers = await Promise.all(Array.from({ length: VIEWS }, look));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    });
    expect(statements.filter((statement) => statement === 'seats.load-boards')).toHaveLength(1);
  });

  it(`${VIEWS} looks at a map cost no more than one look at the turn a second`, async () => {
    const { performanceId } = await openSale(world);
    const fan = await world.client(0).fan();
    const look = () => world.client(0).get(`/performances/${performanceId}/seats`, fan.turn);
    await until('the turn was looked at, and the board is there', async () => (await look()).status === 200);
    const { statements, short, tookMs } = await costOf(async () => {
      // One after the other: looks at the same moment would share a question.
      for (let view = 0; view < VIEWS; view++) expect((await look()).status).toBe(200);
    });
    expect(statements.filter((statement) => statement !== 'waiting-room.turns')).toEqual([]);
    expect(statements.length).toBeLessThanOrEqual(readingsIn(tookMs, TURN_MS));
    expect(short).toContain('/api/v1/performances/:performanceId/seats');
  });

  it(`${VIEWS} looks at a map that changes meanwhile cost no more than that either`, async () => {
    const { performanceId } = await openSale(world);
    const fan = await world.client(0).fan();
    const look = () =>
      world.client(0).get<{ seats: number[] }>(`/performances/${performanceId}/seats`, fan.turn);
    await until('the turn was looked at, and the board is there', async () => (await look()).status === 200);
    const buyers = await Promise.all(Array.from({ length: HOLDS }, () => world.client(ELSEWHERE).fan()));
    const { statements, tookMs } = await costOf(async () => {
      for (const [index, buyer] of buyers.entries()) {
        expect((await buyer.hold(performanceId, [index + 1])).status).toBe(201);
        await until('the map shows it', async () => !(await look()).body.seats.includes(index + 1));
        for (let view = 0; view < VIEWS / HOLDS; view++) expect((await look()).status).toBe(200);
      }
    });
    expect(statements.filter((statement) => statement !== 'waiting-room.turns')).toEqual([]);
    expect(statements.length).toBeLessThanOrEqual(readingsIn(tookMs, TURN_MS));
  });
});
