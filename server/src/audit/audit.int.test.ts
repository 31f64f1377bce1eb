/**
 * Aim: whatever is wrong is found by the check that is for it, is named, and nothing else is said to be wrong.
 * Method: a small sale through the whole service, in which everything happened that can; then one lie at a time, planted in
 * a transaction in which the audit runs as well, and which is rolled back.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plant, planted, type Planted, type Story, tellStory } from '../../test/support/audited-story.ts';
import { plantedInLine, plantedInLog, plantedInMoney } from '../../test/support/planted-in-books.ts';
import { audit, expectPromisesKept, violationsOf } from '../../test/support/promises.ts';
import { createWorld, type World } from '../../test/support/world.ts';
import type { Database } from '../platform/postgres/database.ts';
import { type AuditResult, CHECKS } from './index.ts';

const PLANTED = [...planted, ...plantedInMoney, ...plantedInLine, ...plantedInLog];

let world: World;
let story: Story;
beforeAll(async () => {
  world = await createWorld();
  story = await tellStory(world);
});
afterAll(() => world[Symbol.asyncDispose]());

class Undone extends Error {}

/** An audit of what the statements made of the data. */
async function auditAfter(sql: readonly string[]): Promise<AuditResult> {
  let result: AuditResult | undefined;
  const undone = world.db.database.transaction(async (tx) => {
    tx.bePatient(20_000);
    await plant(tx, sql);
    // In the transaction that is there: it can neither begin another snapshot nor become one that only reads.
    const send: typeof tx.send = (statement, values) => {
      if (statement.name !== 'audit.snapshot') tx.send(statement, values);
    };
    const within: Pick<Database, 'transaction'> = { transaction: (work) => work({ ...tx, send }) };
    result = await audit(within);
    throw new Undone();
  });
  await expect(undone).rejects.toThrow(Undone);
  if (result === undefined) throw new Error('there was no audit');
  return result;
}

it('finds nothing in a sale in which everything happened that can', async () => {
  await expectPromisesKept(world);
  const { checks } = await audit(world.db.database);
  const counted = Object.fromEntries(checks.map((check) => [check.name, check.counted]));
  // A check that looks at nothing finds nothing.
  const idle = Object.keys(counted).filter((name) => counted[name] === 0);
  expect(idle).toEqual(['readers', 'parked']);
});

it('has a lie for each check', () => {
  const checked = new Set(PLANTED.map(({ check }) => check));
  expect(CHECKS.map(({ name }) => name).filter((name) => !checked.has(name))).toEqual([]);
  expect(CHECKS.length).toBeGreaterThanOrEqual(22);
  expect(PLANTED.length).toBeGreaterThanOrEqual(40);
});

describe.each(PLANTED)('$check', ({ check, what, sql, says, also = [] }: Planted) => {
  it(`finds ${what}`, async () => {
    const found = violationsOf(await auditAfter(sql(story)));
    expect(Object.keys(found).toSorted((a, b) => a.localeCompare(b))).toEqual(
      [check, ...also].toSorted((a, b) => a.localeCompare(b)),
    );
    expect(found[check]).toContainEqual(expect.stringMatching(says(story)));
  });
});
