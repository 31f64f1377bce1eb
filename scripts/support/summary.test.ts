import { describe, expect, test } from 'vitest';
import { inOneLine, type Report, summarise } from './summary.ts';

const clean: Report = {
  numPassedTests: 12,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{}] }],
};

describe('the summary of a test run', () => {
  test('a clean run', () => {
    expect(inOneLine(summarise(clean, 0, 0))).toBe('12 passed, 0 failed');
  });

  test('skipped and still-to-be-written tests are skipped', () => {
    const report = { ...clean, numPendingTests: 2, numTodoTests: 1 };
    expect(inOneLine(summarise(report, 0, 0))).toBe('12 passed, 0 failed, 3 skipped');
  });

  test('failed tests', () => {
    const testResults = [{ status: 'failed', assertionResults: [{}] }];
    expect(inOneLine(summarise({ ...clean, numFailedTests: 3, testResults }, 1, 0))).toBe(
      '12 passed, 3 failed',
    );
  });

  test('a file that could not be loaded is a failure', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }];
    expect(inOneLine(summarise({ ...clean, testResults }, 1, 0))).toBe('12 passed, 1 failed');
  });

  test('a run that ended badly is a failure although no test failed', () => {
    expect(inOneLine(summarise(clean, 1, 0))).toBe('12 passed, 1 failed');
  });

  test('no report is a failure, whatever the exit code', () => {
    expect(inOneLine(summarise(undefined, 0, 0))).toBe('0 passed, 1 failed');
    expect(inOneLine(summarise(undefined, 1, 0))).toBe('0 passed, 1 failed');
  });

  test('what failed outside the tests counts', () => {
    expect(inOneLine(summarise(clean, 0, 2))).toBe('12 passed, 2 failed');
  });
});
