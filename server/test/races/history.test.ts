/**
 * Goal: whatever a crowd asks of two instances at once, and is told, is what one right service can have answered.
 * Method: each fan does something else, by chance from a seed, at changing instances; some answers are thrown away as
 * if they had been lost, and most of what was lost is asked again with the same key. Everything is recorded, and judged
 * from the record alone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createExchange } from '../../../rehearsal/crowd/exchange.ts';
import { checkHistory } from '../../../rehearsal/history/check-history.ts';
import { createRecorder } from '../../../rehearsal/history/recorder.ts';
import { createChance } from '../../../scripts/support/random.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createRecordedFan, type RecordedFan } from '../support/recorded-fan.ts';
import { openSale } from '../support/sale.ts';
import { until } from '../support/until.ts';
import { createWorld, type World } from '../support/world.ts';

const FANS = 60;
const SEATS = 80;
const FAVOURITES = 8;
const HOLD_TTL_MS = 4_000;
const ROOM = 'recorded';
const SEED = 4;
const INSTANCES = 2;
const LOST_SHARE = 10;
const ROUNDS = 2;
/** So much of everything at least, or the evening has shown nothing. */
const FLOORS = {
  grants: 20,
  refusals: 50,
  unknown: 100,
  replays: 5,
  seatsSold: 20,
  seatsContended: 20,
  seatsHandedOn: 2,
  givenBack: 1,
  lapsed: 1,
} as const;
const TERMS = { capacity: 30, rateCount: 200, rateWindowMs: 1_000 };

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: INSTANCES, env: { HOLD_TTL_MS: String(HOLD_TTL_MS) } });
});
afterAll(() => world[Symbol.asyncDispose]());

async function visit(fan: RecordedFan, sale: { readonly performanceId: number; readonly priceKrw: number }) {
  const { chance } = fan;
  let lastKey = 0;
  const nextKey = () => `key-${++lastKey}`;
  await delay(chance.between(0, 500));
  for (let round = 0; round < ROUNDS; round++) {
    if (await waitForTurn(fan)) {
      const shopping = () => shop(fan, sale, nextKey);
      await Promise.all(chance.percent(15) ? [shopping(), shopping()] : [shopping()]);
    }
    await fan.lookAround();
    if (chance.percent(40)) await fan.leave(ROOM);
  }
}

async function waitForTurn(fan: RecordedFan): Promise<boolean> {
  const { chance } = fan;
  const [joined] = await Promise.all([fan.join(ROOM), chance.percent(20) ? fan.join(ROOM) : undefined]);
  let state = joined?.state;
  for (let looks = 0; state === 'WAITING' && looks < 100; looks++) {
    await delay(chance.between(100, 400));
    state = (await fan.look(ROOM))?.state ?? state;
  }
  return state === 'ACTIVE';
}

async function shop(
  fan: RecordedFan,
  { performanceId, priceKrw }: { readonly performanceId: number; readonly priceKrw: number },
  nextKey: () => string,
): Promise<void> {
  const { chance } = fan;
  for (let tries = 0; tries < 5; tries++) {
    await fan.map(performanceId);
    const first = chance.between(1, chance.percent(60) ? FAVOURITES : SEATS - 1);
    const seats = chance.percent(60) ? [first, first + 1] : [first];
    const asked = { performanceId, seats, payNow: chance.percent(25) };
    if (chance.percent(80)) await fan.charge(seats.length * priceKrw, nextKey());
    const key = nextKey();
    const twice = chance.percent(25) ? fan.hold(asked, key) : undefined;
    const held = (await fan.hold(asked, key)) ?? (await twice);
    await twice;
    if (held === undefined) continue;
    if (!asked.payNow) await decide(fan, held.reservationId, nextKey);
    return;
  }
}

/** Never pays, gives the seats back, does both at once, comes late, or pays, perhaps with a double click. */
async function decide(fan: RecordedFan, reservationId: string, nextKey: () => string): Promise<void> {
  const { chance } = fan;
  const way = chance.between(1, 10);
  const key = nextKey();
  if (way === 1) return;
  if (way === 2) return fan.giveBack(reservationId);
  if (way === 3) return void (await Promise.all([fan.giveBack(reservationId), fan.pay(reservationId, key)]));
  if (way === 4) await delay(chance.between(HOLD_TTL_MS - 200, HOLD_TTL_MS + 200));
  await Promise.all([fan.pay(reservationId, key), chance.percent(30) && fan.pay(reservationId, key)]);
}

/** Until nobody holds anything any more. */
async function settle(): Promise<void> {
  await world.advance(HOLD_TTL_MS);
  const held = {
    name: 'test.held',
    text: `/* test.held */ select from seats.seat where state = 'H' limit 1`,
  };
  await until('nothing is held', async () => (await world.db.database.rows(held, [])).length === 0, 60_000);
  await world.settle();
}

it(
  'a crowd at two instances is told nothing that one right service could not have told',
  { timeout: 300_000 },
  async () => {
    await world.client().operator('POST', '/admin/queue/rooms', { room: ROOM, ...TERMS });
    const sale = await openSale(world, { room: ROOM, seats: SEATS });
    const recorder = createRecorder(systemClock);
    using exchange = createExchange(world.instances.map(({ url }) => url));
    const deps = { world, exchange, recorder, lostShare: LOST_SHARE };
    const fans = await Promise.all(
      Array.from({ length: FANS }, (_, index) =>
        createRecordedFan({ ...deps, chance: createChance(SEED * 1_000 + index) }),
      ),
    );
    await Promise.all(fans.map((fan) => visit(fan, sale)));
    await settle();
    await Promise.all(fans.map((fan) => fan.lookAround(true)));

    const { contradictions, judgements, counts, coverage } = checkHistory(
      recorder.history({
        room: ROOM,
        performanceId: sale.performanceId,
        holdTtlMs: HOLD_TTL_MS,
        takenBefore: [],
      }),
    );
    expect(contradictions).toEqual([]);
    expect(judgements.filter(({ undecided }) => undecided > 0)).toEqual([]);
    expect(Object.entries(counts).filter(([, judged]) => judged === 0)).toEqual([]);
    for (const [what, least] of Object.entries(FLOORS)) {
      expect(coverage[what as keyof typeof FLOORS], what).toBeGreaterThanOrEqual(least);
    }
    expect(coverage.resolved.retried).toBeGreaterThan(10);
  },
);
