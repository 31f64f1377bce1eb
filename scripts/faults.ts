/** `npm run faults`: a sale is rehearsed while something breaks, and nobody may notice afterwards. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listOf, type FaultOptions, HELP, readOptions } from '../rehearsal/faults/options.ts';
import { play, type Result } from '../rehearsal/faults/play.ts';
import { SCENARIOS } from '../rehearsal/faults/scenarios/index.ts';
import { findingsOf, lineOf, tableOf } from '../rehearsal/faults/table.ts';
import { machine } from '../rehearsal/report/setting.ts';
import { stopOnSignal } from '../server/src/exit.ts';
import { systemClock } from '../server/src/platform/clock.ts';
import { replaceRegion } from './docs/region.ts';
import { commandCodes, runCommand } from './support/command.ts';
import { ROOT } from './support/run.ts';

const DOCUMENT = join(ROOT, 'docs/reliability.md');
const WRITTEN_BY = 'npm run faults -- --write';

async function main(options: FaultOptions | 'list'): Promise<number> {
  if (options === 'list') {
    process.stdout.write(listOf(SCENARIOS));
    return 0;
  }
  const signal = stopOnSignal();
  const results = await playAll(options, signal);
  const width = Math.max(...options.scenarios.map(({ name }) => name.length));
  for (const result of results) {
    process.stdout.write(`${lineOf(result, width)}\n`);
    for (const finding of findingsOf(result)) process.stdout.write(`  ${finding}\n`);
  }
  if (signal.aborted) return commandCodes.interrupted;
  if (options.write) writeTable(results, options);
  return results.every(({ outcome }) => outcome === 'kept' || outcome === 'skipped')
    ? 0
    : commandCodes.broken;
}

async function playAll({ scenarios, seed }: FaultOptions, signal: AbortSignal): Promise<Result[]> {
  const results: Result[] = [];
  for (const scenario of scenarios) {
    if (signal.aborted) break;
    const startedMs = systemClock.monotonicMs();
    const say = (line: string) => {
      const atS = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1).padStart(6);
      process.stderr.write(`${atS} s  ${scenario.name}: ${line}\n`);
    };
    const result = await play(scenario, { seed, signal, say });
    say(result.outcome);
    results.push(result);
  }
  return results;
}

function writeTable(results: readonly Result[], { seed }: FaultOptions): void {
  const before = readFileSync(DOCUMENT, 'utf8');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).trim();
  const mark = { date: new Date(systemClock.wallMs()).toISOString().slice(0, 10), commit };
  const names = SCENARIOS.map(({ name }) => name);
  const table = tableOf(results, before, names, mark);
  const made = `Last written on ${mark.date} by a run on ${machine()}, with seed ${seed}.`;
  writeFileSync(DOCUMENT, replaceRegion(before, 'faults', `${made}\n\n${table}`, WRITTEN_BY));
  process.stdout.write('wrote docs/reliability.md\n');
}

await runCommand({
  help: HELP,
  advice: 'npm run faults -- --help says what there is.\n',
  read: (args) => readOptions(args, SCENARIOS),
  run: main,
});
