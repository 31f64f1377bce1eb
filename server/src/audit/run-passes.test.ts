import { expect, test } from 'vitest';
import { createLogRecorder } from '../../test/support/log-recorder.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../platform/clock.ts';
import type { Database } from '../platform/postgres/database.ts';
import { createPasses } from './run-passes.ts';

/** What is begun ends when the test lets it: each pass is a transaction, and one more that keeps what came of it. */
function blockedDatabase() {
  const begun: (() => void)[] = [];
  let ended = 0;
  const database: Database = {
    rows: () => Promise.resolve([]),
    transaction: () =>
      new Promise((_resolve, reject) => begun.push(() => reject(new Error('the test ends it')))),
    stats: { total: 0, idle: 0, waiting: 0 },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    database,
    begun: (count: number) => until(`${count} transactions have begun`, () => begun.length >= count),
    endOne: () => begun[ended++]?.(),
  };
}

test('all who ask while a pass runs share the one behind it, and who asks when that runs gets another', async () => {
  const { database, begun, endOne } = blockedDatabase();
  const { logger } = createLogRecorder();
  const passes = createPasses({ database, clock: systemClock, logger, intervalMs: Number.POSITIVE_INFINITY });
  const first = await passes.ask();
  await begun(1);
  const [second, third] = await Promise.all([passes.ask(), passes.ask()]);
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  endOne();
  await begun(2);
  expect(await passes.ask()).toBe(second);
  endOne();
  await begun(3);
  const fourth = await passes.ask();
  expect([first, second]).not.toContain(fourth);
});
