import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArguments } from './planted-bugs/options.ts';
import { PLANTED_BUGS } from './planted-bugs/planted-bugs.ts';
import { ROOT, run } from './support/run.ts';

const plantBugs = (...args: string[]) => run('node', ['scripts/planted-bugs.ts', ...args], { show: false });

test.each([
  [['no-such-bug'], 'There is no planted bug no-such-bug. --list says which there are.'],
  [['token-without-end', '--write'], '--write is for all of them'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused, and it is said why', (args, said) => {
  expect(readArguments(args)).toEqual({ wrong: expect.stringContaining(said) });
});

test.each(['--help', '-h'])('%s asks how to use it', (flag) => {
  expect(readArguments([flag])).toBe('help');
});

test('what is wrong is answered with how to use it', async () => {
  const { exitCode, output } = await plantBugs('no-such-bug');
  expect(exitCode).toBe(64);
  expect(output).toMatch(/^There is no planted bug no-such-bug\..*\n\nnpm run planted-bugs \[-- NAME/);
});

test('the list has every bug, by its name', async () => {
  const { exitCode, output } = await plantBugs('--list');
  expect(exitCode).toBe(0);
  expect(output.split('\n').filter((line) => !line.startsWith(' '))).toEqual(
    PLANTED_BUGS.map(({ name }) => name),
  );
});

test('a bug is killed by its test, and the project is as it was', { timeout: 180_000 }, async () => {
  const file = join(ROOT, 'server/src/platform/signed-token.ts');
  const before = await readFile(file, 'utf8');
  const { exitCode, output } = await plantBugs('token-without-end');
  expect(output).toMatch(/killed +token-without-end [^]* a token ends at its time[^]*1 of 1 killed/);
  expect(exitCode).toBe(0);
  expect(await readFile(file, 'utf8')).toBe(before);
});
