/** `npm run check`: types, lint, format, dead code. Says nothing but the times when all is well. */
import { availableParallelism } from 'node:os';
import { type Ran, run, seconds } from './support/run.ts';

interface Check {
  readonly name: string;
  readonly tool: string;
  readonly args: readonly string[];
  /** What puts it right, where a command can. */
  readonly repair?: string;
}

/** A tool that hangs must not take the whole run with it. */
const TIMEOUT_MS = 180_000;

/** The longest first, so that the others fill the other core meanwhile. */
const CHECKS: readonly Check[] = [
  { name: 'lint', tool: 'oxlint', args: [] },
  { name: 'types', tool: 'tsc', args: ['-p', '.'] },
  { name: 'dead code', tool: 'knip', args: ['--no-progress'] },
  { name: 'format', tool: 'oxfmt', args: ['--check'], repair: 'npm run format' },
];

/** Runs every check, a few at a time, and gives the outcomes in the order of the table. */
async function runChecks(): Promise<Ran[]> {
  const outcomes: Ran[] = [];
  const waiting = CHECKS.entries();
  const worker = async () => {
    for (const [index, check] of waiting) {
      const ran = await run(check.tool, check.args, { show: false, timeoutMs: TIMEOUT_MS });
      outcomes[index] = ran;
      console.log(
        `${ran.exitCode === 0 ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(10)} ${seconds(ran.durationMs)}`,
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
  return outcomes;
}

const outcomes = await runChecks();
for (const [index, { name, repair }] of CHECKS.entries()) {
  const ran = outcomes[index];
  if (ran === undefined || ran.exitCode === 0) continue;
  console.log(`\n── ${name}${repair === undefined ? '' : ` (repaired by: ${repair})`}\n${ran.output}`);
  process.exitCode = 1;
}
