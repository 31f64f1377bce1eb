/**
 * Goal: whatever people and the organiser do at three instances at once, never more are inside than the capacity
 * says and never more come in within a window than the rate says; nobody is overtaken, nobody's position rises.
 * Method: a crowd joins, waits, comes in, buys, leaves, gives up, never shows up or stays until its time is over,
 * while the organiser turns capacity and rate up and down; the room is sampled all the while, its record is checked
 * afterwards against what was in force at each moment, and so is everything that people were told. Some stand at
 * the door before it opens: as many as both bounds allow come in at once, so that both are sure to bind.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlaceState } from '#contract/http/queue.ts';
import { checkCapacity, checkRate, outOfOrder } from '../support/admission-record.ts';
import type { Client, Fan } from '../support/client.ts';
import { type LookRecord, overtakenWaiters, rises } from '../../../rehearsal/history/line.ts';
import { openSale, type Sale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const INSTANCES = 3;
const FANS = 180;
const ROOM = 'churn';
/** Before the door opens. */
const EARLY = 60;
/** A second's worth is in the bucket at the start, so that all of them may come at once. */
const TERMS = { capacity: 30, rateCount: 30, rateWindowMs: 1_000 };
/** Faster, slower, with another window, and without a break. */
const CHANGES = [
  { capacity: 20, rateCount: 45 },
  { capacity: 8, rateCount: 8 },
  { capacity: 25, rateCount: 50, rateWindowMs: 2_000 },
  { capacity: 6, rateCount: 4, rateWindowMs: 300 },
] as const;

