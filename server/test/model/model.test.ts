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
import { play, Untrue } from './story.ts';
import { shorten } from './shorten.ts';
import type { Tale } from './commands.ts';
import { tales } from './tales.ts';
import { toldTales } from './told-tales.ts';

const RUNS = Number(process.env['FRONTROW_MODEL_RUNS'] ?? 24);
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
];

let world: World;
beforeAll(async () => {
  world = await createWorld({ instances: 2 });
});
afterAll(() => world[Symbol.asyncDispose]());

describe('the whole service', () => {
  test('answers as its model does, whatever is done to it', { timeout: 600_000 }, async () => {
    const happened = new Map<string, number>();
    const property = fc.asyncProperty(tales, (tale) => play(world, tale, happened));
    const { failed, counterexample, errorInstance, seed, counterexamplePath } = await fc.check(property, {
      numRuns: RUNS,
      endOnFailure: true,
      ...(SEED !== undefined && { seed: Number(SEED) }),
      ...(PATH !== undefined && { path: PATH }),
    });
    if (failed) await fail(counterexample?.[0], errorInstance, `seed ${seed}, path ${counterexamplePath}`);
    for (const tale of toldTales) {
      await play(world, tale, happened).catch((error: unknown) => fail(tale, error, 'always told'));
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
async function fail(tale: Tale | undefined, error: unknown, which: string): Promise<never> {
  if (tale === undefined || !(error instanceof Untrue)) throw error;
  const attempt = (shorter: Tale) => play(world, shorter, new Map()).then(() => undefined, untrue);
  const { error: shortest, tries } = await shorten(tale, error, attempt, SHORTENING_MAX_MS);
  throw new Error(`${which}, made short in ${tries} tries:\n${shortest.message}`, { cause: error });
}

function untrue(error: unknown): Untrue {
  if (error instanceof Untrue) return error;
  throw error;
}
