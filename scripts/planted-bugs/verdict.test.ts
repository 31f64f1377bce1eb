import { expect, test } from 'vitest';
import { complaintsAbout, type KillersRun, verdictOf } from './verdict.ts';

const KILLERS = [{ file: 'server/a.test.ts', test: 'one seat has one owner' }];

/** A run of one file with these tests and their states. */
function run(tests: Readonly<Record<string, string>>, given: Partial<KillersRun> = {}): KillersRun {
  const assertionResults = Object.entries(tests).map(([fullName, status]) => ({ fullName, status }));
  const isFailed = Object.values(tests).includes('failed');
  const file = { name: '/copy/server/a.test.ts', status: isFailed ? 'failed' : 'passed', message: '' };
  const report = { testResults: [{ ...file, assertionResults }] };
  return { exitCode: isFailed ? 1 : 0, isTimedOut: false, report, output: '', ...given };
}

const verdict = (given: KillersRun) => verdictOf(given, KILLERS, '/copy');
const complaints = (given: KillersRun) => complaintsAbout(given, KILLERS, '/copy').map(({ what }) => what);

test('a bug is killed by a test that was named for it and failed', () => {
  const found = verdict(run({ 'seats: one seat has one owner': 'failed', 'another one': 'failed' }));
  expect(found).toEqual({ verdict: 'killed', by: KILLERS });
});

test('it survives when all pass', () => {
  expect(verdict(run({ 'one seat has one owner': 'passed' }))).toEqual({ verdict: 'survived' });
});

test.each<[string, KillersRun, RegExp]>([
  [
    'a test that was not named',
    run({ 'one seat has one owner': 'passed', other: 'failed' }),
    /no test of its/,
  ],
  ['a file of the same sentence', withFile('/copy/server/b.test.ts'), /no test of its killers/],
  ['a file that cannot be loaded', run({}, { exitCode: 1 }), /no test of its killers/],
  [
    'an error outside of tests',
    run({ 'one seat has one owner': 'passed' }, { exitCode: 1 }),
    /no test of its/,
  ],
  ['no end', run({}, { isTimedOut: true, exitCode: 1, report: undefined }), /came to no end/],
  [
    'no beginning',
    run({}, { exitCode: 1, report: undefined, output: 'SyntaxError' }),
    /no report[^]*SyntaxError/,
  ],
])('%s kills nothing', (_, given, why) => {
  expect(verdict(given)).toEqual({ verdict: 'untested', why: expect.stringMatching(why) });
});

function withFile(name: string): KillersRun {
  const { report, ...rest } = run({ 'one seat has one owner': 'failed' });
  return { ...rest, report: { testResults: (report?.testResults ?? []).map((file) => ({ ...file, name })) } };
}

test('without a bug each killer must have run and passed', () => {
  expect(complaints(run({ 'one seat has one owner': 'passed' }))).toEqual([]);
  expect(complaints(run({ 'one seat has one owner': 'failed' }))).toEqual([
    'server/a.test.ts: "one seat has one owner" failed',
  ]);
  expect(complaints(run({ 'one seat has one owner': 'skipped' }))).toEqual([
    'server/a.test.ts: "one seat has one owner" skipped',
  ]);
  expect(complaints(run({ 'a sentence that was changed': 'passed' }))).toEqual([
    'server/a.test.ts: "one seat has one owner" did not run',
  ]);
});

test('without a bug nothing may fail beside the killers either', () => {
  const passed = { 'one seat has one owner': 'passed' };
  expect(complaints(run(passed, { exitCode: 1, output: 'unhandled' }))).toEqual([
    'something failed outside of a test\nunhandled',
  ]);
  expect(complaints(run({}, { exitCode: 1, report: undefined, isTimedOut: true }))).toEqual([
    'they came to no end within their time',
  ]);
});
