/**
 * `npm test`: the checks, then every suite. `npm test -- <vitest arguments>`: the chosen tests only.
 *
 * The last line is the outcome in numbers; it says `0 failed` if and only if the exit code is 0.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provide, type Provided, REQUIREMENTS } from './support/requirements.ts';
import { run } from './support/run.ts';
import { inOneLine, type Report, summarise } from './support/summary.ts';

const chosen = process.argv.slice(2);
const isWhole = chosen.length === 0;

const checks = isWhole ? await run('node', ['scripts/check.ts'], { show: true }) : undefined;

const provided: Provided[] = [];
for (const requirement of REQUIREMENTS) provided.push(await provide(requirement, isWhole));

const { report, exitCode } = await runSuites(chosen, provided);

const missing = provided.flatMap((each) => ('missing' in each ? [each] : []));
for (const each of missing) console.log(`skipped: ${each.requirement.suite}, because ${each.missing}`);

// Where nobody reads the list above, a suite that did not run must not look like one that passed.
const isCi = ['true', '1'].includes(process.env['CI'] ?? '');
const mustHave = isCi ? missing.length : 0;
const checksFailed = checks !== undefined && checks.exitCode !== 0 ? 1 : 0;
if (checksFailed > 0) console.log('failed: npm run check, see the beginning');
if (mustHave > 0) console.log('failed: with CI=true nothing may be missing');

const summary = summarise(report, exitCode, checksFailed + mustHave);
process.exitCode = summary.failed === 0 ? 0 : 1;
console.log(inOneLine(summary));

async function runSuites(
  filters: readonly string[],
  found: readonly Provided[],
): Promise<{ report: Report | undefined; exitCode: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-test-report-'));
  const file = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const ran = await run('vitest', ['run', ...reporters, ...filters], {
      env: Object.fromEntries(
        found.flatMap((each) => ('found' in each ? [[each.requirement.variable, each.found]] : [])),
      ),
      show: true,
    });
    return { report: await readReport(file), exitCode: ran.exitCode };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Undefined when vitest ended before it wrote one. */
async function readReport(file: string): Promise<Report | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Report;
  } catch {
    return undefined;
  }
}
