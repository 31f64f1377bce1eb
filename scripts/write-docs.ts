/**
 * `npm run write-docs`: writes the parts of the documentation that the code decides. With `--check` it writes
 * nothing and fails when something would change; a test runs that, so the two cannot drift apart.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newestWhole } from '../bench/lib/results.ts';
import { CatalogueFile } from './catalogue/file.ts';
import { benchImage, CHART } from './docs/bench-chart.ts';
import { benchTable } from './docs/bench.ts';
import { envExample, settingsTables } from './docs/configuration.ts';
import { problemTable } from './docs/errors.ts';
import { eventFields, sagaDiagram, sagaTable } from './docs/events.ts';
import { exitCodeTable } from './docs/exit-codes.ts';
import { replaceRegion } from './docs/region.ts';
import { ROOT } from './support/run.ts';

interface Generated {
  readonly file: string;
  /** Null: the whole file. Otherwise the region between `<!-- begin … -->` and `<!-- end … -->`. */
  readonly region: string | null;
  /** Null: there is nothing to tell, and no file. */
  readonly content: () => string | null;
}

const measured = await newestWhole();

const GENERATED: readonly Generated[] = [
  { file: 'README.md', region: 'bench', content: () => benchTable(measured, 'en') },
  { file: 'README.ko.md', region: 'bench', content: () => benchTable(measured, 'ko') },
  { file: CHART, region: null, content: () => benchImage(measured) },
  { file: 'docs/configuration.md', region: 'settings', content: settingsTables },
  { file: 'docs/configuration.md', region: 'exit-codes', content: exitCodeTable },
  { file: '.env.example', region: null, content: envExample },
  {
    file: 'docs/catalogue-file.schema.json',
    region: null,
    content: () => `${JSON.stringify(CatalogueFile, null, 2)}\n`,
  },
  { file: 'docs/errors.md', region: 'problems', content: problemTable },
  { file: 'docs/events.md', region: 'choreography', content: sagaTable },
  { file: 'docs/events.md', region: 'graph', content: sagaDiagram },
  { file: 'docs/events.md', region: 'fields', content: eventFields },
];

const isCheck = process.argv.includes('--check');
for (const { file, region, content } of GENERATED) {
  const path = join(ROOT, file);
  const now = await readFile(path, 'utf8').catch(() => '');
  const made = content() ?? '';
  const then = region === null ? made : replaceRegion(now, region, made);
  if (now === then) continue;
  if (isCheck) {
    console.log(`${file} differs from the code: run npm run write-docs`);
    process.exitCode = 1;
  } else if (then === '') {
    await rm(path);
    console.log(`removed ${file}`);
  } else {
    await writeFile(path, then);
    console.log(`wrote ${file}`);
  }
}
