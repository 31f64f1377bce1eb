/** A small sale, from beginning to end, in no time: what fans asked of the simulated service, and were told. */
import { createChance } from '../../../scripts/support/random.ts';
import type { History } from '../operation.ts';
import { createRecorder } from '../recorder.ts';
import type { Bug } from './bugs.ts';
import { createSimulatedClient } from './client.ts';
import { type FanDeps, lookAtTheEnd, PERFORMANCE_ID, ROOM, visit } from './fan.ts';
import type { Nature } from './nature.ts';
import { SimulatedService, type Terms } from './service.ts';
import { createVirtualTime } from './virtual-time.ts';

export interface Simulation {
  readonly seed: number;
  readonly fans: number;
  readonly bug?: Bug;
}

const SEATS_MIN = 8;
const HOLD_TTL_MS = 1_200;
const PRICE_KRW = 50_000;
/** Out of a hundred chances. */
const WRONG_SHARE = 40;

export async function simulate({ seed, fans, bug }: Simulation): Promise<History> {
  const chance = createChance(seed);
  const time = createVirtualTime();
  const nature: Nature = { time, chance, goesWrong: (name) => name === bug && chance.percent(WRONG_SHARE) };
  const terms: Terms = { seats: Math.max(SEATS_MIN, 2 * fans), priceKrw: PRICE_KRW, holdTtlMs: HOLD_TTL_MS };
  const service = new SimulatedService(nature, terms);
  const recorder = createRecorder({ monotonicMs: () => time.nowMs() });
  const crowd = Array.from({ length: fans }, (_, index): FanDeps => {
    const userId = `fan-${index + 1}`;
    const client = createSimulatedClient(nature, recorder, { userId, device: 0 });
    return { nature, service, terms, userId, client };
  });

  const visits = Promise.all(crowd.map(visit));
  await time.run();
  await visits;
  const ends = Promise.all(crowd.map(lookAtTheEnd));
  await time.run();
  await ends;
  return recorder.history({
    room: ROOM,
    performanceId: PERFORMANCE_ID,
    holdTtlMs: HOLD_TTL_MS,
    takenBefore: [],
  });
}
