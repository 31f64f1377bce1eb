/** What a run of the killers says about a bug. Pure, over the report of vitest's JSON reporter. */
import { relative } from 'node:path';
import type { Killer } from './planted-bug.ts';

/** What is read of the report. */
export interface KillersReport {
  readonly testResults: readonly {
    /** The file's path. */
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** How a run ended. */
export interface KillersRun {
  readonly exitCode: number;
  readonly isTimedOut: boolean;
  /** Undefined when vitest ended before it wrote one. */
  readonly report: KillersReport | undefined;
  readonly output: string;
}

export type Verdict =
  | { readonly verdict: 'killed'; readonly by: readonly Killer[] }
  | { readonly verdict: 'survived' }
  /** No test had anything to say: it hung, did not start, or failed outside of a test. That kills nothing. */
  | { readonly verdict: 'untested'; readonly why: string };

/** A bug is killed by a test that was named for it and failed; whatever else fails may have other reasons. */
export function verdictOf(run: KillersRun, killers: readonly Killer[], root: string): Verdict {
  const { exitCode, isTimedOut, report, output } = run;
  if (isTimedOut) return { verdict: 'untested', why: 'its tests came to no end within their time' };
  if (report === undefined) return { verdict: 'untested', why: `no report was written\n${lastOf(output)}` };
  const by = killers.filter((killer) =>
    testsOf(report, killer, root).some(({ status }) => status === 'failed'),
  );
  if (by.length > 0) return { verdict: 'killed', by };
  if (exitCode === 0) return { verdict: 'survived' };
  const broken = report.testResults.filter(({ status }) => status === 'failed');
  const messages = broken.map(({ name, message }) => `${relative(root, name)}: ${message}`);
  return {
    verdict: 'untested',
    why: `what failed was no test of its killers\n${lastOf(messages.join('\n'))}`,
  };
}

/** What is wrong with a killer, or, where there is none, with all of them. */
export interface Complaint {
  readonly killer?: Killer;
  readonly what: string;
}

/** What is wrong with the killers themselves, where no bug is planted; nothing when each ran and passed. */
export function complaintsAbout(run: KillersRun, killers: readonly Killer[], root: string): Complaint[] {
  const { report, isTimedOut, output } = run;
  if (report === undefined) {
    const what = isTimedOut
      ? 'they came to no end within their time'
      : `no report was written\n${lastOf(output)}`;
    return [{ what }];
  }
  const complaints = killers.flatMap((killer): Complaint[] => {
    const tests = testsOf(report, killer, root);
    if (tests.length > 0 && tests.every(({ status }) => status === 'passed')) return [];
    const states =
      tests.length === 0 ? 'did not run' : [...new Set(tests.map(({ status }) => status))].join(' and ');
    const why = tests.flatMap(({ failureMessages = [] }) => failureMessages)[0]?.split('\n')[0] ?? '';
    return [{ killer, what: `${killer.file}: "${killer.test}" ${states} ${why}`.trim() }];
  });
  if (complaints.length > 0 || run.exitCode === 0) return complaints;
  return [{ what: `something failed outside of a test\n${lastOf(output)}` }];
}

type TestResult = KillersReport['testResults'][number]['assertionResults'][number];

/** The tests that a killer names. */
function testsOf(report: KillersReport, { file, test }: Killer, root: string): TestResult[] {
  return report.testResults
    .filter(({ name }) => relative(root, name) === file)
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ fullName }) => fullName.includes(test));
}

function lastOf(text: string): string {
  return text.trim().split('\n').slice(-15).join('\n');
}
