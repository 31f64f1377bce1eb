import { expect, it } from 'vitest';
import { createHoldTimes } from './hold-times.ts';

const DATE = 'Mon, 01 Mar 2027 11:00:00 GMT';
const until = (expiresAt: string) => ({ expiresAt: `2027-03-01T11:${expiresAt}Z` });

it('how long seats are held is learnt from fresh answers, and never thought longer than it is', () => {
  const holds = createHoldTimes();
  expect(holds.atLeastMs).toBe(0);
  // Answered at some moment of the second that the header names.
  holds.note(until('05:00.000'), { date: DATE });
  expect(holds.atLeastMs).toBe(299_000);
  holds.note(until('05:00.900'), { date: DATE });
  expect(holds.atLeastMs).toBe(299_900);
  holds.note(until('01:00.000'), { date: DATE });
  expect(holds.atLeastMs).toBe(299_900);
});

it('an answer that repeats another one, or says nothing, teaches nothing', () => {
  const holds = createHoldTimes();
  holds.note(until('05:00.000'), { date: DATE, 'idempotent-replayed': 'true' });
  holds.note(until('05:00.000'), {});
  holds.note({}, { date: DATE });
  expect(holds.atLeastMs).toBe(0);
});
