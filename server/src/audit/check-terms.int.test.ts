/** A change of the terms goes by the time of the room, however late the operator's log comes to it. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { violationsOf } from '../../test/support/promises.ts';
import { systemClock } from '../platform/clock.ts';
import { termsChecks } from './check-terms.ts';
import { runAudit } from './index.ts';

let db: TestDatabase;
afterEach(() => db[Symbol.asyncDispose]());

const CHANGE_AT = '2027-03-01T12:00:10.000Z';
const run = (text: string, values: readonly unknown[] = []) =>
  db.database.rows({ name: `test.${randomUUID()}`, text }, values);
const letIn = (number: number, at: string) =>
  run(
    `insert into waiting_room.token (room, number, epoch, user_id, state, admitted_at, expires_at, holds_until)
      values ('main', $1, 1, $2, 'ACTIVE', $3, $3::timestamptz + interval '1 hour', $3::timestamptz + interval '1 hour')`,
    [number, randomUUID(), at],
  );
const broken = async () => {
  const result = await runAudit({
    database: db.database,
    clock: systemClock,
    patienceMs: 60_000,
    checks: termsChecks,
  });
  return Object.keys(violationsOf(result));
};

beforeEach(async () => {
  db = await createTestDatabase();
  await run(`insert into waiting_room.room (room, capacity, allowance) values ('main', 2, 1)`);
  const terms = (capacity: number) => ({ capacity, rateCount: null, rateWindowMs: null });
  await run(
    `insert into operator_log.entry (at, action, subject, before, after, request_id, address)
      values ($1::timestamptz + interval '9 seconds', 'room.change', 'main', $2, $3, $4, 'desk')`,
    [CHANGE_AT, terms(1), { ...terms(2), at: CHANGE_AT }, randomUUID()],
  );
  await letIn(1, '2027-03-01T12:00:00.000Z');
});

it('lets in those whom the change lets in, whose entry came nine seconds later', async () => {
  await letIn(2, CHANGE_AT);
  expect(await broken()).toEqual([]);
});

it('lets in nobody a second before the change', async () => {
  await letIn(2, '2027-03-01T12:00:09.000Z');
  expect(await broken()).toEqual(['capacity']);
});
