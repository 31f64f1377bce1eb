/** What a whole run found: one file for a day, bench/results/<date>.json, from which the README's table and chart are made. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { machine } from './figures.ts';
import type { Turns } from './turns.ts';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

const Figure = Type.Object({
  median: Type.Number(),
  min: Type.Number(),
  max: Type.Number(),
  runs: Type.Array(Type.Number()),
});
const quantity = { unit: Type.String(), figure: Figure };

const Found = Type.Object({
  work: Type.String(),
  ours: Type.Object(quantity),
  reference: Type.Optional(Type.Object({ name: Type.String(), ...quantity })),
  aim: Type.Object({
    at: Type.Union([Type.Literal('least'), Type.Literal('most')]),
    value: Type.Number(),
    times: Type.Boolean(),
  }),
});

const Whole = Type.Object({
  machine: Type.Object({
    cpu: Type.String(),
    memory: Type.String(),
    node: Type.String(),
    commit: Type.String(),
    date: Type.String(),
  }),
  repeats: Type.Integer(),
  parts: Type.Array(Type.Object({ name: Type.String(), findings: Type.Array(Found) })),
  failed: Type.Array(Type.Object({ name: Type.String(), error: Type.String() })),
  whole: Type.Literal(true),
});

/** Until it is whole it holds what was measured so far. */
export interface Results extends Turns {
  readonly machine: ReturnType<typeof machine>;
  readonly repeats: number;
}

const checked = Compile(Whole);
/** What tells whether the rest is to be looked at. */
const wholeOnes = Compile(Type.Object({ whole: Type.Literal(true) }));

/** The newest whole run; null when there is none. One that is whole and not as it should be is refused. */
export async function newestWhole(folder = RESULTS): Promise<Results | null> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}-\d\d-\d\d\.json$/.test(file));
  for (const file of files.toSorted((a, b) => (a < b ? 1 : -1))) {
    const read: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'));
    if (!wholeOnes.Check(read)) continue;
    if (!checked.Check(read)) {
      const [first] = checked.Errors(read);
      throw new Error(`${file} is not what a whole run writes: ${first?.instancePath} ${first?.message}`);
    }
    return read;
  }
  return null;
}

/** Writes a file of results, in one step: whoever looks sees the old one or the new one. */
export async function keep(file: string, text: string, folder = RESULTS): Promise<void> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, file);
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

export async function discard(file: string, folder = RESULTS): Promise<void> {
  await rm(join(folder, file), { force: true });
}
