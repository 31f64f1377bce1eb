/**
 * Lints what tools cannot: who imports whom, what is not called and what to use instead, sizes, SQL, names.
 * The rules are the table in tidy/rules.ts; that each can fail is shown by tidy/rules.test.ts.
 */
import assert from 'node:assert/strict';
import { expect, test } from 'vitest';
import { violations } from './tidy/rule.ts';
import { RULES } from './tidy/rules.ts';
import { medianLines } from './tidy/shape.ts';
import { isProduct, readProject } from './tidy/source.ts';
import { duplicateStatements } from './tidy/sql.ts';

const files = readProject();

/** A rule that sees nothing finds nothing. Raise the floor as the service grows; never lower it. */
const PRODUCT_FILES_FLOOR = 150;
/** A house of small files: the hard limit of one file is a rule of its own. */
const MEDIAN_LINES_MAX = 120;

test('the rules see the whole service', () => {
  const seen = files.filter((file) => isProduct(file.path));
  expect(seen.length).toBeGreaterThanOrEqual(PRODUCT_FILES_FLOOR);
  expect(seen.every((file) => file.nodes.length > 0)).toBe(true);
});

test.each(RULES)('$name', (rule) => {
  report(violations(rule, files));
});

test('a statement name is used once', () => {
  report(duplicateStatements(files));
});

test('the median of the source files is small', () => {
  const median = medianLines(files);
  assert(median <= MEDIAN_LINES_MAX, `the median file has ${median} lines, the most is ${MEDIAN_LINES_MAX}`);
});

function report(found: readonly string[]): void {
  if (found.length > 0) throw new Error(`${found.length} to put right:\n${found.join('\n')}`);
}
