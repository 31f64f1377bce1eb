/** The table of docs/errors.md, from the problem registry. */
import { problems } from '../../contract/src/problems.ts';

/** One row for each problem, in the order of the registry. */
export function problemTable(): string {
  const rows = Object.entries(problems).map(
    ([code, { status, title, next }]) =>
      `| \`${code}\` | ${status} | ${title} | ${next.replaceAll('|', '\\|')} |`,
  );
  return ['| code | status | what happened | what to do |', '|---|---|---|---|', ...rows].join('\n');
}
