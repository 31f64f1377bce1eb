/** The end of a test run in one line. */

/** What is read of the report of vitest's JSON reporter. */
export interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Nothing failed if and only if `failed` is 0: a file that could not be loaded, a run that ended badly and
 * every `otherFailures` count too.
 */
export function summarise(report: Report | undefined, exitCode: number, otherFailures: number): Summary {
  const files = report?.testResults ?? [];
  const notLoaded = files.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const inTests = (report?.numFailedTests ?? 0) + notLoaded;
  const inRun = inTests === 0 && (exitCode !== 0 || report === undefined) ? 1 : 0;
  return {
    passed: report?.numPassedTests ?? 0,
    failed: inTests + inRun + otherFailures,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  };
}

export function inOneLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
