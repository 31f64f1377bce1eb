/** Every rule is seen to fail on a planted violation, and to be content with what it asks for instead. */
import { describe, expect, test } from 'vitest';
import { lines, planted, seats, sql } from './planted.ts';
import { violations } from './rule.ts';
import { RULES } from './rules.ts';
import { medianLines } from './shape.ts';
import { isProduct, sourceFile } from './source.ts';
import { duplicateStatements } from './sql.ts';

describe.each(planted)('$rule in $path', ({ rule: name, path, bad, good }) => {
  const rule = RULES.find((each) => each.name === name);

  test.each(bad)('finds %j', (text) => {
    expect(found(text)).toHaveLength(1);
  });

  test.each(good)('accepts %j', (text) => {
    expect(found(text)).toEqual([]);
  });

  function found(text: string): string[] {
    if (rule === undefined) throw new Error(`there is no rule ${name}`);
    return violations(rule, [sourceFile(path, text)]);
  }
});

test('no rule is without a planted violation', () => {
  const shown = new Set(planted.filter((each) => each.bad.length > 0).map((each) => each.rule));
  expect(RULES.map((rule) => rule.name).filter((name) => !shown.has(name))).toEqual([]);
});

test('a violation says where it is and what to do', () => {
  const rule = RULES.filter((each) => each.name === 'console');
  const file = sourceFile(seats, '\n\nconst text = `\n`; console.log(text);\n');
  expect(rule.flatMap((each) => violations(each, [file]))).toEqual([
    'server/src/seats/hold-seats.ts:4: the service writes log lines, not to the console; take a Logger',
  ]);
});

test('one statement name for two statements', () => {
  const one = sourceFile(seats, sql('/* seats.take */ select 1'));
  const two = sourceFile('server/src/seats/sell-seats.ts', `\n${sql('/* seats.take */ select 2')}`);
  expect(duplicateStatements([one])).toEqual([]);
  expect(duplicateStatements([one, two])).toEqual([
    'server/src/seats/sell-seats.ts:2: seats.take is the name of another statement at server/src/seats/hold-seats.ts:1; rename one',
  ]);
});

test('the median looks at the product only', () => {
  const files = [10, 300, 20].map((count) => sourceFile(seats, lines(count)));
  const suite = sourceFile('server/src/seats/seat.test.ts', lines(1));
  expect(medianLines([...files, suite, suite, suite])).toBe(20);
});

test('the product is what runs, without its suites', () => {
  const product = [seats, 'contract/src/events.ts', 'server/src/main.ts'];
  const others = [
    'server/src/seats/a.test.ts',
    'server/src/a.contract.ts',
    'server/test/tidy.test.ts',
    'bench/run.ts',
  ];
  expect([...product, ...others].filter(isProduct)).toEqual(product);
});
