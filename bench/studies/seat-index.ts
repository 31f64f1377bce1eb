/**
 * npm run study:index [-- --quick]
 *
 * The free seats of one performance among 2,000,000: with no index, with those of the two original write-ups, with stronger
 * ones and with ours. Writes docs/studies/seat-index.md.
 */
import { machine } from '../lib/figures.ts';
import { isQuick, loadBefore, publish } from '../lib/study.ts';
import { createStage } from '../lib/stage.ts';
import { measure, type Measured, prepare, type Prepared, type Size } from './seat-index/measure.ts';
import { seatIndexPage } from './seat-index/page.ts';
import { resultOf } from './seat-index/result.ts';
import { VARIANTS } from './seat-index/variants.ts';

const quick = isQuick();
const load = loadBefore();
const begun = machine();
const repeats = quick ? 1 : 5;
const size: Size = quick
  ? { seatsOfEach: 10_000, sold: 5_000, readsOfEach: 2 }
  : { seatsOfEach: 100_000, sold: 50_000, readsOfEach: 3 };

await using stage = await createStage();
const tables: { prepared: Prepared; runs: Measured[] }[] = [];
for (const variant of VARIANTS) {
  process.stderr.write(`filling: ${variant.name}\n`);
  tables.push({ prepared: await prepare(stage, variant, size), runs: [] });
}
for (let repeat = 0; repeat < repeats; repeat++) {
  for (const { prepared, runs } of tables) {
    process.stderr.write(`repeat ${repeat + 1}: ${prepared.variant.name}\n`);
    runs.push(await measure(stage, prepared, size));
  }
}
const [version] = await stage.query<{ server_version: string }>('postgres', 'show server_version');
const results = tables.map(({ prepared, runs }) => resultOf(prepared, runs, size));
const page = seatIndexPage(results, {
  size,
  repeats,
  postgres: version?.server_version ?? 'unknown',
  machine: begun,
  load,
});
await publish('seat-index', page, quick);
