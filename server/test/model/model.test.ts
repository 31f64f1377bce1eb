/**
 * Goal: whatever several people, an organiser and time do to the service, together or one after the other, on whichever
 * instance, every answer is one that a small model of the whole service allows, and in the end both agree on everything.
 * Method: random stories over real HTTP, on two instances and one PostgreSQL. What is sent together must be explained
 * by some order. A story that fails is made short and told line by line. FRONTROW_MODEL_RUNS plays more of them,
 * FRONTROW_MODEL_SEED those of an earlier run, and with FRONTROW_MODEL_PATH only the one that failed.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOperations } from '../support/operations.ts';
import { createWorld, type World } from '../support/world.ts';
import { ROUTES } from './calls.ts';
import { ORDER_MATTERED, SITUATIONS } from './situations.ts';
import { type Telling, play, Untrue } from './story.ts';
import { shorten } from './shorten.ts';
import type { Tale } from './commands.ts';
import { tales } from './tales.ts';
import { toldTales } from './told-tales.ts';

const RUNS = process.env['FRONTROW_MODEL_RUNS'];
const RUNS_USUALLY = 24;
/** A busy machine plays fewer of them. */
const CHANCE_MAX_MS = 45_000;
const STORY_MAX_MS = 20_000;
const TEST_MAX_MS = 240_000 + Number(RUNS ?? 0) * STORY_MAX_MS;
const SHORTENING_MAX_MS = 90_000;
const SEED = process.env['FRONTROW_MODEL_SEED'];
const PATH = process.env['FRONTROW_MODEL_PATH'];

/** What changes something and is not in the model. */
const LEFT_OUT = [
  // Makes an account, of which nothing is stored: every story begins with it.
  'POST /api/v1/guests',
  // What is on sale, and where: every story begins with a sale of its own, and nothing that is sold changes by it.
  'POST /api/v1/admin/venues',
  'POST /api/v1/admin/concerts',
  'PATCH /api/v1/admin/concerts/{concertId}',
  'POST /api/v1/admin/performances',
  // Nothing is ever parked here: at the end of each story that is one of the promises.
  'POST /api/v1/admin/parked-events/{parkedId}/retry',
  // It changes nothing, and is done at the end of each story.
  'POST /api/v1/admin/audits',
];

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

describe('the whole service', () => {
  test('answers as its model does, whatever is done to it', { timeout: TEST_MAX_MS }, async () => {
    const happened = new Map<string, number>();
    const untilMs =
      performance.now() + (RUNS === undefined && PATH === undefined ? CHANCE_MAX_MS : TEST_MAX_MS);
    // A story is never left in the middle, as fast-check's own time limit would leave it.
    const property = fc.asyncProperty(tales, async (tale) => {
      if (performance.now() < untilMs) await play(world, { tale, by: 'chance', happened });
    });
    const { failed, counterexample, errorInstance, seed, counterexamplePath } = await fc.check(property, {
      numRuns: Number(RUNS ?? RUNS_USUALLY),
      endOnFailure: true,
      ...(SEED !== undefined && { seed: Number(SEED) }),
      ...(PATH !== undefined && { path: PATH }),
    });
    const which = `seed ${seed}, path ${counterexamplePath}`;
    if (failed) await fail({ tale: counterexample?.[0], by: 'chance' }, errorInstance, which);
    for (const tale of toldTales) {
      const told = { tale, by: 'us' } as const;
      await play(world, { ...told, happened }).catch((error: unknown) => fail(told, error, 'always told'));
    }
    const missing = [...Object.keys(SITUATIONS), ORDER_MATTERED].filter((each) => !happened.has(each));
    expect(missing).toEqual([]);
  });

  test('has no command that the model does not know', async () => {
    const operations = await readOperations(world.instances[0]?.url ?? '');
    const changing = operations.filter(({ method }) => method !== 'GET').map(({ name }) => name);
    const inModel = Object.values(ROUTES).filter((route) => !route.startsWith('GET '));
    expect([...inModel, ...LEFT_OUT].toSorted()).toEqual(changing.toSorted());
  });
});

/** With the shortest story that still fails. */
async function fail(
  { tale, by }: Pick<Telling, 'by'> & { readonly tale: Tale | undefined },
  error: unknown,
  which: string,
): Promise<never> {
  if (tale === undefined || !(error instanceof Untrue)) throw error;
  const attempt = (shorter: Tale) =>
    play(world, { tale: shorter, by, happened: new Map() }).then(() => undefined, untrue);
  const { error: shortest, tries } = await shorten(tale, error, attempt, SHORTENING_MAX_MS);
  throw new Error(`${which}, made short in ${tries} tries:\n${shortest.message}`, { cause: error });
}

function untrue(error: unknown): Untrue {
  if (error instanceof Untrue) return error;
  throw error;
}
