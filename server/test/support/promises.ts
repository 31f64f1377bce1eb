/** What must hold whenever everything has settled: the promises, as the auditor re-derives them. */
import { expect } from 'vitest';
import { type AuditResult, countViolations, failuresOf, runAudit } from '../../src/audit/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** Settles the world and expects every promise to hold. */
export async function expectPromisesKept(world: World): Promise<void> {
  await world.settle();
  await expectPromisesKeptIn(world.db.database);
}

/**
 * The same for any database in which nothing is under way. What time heals may take a moment: a deadline that a test has
 * just brought nearer, an event that is about to be passed.
 */
export async function expectPromisesKeptIn(database: Database): Promise<void> {
  let result = await audit(database);
  await until('an audit is clean', async () => {
    if (countViolations(result) > 0 || result.underWay > 0) result = await audit(database);
    return countViolations(result) === 0 && result.underWay === 0;
  }).catch(() => {});
  expect(violationsOf(result)).toEqual({});
  expect(result.underWay, 'nothing is under way').toBe(0);
}

export async function audit(
  database: Pick<Database, 'transaction'>,
  patienceMs = 60_000,
): Promise<AuditResult> {
  const result = await runAudit({ database, clock: systemClock, patienceMs });
  expect(failuresOf(result), 'every check could be carried out').toEqual([]);
  return result;
}

/** By check; only those that found something. */
export function violationsOf({ checks }: AuditResult): Record<string, readonly string[]> {
  return Object.fromEntries(
    checks.filter((check) => check.violationCount > 0).map((check) => [check.name, check.violations]),
  );
}
