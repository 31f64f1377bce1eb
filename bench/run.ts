/**
 * npm run bench [-- [--quick] [--profile] [--repeats n] [part …]]
 *
 * Runs the parts that are named, or all that the table promises (bench/parts.ts). Each figure stands beside its
 * reference from the same run. A run of all, with five repeats or more, writes a page for each part,
 * bench/results/<date>-<part>.md, and what they found as bench/results/<date>.json, anew after each part, from which
 * `npm run write-docs` makes the README's table and chart. Any other writes its pages as <date>-<part>-alone.md, beside
 * those; `--quick` writes nothing. With `--profile` the page (<date>-<part>-profile.md) says what the service's thread did. When a part fails the others still have their turn, and the exit code is 1.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { machine } from './lib/figures.ts';
import { findingsTable, page } from './lib/page.ts';
import { profilesPage } from './lib/profile.ts';
import type { Finding, Part, PartResult, Run } from './lib/part.ts';
import { discard, keep, type Results } from './lib/results.ts';
import { createStage } from './lib/stage.ts';
import { takeTurns } from './lib/turns.ts';
import { more, parts } from './parts.ts';

const { values, positionals } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    repeats: { type: 'string' },
  },
  allowPositionals: true,
});
const USUAL_REPEATS = 5;
const isShort = values.quick || values.profile;
const run: Run = {
  quick: values.quick,
  repeats: Number(values.repeats ?? (isShort ? 1 : USUAL_REPEATS)),
};
if (!Number.isInteger(run.repeats) || run.repeats < 1)
  throw new Error(`--repeats is how often each side runs, 1 or more; not ${values.repeats}`);
const known = { ...parts, ...more };
const names = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = names.find((name) => known[name] === undefined);
if (unknown !== undefined)
  throw new Error(`there is no part ${unknown}; there are ${Object.keys(known).join(', ')}`);

const isWhole = !isShort && positionals.length === 0 && run.repeats >= USUAL_REPEATS;
const begun = machine();
await using stage = await createStage(values);

const { failed } = await takeTurns(names, measure, async (turns) => {
  if (!isWhole) return;
  const results: Results = { machine: begun, repeats: run.repeats, ...turns };
  await keep(`${begun.date}.json`, `${JSON.stringify(results, undefined, 1)}\n`);
});
if (failed.length > 0) {
  process.stderr.write(`no figures of ${failed.map(({ name }) => name).join(', ')}: see above\n`);
  process.exitCode = 1;
}

/** Measures one part, shows its page and keeps it. */
async function measure(name: string): Promise<readonly Finding[]> {
  const part = known[name];
  assert(part !== undefined, `${name} is a part`);
  process.stderr.write(`${part.title}\n`);
  stage.profiles.length = 0;
  const suffix = isWhole ? '' : `-${values.profile ? 'profile' : 'alone'}`;
  const file = `${begun.date}-${name}${suffix}.md`;
  // One of earlier the same day does not stay when this run fails.
  if (!run.quick) await discard(file);
  const { page: lines, findings } = await measured(part);
  const profiles = stage.profiles.splice(0);
  assert(!values.profile || profiles.length > 0, `${name} can be profiled: it says what is to be sampled`);
  const body = values.profile ? profilesPage(profiles) : [...lines, '', ...findingsTable(findings)];
  const text = page({ title: part.title, machine: begun, conditions: part.conditions(run), body });
  process.stdout.write(`${text}\n`);
  if (!run.quick) await keep(file, text);
  return findings;
}

/** Leaves no database behind: PostgreSQL looks after each, which the next part would pay for. */
async function measured(part: Part): Promise<PartResult> {
  try {
    return await part.measure(stage, run);
  } finally {
    await stage.dropDatabases();
  }
}
