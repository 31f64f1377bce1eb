/**
 * `npm run planted-bugs [-- NAME…]`: applies one small harmful change at a time to a copy of the project, and shows
 * which test notices it. A bug that no test notices is a hole in the tests.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { stopOnSignal } from '../server/src/exit.ts';
import { replaceRegion } from './docs/region.ts';
import { type Copy, copyProject } from './planted-bugs/copy-of-the-project.ts';
import { type Given, HELP, readArguments } from './planted-bugs/options.ts';
import { type Killer, plant, type PlantedBug } from './planted-bugs/planted-bug.ts';
import { runKillers } from './planted-bugs/run-killers.ts';
import { inLines, killersTable, type Tried } from './planted-bugs/table.ts';
import { type Complaint, complaintsAbout, verdictOf } from './planted-bugs/verdict.ts';
import { commandCodes, runCommand } from './support/command.ts';
import { ROOT, seconds } from './support/run.ts';

const DOCUMENT = 'docs/reliability.md';
const REGION = 'planted-bugs';
const WRITE = 'npm run planted-bugs -- --write';

/** Of one bug: on two cores that much else shared, the longest took a minute. */
const BUG_MAX_MS = 180_000;
/** Of all killers together, without a bug. */
const KILLERS_MAX_MS = 900_000;

async function main(given: Given): Promise<number> {
  if (given.isList) {
    for (const { name, says, harm } of given.bugs) console.log(`${name}\n         ${says}\n         ${harm}`);
    return 0;
  }
  const signal = stopOnSignal();
  try {
    return await tryAll(given, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write('interrupted; the copy is removed\n');
    return commandCodes.interrupted;
  }
}

async function tryAll({ bugs, isWrite }: Given, signal: AbortSignal): Promise<number> {
  const startedMs = performance.now();
  const unfit = await findUnfit(bugs);
  if (unfit.length > 0) {
    console.error(unfit.join('\n\n'));
    return 1;
  }
  await using copy = await copyProject(ROOT);
  const complaints = await tryWithout(
    bugs.flatMap((bug) => bug.killers),
    copy,
    signal,
  );
  if (complaints.length > 0) {
    const failed = complaints.map(({ what }) => what).join('\n');
    console.error(`Without any bug, the tests that must notice one do not pass:\n${failed}`);
    return 1;
  }
  console.log(`without a bug all killers pass  (${seconds(performance.now() - startedMs)})`);

  const tried: Tried[] = [];
  for (const bug of bugs) {
    const one = await tryOne(bug, copy, signal);
    console.log(inLines(one));
    tried.push(one);
  }
  const alive = tried.filter(({ verdict }) => verdict.verdict !== 'killed').map(({ bug }) => bug.name);
  console.log(
    `\n${tried.length - alive.length} of ${tried.length} killed in ${seconds(performance.now() - startedMs)}`,
  );
  if (alive.length > 0) console.log(`not killed: ${alive.join(', ')}`);
  else if (isWrite) await writeTable(tried);
  return alive.length === 0 ? 0 : 1;
}

/** All of them, before anything is run. */
async function findUnfit(bugs: readonly PlantedBug[]): Promise<string[]> {
  const unfit: string[] = [];
  for (const bug of bugs) {
    try {
      plant(bug, await readFile(join(ROOT, bug.file), 'utf8'));
    } catch (error) {
      unfit.push((error as Error).message);
    }
  }
  return unfit;
}

/** A busy machine may fail a test that waits for something: what failed beside all the others is tried once more alone. */
async function tryWithout(
  killers: readonly Killer[],
  copy: Copy,
  signal: AbortSignal,
): Promise<readonly Complaint[]> {
  const run = await runKillers({ copy, killers, timeoutMs: KILLERS_MAX_MS, signal });
  const complaints = complaintsAbout(run, killers, copy.root);
  const again = complaints.flatMap(({ killer }) => killer ?? []);
  if (again.length === 0 || again.length < complaints.length) return complaints;
  const alone = await runKillers({ copy, killers: again, timeoutMs: KILLERS_MAX_MS, signal });
  return complaintsAbout(alone, again, copy.root);
}

async function tryOne(bug: PlantedBug, copy: Copy, signal: AbortSignal): Promise<Tried> {
  const startedMs = performance.now();
  const file = join(copy.root, bug.file);
  const text = await readFile(file, 'utf8');
  await writeFile(file, plant(bug, text));
  try {
    const run = await runKillers({ copy, killers: bug.killers, timeoutMs: BUG_MAX_MS, signal });
    const verdict = verdictOf(run, bug.killers, copy.root);
    return { bug, verdict, durationMs: performance.now() - startedMs };
  } finally {
    await writeFile(file, text);
  }
}

async function writeTable(tried: readonly Tried[]): Promise<void> {
  const path = join(ROOT, DOCUMENT);
  const text = await readFile(path, 'utf8');
  await writeFile(path, replaceRegion(text, REGION, killersTable(tried), WRITE));
  console.log(`wrote ${DOCUMENT}`);
}

await runCommand({ help: HELP, read: readArguments, run: main });
