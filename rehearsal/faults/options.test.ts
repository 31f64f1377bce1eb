import { expect, test } from 'vitest';
import { HELP, listOf, readOptions } from './options.ts';
import { SCENARIOS } from './scenarios/index.ts';

const read = (...args: string[]) => readOptions(args, SCENARIOS);

test('without a name all of them are played', () => {
  expect(read()).toEqual({ scenarios: SCENARIOS, seed: 1, write: false });
});

test('those that are named are played, in the order in which they stand', () => {
  const chosen = read('power-cut', 'instance-killed', '--seed', '7', '--write');
  expect(chosen).toMatchObject({
    scenarios: [{ name: 'instance-killed' }, { name: 'power-cut' }],
    seed: 7,
    write: true,
  });
});

test.each([
  [['power-cutt'], 'there is no fault power-cutt; npm run faults -- --list names those there are'],
  [['--seed', '-1'], 'ambiguous'],
  [['--seed', 'x'], '--seed must be a whole number from 0 to 999999999; "x" is not'],
  [['--forever'], '--forever'],
])('%j is refused in words', (args, words) => {
  expect(read(...args)).toMatchObject({ wrong: expect.stringContaining(words) });
});

test('help and the list', () => {
  expect(read('--help')).toBe('help');
  expect(read('--list')).toBe('list');
  for (const option of ['--list', '--seed', '--write', '--help']) expect(HELP).toContain(option);
  const list = listOf(SCENARIOS);
  expect(list.trimEnd().split('\n')).toHaveLength(SCENARIOS.length);
  expect(list).toMatch(/^instance-killed {2,}For 25 s/m);
});

test('every fault has a name of its own, and says what is done and what must hold', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  expect(SCENARIOS.length).toBeGreaterThanOrEqual(22);
  for (const { name, does, mustHold } of SCENARIOS) {
    expect(name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    expect(does, name).toMatch(/\.$/);
    expect(mustHold, name).toMatch(/\.$/);
  }
});
