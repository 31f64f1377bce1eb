import { expect, test } from 'vitest';
import { checkCatalogue } from './catalogue/check-catalogue.ts';
import { newDelivery } from './catalogue/deliver.ts';
import { readArguments } from './catalogue/generate-options.ts';
import { run } from './support/run.ts';

const generate = (...args: string[]) =>
  run('node', ['scripts/generate-catalogue.ts', ...args], { show: false });

test('what is written to standard output is a file for the importer, of the seats that were asked for', async () => {
  const { exitCode, output } = await generate('--seats', '70000', '--from', '2027-03-01');
  expect(exitCode).toBe(0);
  const checked = checkCatalogue(JSON.parse(output));
  expect(checked).toHaveProperty('catalogue');
  if ('catalogue' in checked) expect(newDelivery(checked.catalogue).seats.total).toBe(70_000);
});

test.each([
  [[], '--seats must be'],
  [['--seats', '9'], '--seats must be'],
  [['--seats', '2000001'], '--seats must be'],
  [['--seats', '1e3'], '--seats must be'],
  [['--seats', '100', '--seed', 'x'], '--seed must be'],
  [['--seats', '100', '--from', '2027-02-30'], '--from must be'],
  [['--seats', '100', 'more'], "Unexpected argument 'more'"],
])('%j is refused, and it is said why', (args, said) => {
  expect(readArguments(args)).toEqual({ wrong: expect.stringContaining(said) });
});

test.each(['--help', '-h'])('%s asks how to use it', (flag) => {
  expect(readArguments([flag])).toBe('help');
});

test('what is wrong is answered with how to use it', async () => {
  const { exitCode, output } = await generate('--seats', '9');
  expect(exitCode).toBe(64);
  expect(output).toMatch(/^--seats must be .*\n\nnpm run generate-catalogue -- --seats N/);
});

test('a file that cannot be written is said to be so', async () => {
  const ran = await generate('--seats', '100', '--out', '/nowhere/at/all.json');
  expect(ran).toMatchObject({ exitCode: 73, output: expect.stringContaining('/nowhere/at/all.json') });
});
