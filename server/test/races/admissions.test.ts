/**
 * Goal: whatever people and the organiser do at three instances at once, never more are inside than the capacity
 * says and never more come in within a window than the rate says; nobody is overtaken, nobody's position rises.
 * Method: a crowd joins, waits, comes in, leaves, gives up or never shows up, while the organiser turns the
 * capacity up and down; the room is sampled all the while, its record is checked afterwards, and so is
 * everything that people were told.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outOfOrder, overfull, overRate } from '../support/admission-record.ts';
import type { Client } from '../support/client.ts';
import { type LookRecord, overtakenWaiters, rises } from '../../../bench/lib/line-history.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const INSTANCES = 3;
const FANS = 240;
const ROOM = 'churn';
const RATE = { count: 30, windowMs: 1_000 };
const CAPACITIES = [20, 8, 25, 12] as const;

let world: World;
beforeAll(async () => {
  world = await createWorld({
    instances: INSTANCES,
    env: { CLAIM_WINDOW_MS: '1000', ACTIVE_TTL_MS: '8000', HOLD_TTL_MS: '4000' },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

interface Told {
  readonly looks: LookRecord[];
}

/** Looks at one's place, each time at another instance, as a client does that hands back what it saw last. */
function lookingFan(token: string, number: number, { looks }: Told) {
  let turnOfInstance = number;
  let etag: string | undefined;
  let last: Record<string, unknown> = {};
  return async (): Promise<string> => {
    const sentAtMs = performance.now();
    const { status, headers, body } = await world
      .client(turnOfInstance++)
      .request('GET', '/queue/tokens/me', {
        token,
        headers: etag === undefined ? {} : { 'if-none-match': etag },
      });
    if (status === 200) last = body;
    else expect(status).toBe(304);
    etag = headers.get('etag') ?? etag;
    const [state, ahead] = [String(last['state']), Number(last['ahead'])];
    looks.push({ number, sentAtMs, answeredAtMs: performance.now(), state, ahead });
    return state;
  };
}

/** One of four ways to spend an evening. */
async function visit(index: number, told: Told): Promise<void> {
  const fan = await world.client(index).fan(ROOM);
  const look = lookingFan(fan.turn, fan.number, told);
  const leave = () => world.client(index + 1).request('DELETE', '/queue/tokens/me', { token: fan.turn });
  if (index % 5 === 1) {
    await leave(); // of those who wait, or right after coming in
    return;
  }
  if (index % 16 === 2) return; // never comes back: the claim window ends the turn
  await until(`${fan.number} is let in`, async () => (await look()) !== 'WAITING', 60_000);
  await leave();
}

interface Sample {
  readonly state: string;
  readonly active: number;
  readonly counted: number;
  readonly waiting: number;
  readonly counted_waiting: number;
}

async function sample(): Promise<Sample> {
  const [row] = await world.db.database.rows<Sample & Record<string, unknown>>(
    {
      name: 'test.sample-room',
      text: `/* test.sample-room */
        select r.state, r.active, r.waiting,
          (select count(*) from waiting_room.token t where t.room = r.room and t.state = 'ACTIVE') as counted,
          (select count(*) from waiting_room.token t where t.room = r.room and t.state = 'WAITING') as counted_waiting
        from waiting_room.room r where r.room = $1`,
    },
    [ROOM],
  );
  if (row === undefined) throw new Error('the room is gone');
  return row;
}

/** Samples until the crowd is through; every sample is of one moment. */
async function watch(done: () => boolean): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!done()) samples.push(await sample());
  return samples;
}

/** Turns the capacity up and down, and closes the door for a moment, while the crowd moves. */
async function steer(operator: Client, isInside: (many: number) => boolean): Promise<void> {
  for (const [step, capacity] of CAPACITIES.entries()) {
    await until('some more are through', () => isInside(((step + 1) * FANS) / 8), 60_000);
    const path = `/admin/queue/rooms/${ROOM}`;
    await operator.operator('PATCH', path, { capacity, state: 'PAUSED' });
    expect((await operator.operator('PATCH', path, { state: 'OPEN' })).status).toBe(200);
  }
}

it(
  'neither rate nor capacity is ever exceeded, nobody is overtaken, and no position rises',
  { timeout: 120_000 },
  async () => {
    const operator = world.client();
    const room = { room: ROOM, capacity: 15, rateCount: RATE.count, rateWindowMs: RATE.windowMs };
    expect((await operator.operator('POST', '/admin/queue/rooms', room)).status).toBe(201);
    const told: Told = { looks: [] };
    let through = 0;
    const crowd = Promise.all(
      Array.from({ length: FANS }, (_, index) => visit(index, told).finally(() => through++)),
    );
    let over = false;
    const watching = watch(() => over);
    await Promise.all([crowd, steer(operator, (many) => through >= many)]).finally(() => {
      over = true;
    });
    const samples = await watching;
    await until(
      'those who never came have lost their turns',
      async () => (await sample()).active === 0,
      30_000,
    );

    expect(samples.length).toBeGreaterThan(20);
    for (const { active, counted, waiting, counted_waiting } of samples) {
      expect({ active, waiting }).toEqual({ active: counted, waiting: counted_waiting });
      expect(active).toBeLessThanOrEqual(Math.max(15, ...CAPACITIES));
    }
    const { database } = world.db;
    expect(await overfull(database, ROOM)).toEqual([]);
    expect(await overRate(database, ROOM, RATE)).toEqual([]);
    expect(await outOfOrder(database, ROOM)).toEqual([]);
    expect(rises(told.looks)).toEqual([]);
    expect(overtakenWaiters(told.looks)).toEqual([]);
    expect(told.looks.filter((look) => look.state === 'WAITING').length).toBeGreaterThan(FANS);
  },
);