let world: World;
beforeAll(async () => {
  world = await createWorld({
    instances: INSTANCES,
    env: { CLAIM_WINDOW_MS: '1000', ACTIVE_TTL_MS: '4000', HOLD_TTL_MS: '3000' },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

interface Told {
  readonly looks: LookRecord[];
}

/** Looks at one's place, each time at another instance, as a client does that hands back what it saw last. */
function lookingFan({ turn: token, number, userId }: Fan, { looks }: Told) {
  let turnOfInstance = number;
  let etag: string | undefined;
  let last: Record<string, unknown> = {};
  return async (): Promise<string> => {
    const sentMs = performance.now();
    const { status, headers, body } = await world
      .client(turnOfInstance++)
      .request('GET', '/queue/tokens/me', {
        token,
        headers: etag === undefined ? {} : { 'if-none-match': etag },
      });
    if (status === 200) last = body;
    else expect(status).toBe(304);
    etag = headers.get('etag') ?? etag;
    const [state, ahead] = [last['state'] as PlaceState, Number(last['ahead'])];
    const asked = { id: looks.length, userId, device: 0, sentMs, answeredMs: performance.now() };
    looks.push({ ...asked, told: { number, state, ahead } });
    return state;
  };
}

async function join(index: number): Promise<Fan> {
  const fan = await world.client(index).fan(ROOM);
  expect(fan.number).toBeGreaterThan(0);
  return fan;
}

/** One of six ways to spend an evening. */
async function visit(index: number, fan: Fan, sale: Sale, told: Told): Promise<void> {
  const look = lookingFan(fan, told);
  const leave = () => world.client(index + 1).request('DELETE', '/queue/tokens/me', { token: fan.turn });
  if (index % 5 === 1) {
    await leave(); // of those who wait, or right after coming in
    return;
  }
  if (index % 16 === 2) return; // never comes back: the claim window ends the turn
  const isBuyer = index % 5 === 3;
  if (isBuyer) await fan.charge(sale.priceKrw);
  const state = await until(`${fan.number} is let in`, () => calledIn(look), 60_000);
  if (index % 120 === 4) return; // is here, and stays until the time of the turn is over
  // A turn of somebody who was too busy to take it up in time is over.
  if (isBuyer && state === 'ACTIVE') {
    await buy(fan, sale, index + 1);
    await until(`${fan.number} has spent the turn`, async () => (await look()) === 'SPENT');
  } else await leave();
}

async function calledIn(look: () => Promise<string>): Promise<string | undefined> {
  const state = await look();
  return state === 'WAITING' ? undefined : state;
}

async function buy(fan: Fan, { performanceId }: Sale, seatNo: number): Promise<void> {
  const { status, body } = await fan.hold(performanceId, [seatNo]);
  expect({ status, code: body['code'] }).toEqual({ status: 201, code: undefined });
  // The payment is there as soon as the hold was heard of.
  await until(
    `${fan.number} has paid`,
    async () => (await fan.pay(String(body['reservationId']))).status === 201,
  );
}

interface Sample {
  readonly state: string;
  readonly active: number;
  readonly counted: number;
  readonly waiting: number;
  readonly counted_waiting: number;
  /** All that were ever in force, from the operator's log. */
  readonly capacities: readonly number[];
}

async function sample(): Promise<Sample> {
  const [row] = await world.db.database.rows<Sample & Record<string, unknown>>(
    {
      name: 'test.sample-room',
      text: `/* test.sample-room */
        select r.state, r.active, r.waiting,
          (select count(*) from waiting_room.token t where t.room = r.room and t.state = 'ACTIVE') as counted,
          (select count(*) from waiting_room.token t where t.room = r.room and t.state = 'WAITING') as counted_waiting,
          (select array_agg((e.after ->> 'capacity')::int order by e.entry_id)
            from operator_log.entry e where e.subject = r.room) as capacities
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

/** At most the capacity; and where it was lowered, nobody on top of those who were inside. */
function expectWithinCapacity(samples: readonly Sample[]): void {
  let before = { active: 0, changes: 0 };
  for (const { active, capacities } of samples) {
    const since = capacities.slice(Math.max(0, before.changes - 1));
    expect(active).toBeLessThanOrEqual(Math.max(before.active, ...since));
    before = { active, changes: capacities.length };
  }
}

/** Opens the door to those who stand in front of it. */
async function open(operator: Client): Promise<void> {
  expect(await sample()).toMatchObject({ active: 0, waiting: EARLY });
  const opened = await operator.operator('PATCH', `/admin/queue/rooms/${ROOM}`, { state: 'OPEN' });
  expect(opened.status).toBe(200);
  expect(await sample()).toMatchObject({ active: TERMS.capacity, waiting: EARLY - TERMS.capacity });
}

/** Turns capacity and rate up and down, and closes the door for a moment every other time, while the crowd moves. */
async function steer(operator: Client, isInside: (many: number) => boolean): Promise<void> {
  const path = `/admin/queue/rooms/${ROOM}`;
  for (const [step, change] of CHANGES.entries()) {
    await until('some more are through', () => isInside(((step + 2) * FANS) / 7), 60_000);
    const state = step % 2 === 0 ? 'OPEN' : 'PAUSED';
    expect((await operator.operator('PATCH', path, { ...change, state })).status).toBe(200);
    expect((await operator.operator('PATCH', path, { state: 'OPEN' })).status).toBe(200);
  }
}

/** How people left the room: as the record has it. */
async function endings(): Promise<Record<string, number>> {
  const rows = await world.db.database.rows<{ state: string; count: number }>(
    {
      name: 'test.endings',
      text: `/* test.endings */
        select state || case when admitted_at is null then ' unseen' else '' end as state, count(*)
        from waiting_room.token where room = $1 group by 1`,
    },
    [ROOM],
  );
  return Object.fromEntries(rows.map((row) => [row.state, row.count]));
}

it(
  'neither rate nor capacity is ever exceeded, nobody is overtaken, and no position rises',
  { timeout: 120_000 },
  async () => {
    const operator = world.client();
    const terms = { room: ROOM, state: 'PAUSED', ...TERMS };
    expect((await operator.operator('POST', '/admin/queue/rooms', terms)).status).toBe(201);
    const sale = await openSale(world, { room: ROOM, seats: FANS });
    const told: Told = { looks: [] };
    const early = await Promise.all(Array.from({ length: EARLY }, (_, index) => join(index)));
    await open(operator);
    let through = 0;
    const crowd = Promise.all(
      Array.from({ length: FANS }, async (_, index) => {
        await visit(index, early[index] ?? (await join(index)), sale, told).finally(() => through++);
      }),
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
    }
    expectWithinCapacity(samples);
    const { database } = world.db;
    for (const { broken, atTheBound } of [
      await checkCapacity(database, ROOM),
      await checkRate(database, ROOM),
    ]) {
      expect(broken).toEqual([]);
      expect(atTheBound).toBeGreaterThan(0);
    }
    expect(await outOfOrder(database, ROOM)).toEqual([]);
    expect(rises(told.looks)).toEqual([]);
    expect(overtakenWaiters(told.looks)).toEqual([]);
    expect(told.looks.filter((look) => look.told.state === 'WAITING').length).toBeGreaterThan(FANS);
    const { SPENT = 0, EXPIRED = 0, 'LEFT unseen': gaveUp = 0 } = await endings();
    expect(SPENT).toBeGreaterThan(FANS / 10);
    expect(EXPIRED).toBeGreaterThan(FANS / 20);
    expect(gaveUp).toBeGreaterThan(FANS / 10);
  },
);
