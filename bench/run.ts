/**
 * npm run bench [-- [--quick] [--repeats n] [part …]]
 *
 * Runs the parts that are named, or all that the table promises (bench/parts.ts). Each figure stands beside its
 * reference from the same run. Writes a page for each part, bench/results/<date>-<part>.md, and what all of them found as
 * bench/results/<date>.json, from which `npm run write-docs` makes the README's table and chart. `--quick` writes nothing.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machine } from './lib/figures.ts';
import { findingsTable, page } from './lib/page.ts';
import type { Finding, Run } from './lib/part.ts';
import { createStage } from './lib/stage.ts';
import { more, parts } from './parts.ts';

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, repeats: { type: 'string' } },
  allowPositionals: true,
});
const run: Run = { quick: values.quick, repeats: Number(values.repeats ?? (values.quick ? 1 : 5)) };
const known = { ...parts, ...more };
const names = positionals.length > 0 ? positionals : Object.keys(parts);
const unknown = names.find((name) => known[name] === undefined);
if (unknown !== undefined)
  throw new Error(`there is no part ${unknown}; there are ${Object.keys(known).join(', ')}`);

const results = new URL('results/', import.meta.url);
const { date } = machine();
const found: Finding[] = [];
await using stage = await createStage();
for (const name of names) {
  const part = known[name];
  if (part === undefined) continue;
  process.stderr.write(`${part.title}\n`);
  const { page: lines, findings } = await part.measure(stage, run);
  const text = page(part.title, part.conditions(run), [...lines, '', ...findingsTable(findings)]);
  process.stdout.write(`${text}\n`);
  found.push(...findings);
  if (!run.quick) await keep(`${date}-${name}.md`, text);
}
if (!run.quick && positionals.length === 0) {
  await keep(
    `${date}.json`,
    `${JSON.stringify({ machine: machine(), repeats: run.repeats, findings: found }, undefined, 1)}\n`,
  );
}

async function keep(file: string, text: string): Promise<void> {
  await mkdir(results, { recursive: true });
  await writeFile(new URL(file, results), text);
}
