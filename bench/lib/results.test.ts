import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { figureOf } from './figures.ts';
import { timesAtLeast } from './part.ts';
import { keep, newestWhole, type Results } from './results.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-results-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const resultsOf = (date: string, whole = true): Results => {
  const quantity = { unit: 'polls/s', figure: figureOf([1, 2]) };
  const reference = { name: 'bare', ...quantity };
  return {
    machine: { cpu: 'c', memory: 'm', node: 'n', commit: 'abc', date },
    repeats: 2,
    whole,
    parts: [
      { name: 'polls', findings: [{ work: 'polls', ours: quantity, reference, aim: timesAtLeast(1) }] },
    ],
    failed: [{ name: 'arena', error: 'it did not sell out' }],
  };
};
const write = (file: string, results: unknown) => keep(file, JSON.stringify(results), folder);

test('the newest whole run counts, whatever was begun after it', async () => {
  expect(await newestWhole(folder)).toBeNull();
  for (const date of ['2026-12-05', '2026-11-30', '2026-12-01']) {
    await write(`${date}.json`, resultsOf(date));
  }
  await write('2026-12-06.json', resultsOf('2026-12-06', false));
  await write('2026-12-07-notes.json', resultsOf('2026-12-07'));
  expect(await newestWhole(folder)).toEqual(resultsOf('2026-12-05'));
});

test('a whole run that is not as it should be is refused', async () => {
  // As JSON has a figure that is no number.
  const figure = { median: null, min: 1, max: 1, runs: [1] };
  const findings = [{ work: 'polls', ours: { unit: 's', figure }, aim: timesAtLeast(1) }];
  await write('2026-12-05.json', { ...resultsOf('2026-12-05'), parts: [{ name: 'polls', findings }] });
  await expect(newestWhole(folder)).rejects.toThrow(
    '2026-12-05.json is not what a whole run writes: /parts/0/findings/0/ours/figure/median',
  );
});

test('writing again replaces the file and leaves nothing else', async () => {
  await write('2026-12-05.json', resultsOf('2026-12-05', false));
  await write('2026-12-05.json', resultsOf('2026-12-05'));
  expect(await readdir(folder)).toEqual(['2026-12-05.json']);
  expect(await newestWhole(folder)).not.toBeNull();
});
