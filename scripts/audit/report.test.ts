import { expect, it } from 'vitest';
import { reportLines } from './report.ts';

it('what the tables say cannot write over what a terminal shows', () => {
  const check = { name: 'seats', promise: 'I1', says: 'one owner', counted: 1, tookMs: 1, violationCount: 1 };
  const lines = reportLines({ checks: [{ ...check, violations: ['\u001B[2Jclean\r'] }], underWay: 0 }, 5);
  expect(lines[1]).toBe('         \uFFFD[2Jclean\uFFFD');
});
