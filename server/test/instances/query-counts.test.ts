/**
 * Goal: who waits and who looks at a map costs the database nothing; over HTTP, counted at the database itself.
 * Method: an instance that only answers, so that nothing but its answers and its following of the log asks the
 * database there; another one does everything else. Each statement and each transaction of the first is counted.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fan } from '../support/client.ts';
import { beginOf, countedDatabase } from '../support/counted-database.ts';
import { openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const FANS = 500;
const VIEWS = 200;
const ROOM = 'still';
/** A view of the rooms is good for so long, and so is a look at a turn. */
const VIEW_MS = 200;
const TURN_MS = 1_000;
/** What is asked to follow the log, and how it is kept: whether anybody is answered or not. */
const IS_FOLLOWING = /^(begin )?messaging\./;

let world: World;
const asked: string[] = [];
beforeAll(async () => {
  world = await createWorld({
    envOf: [{ ROLES: 'api' }, { ROLES: 'waiting-room,seats,reservations,payments' }],
  });
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

/** What the instance asked of the database meanwhile, but for the log; and how long it took. */
async function costOf(work: () => Promise<unknown>): Promise<{ statements: string[]; tookMs: number }> {
  const [before, startedMs] = [asked.length, performance.now()];
  await work();
  return { statements: asked.slice(before), tookMs: performance.now() - startedMs };
}

/** Of something that is good for so long: one when it begins, and one whenever that time is over. */
const readingsIn = (tookMs: number, goodForMs: number): number => 1 + Math.floor(tookMs / goodForMs);

async function crowd(): Promise<Fan[]> {
  const fans: Fan[] = [];
  while (fans.length < FANS) {
    fans.push(...(await Promise.all(Array.from({ length: 50 }, () => world.client(0).fan(ROOM)))));
  }
  return fans;
}

describe('over HTTP', () => {
  it(`${FANS} polls of ${FANS} people cost no more than the readings of the one view`, async () => {
    await world.client(0).operator('POST', '/admin/queue/rooms', { room: ROOM, state: 'PAUSED' });
    const fans = await crowd();
    const { statements, tookMs } = await costOf(async () => {
      const answers = await Promise.all(fans.map((fan) => world.client(0).get('/queue/tokens/me', fan.turn)));
      const states = answers.map(({ status, body }) => [status, body['state'], body['ahead']]);
      expect(states).toEqual(fans.map((fan) => [200, 'WAITING', fan.number - 1]));
    });
    expect(statements.filter((statement) => statement !== 'waiting-room.list-rooms')).toEqual([]);
    expect(statements.length).toBeLessThanOrEqual(readingsIn(tookMs, VIEW_MS));
  });

  it(`${VIEWS} looks at a map cost no more than one look at the turn a second`, async () => {
    const { performanceId } = await openSale(world);
    const fan = await world.client(0).fan();
    const look = () => world.client(0).get(`/performances/${performanceId}/seats`, fan.turn);
    await until('the turn was looked at, and the board is there', async () => (await look()).status === 200);
    const { statements, tookMs } = await costOf(async () => {
      // One after the other: looks at the same moment would share a question.
      for (let view = 0; view < VIEWS; view++) expect((await look()).status).toBe(200);
    });
    expect(statements.filter((statement) => statement !== 'waiting-room.turns')).toEqual([]);
    expect(statements.length).toBeLessThanOrEqual(readingsIn(tookMs, TURN_MS));
  });

  it('what does ask the database is seen here', async () => {
    const { statements } = await costOf(() => world.client(0).fan());
    expect(statements).toContain(beginOf('waiting-room.lock-rooms'));
    expect(statements).toContain('waiting-room.give-numbers');
  });
});
