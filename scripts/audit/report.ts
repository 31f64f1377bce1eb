/** What an audit says at the terminal: a line for each check, and what it found below. */
import { type AuditResult, countViolations, failuresOf } from '../../server/src/audit/index.ts';
import { plain } from '../../rehearsal/report/plain.ts';

const NUMBER = new Intl.NumberFormat('en');

export function reportLines({ checks, underWay }: AuditResult, tookMs: number): string[] {
  const nameWidth = Math.max(...checks.map(({ name }) => name.length));
  const counts = checks.map(({ counted }) => NUMBER.format(counted));
  const countWidth = Math.max(...counts.map((count) => count.length));
  const lines = checks.flatMap(
    ({ name, promise, says, tookMs: checkMs, violationCount, violations, failure }, index) => {
      const count = (counts[index] ?? '').padStart(countWidth);
      const time = `${NUMBER.format(checkMs)} ms`.padStart(9);
      const state = failure !== undefined ? 'FAILED' : violationCount === 0 ? 'ok    ' : 'BROKEN';
      const unlisted = violationCount - violations.length;
      return [
        `${state} ${name.padEnd(nameWidth)} ${promise.padEnd(3)} ${count} ${time}  ${says}`,
        ...(failure === undefined ? [] : [`         ${failure}`]),
        ...violations.map((violation) => `         ${violation}`),
        ...(unlisted > 0 ? [`         … and ${NUMBER.format(unlisted)} more`] : []),
      ];
    },
  );
  return [...lines, summary({ checks, underWay }, tookMs)].map(plain);
}

function summary(result: AuditResult, tookMs: number): string {
  const found = countViolations(result);
  const failures = failuresOf(result).length;
  const verdict =
    found > 0
      ? `${NUMBER.format(found)} ${found === 1 ? 'violation' : 'violations'}`
      : failures > 0
        ? `not clean, ${failures} could not be carried out`
        : 'clean';
  const { checks, underWay } = result;
  const reservations = underWay === 1 ? 'reservation' : 'reservations';
  return `${verdict}: ${checks.length} checks in ${(tookMs / 1000).toFixed(1)} s, ${NUMBER.format(underWay)} ${reservations} under way`;
}
