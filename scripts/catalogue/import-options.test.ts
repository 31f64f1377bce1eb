import { expect, test } from 'vitest';
import { readArguments } from './import-options.ts';

test('a file, and the service that it is for', () => {
  expect(readArguments(['a.json'])).toEqual({ file: 'a.json', url: undefined });
  expect(readArguments(['a.json', '--url', 'http://x:3000/'])).toEqual({
    file: 'a.json',
    url: 'http://x:3000',
  });
});

test.each([
  [[], 'which file is to be imported is missing'],
  [['a.json', 'b.json'], 'one file is imported at a time; given were a.json, b.json'],
  [
    ['a.json', '--url', 'nonsense'],
    '--url must be such as http://127.0.0.1:3000, without a path; "nonsense"',
  ],
  [['a.json', '--url', 'ftp://x'], '--url must be'],
  [['a.json', '--url', 'http://x/api'], '--url must be'],
  [['a.json', '--force'], "Unknown option '--force'"],
])('%j is refused, and it is said why', (args, why) => {
  expect(readArguments(args)).toEqual({ wrong: expect.stringContaining(why) });
});

test.each(['--help', '-h'])('%s asks how to use it', (flag) => {
  expect(readArguments([flag])).toBe('help');
});
