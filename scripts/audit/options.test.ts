import { expect, test } from 'vitest';
import { HELP, readArguments } from './options.ts';

test('without anything it audits once and says it in lines', () => {
  expect(readArguments([])).toEqual({ settleMs: 0, json: false });
  expect(readArguments(['--settle', '20', '--json'])).toEqual({ settleMs: 20_000, json: true });
});

test.each([
  [['--settle', 'soon'], '"soon" is not'],
  [['--settle', '3601'], 'a number of seconds, 0 to 3600'],
  [['main'], "Unexpected argument 'main'"],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused, and it is said why', (args, why) => {
  expect(readArguments(args)).toEqual({ wrong: expect.stringContaining(why) });
});

test.each(['--help', '-h'])('%s asks how to use it', (flag) => {
  expect(readArguments([flag])).toBe('help');
  for (const option of ['--settle SECONDS', '--json']) expect(HELP).toContain(option);
});
