/**
 * npm run bench [-- --quick] [holds] [purchases]
 *
 * Each figure stands beside its reference from the same run: fresh tables for every run of either side, sides
 * alternating, committed rows counted. Writes bench/results/<date>-<part>.md.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ourHolds, pgbenchHolds } from './holds.ts';
import { machine, show } from './lib/figures.ts';
import { compare, type Side, type SideResult } from './lib/sides.ts';
import { createStage } from './lib/stage.ts';
import { ourPurchases, pgbenchPurchases } from './purchases.ts';

interface Part {
  readonly title: string;
  readonly unit: string;
  readonly sides: (quick: boolean) => readonly Side[];
}

const parts: Readonly<Record<string, Part>> = {
  holds: {
    title: 'Durable seat holds, distinct seats and buyers',
    unit: 'holds/s',
    sides: (quick) => {
      const count = quick ? 10_000 : 40_000;
      return [
        ourHolds(count, 256),
        ourHolds(count, 64),
        pgbenchHolds('pgbench, usual transaction', 'hold-transaction.sql', count),
        pgbenchHolds('pgbench, strongest single statement', 'hold-statement.sql', count),
      ];
    },
  },
  purchases: {
    title: 'Whole purchases: join, hold, pay → confirmed, sold, turn spent',
    unit: 'purchases/s',
    sides: (quick) => {
      const count = quick ? 5_000 : 20_000;
      return [
        ourPurchases(count, 256),
        ourPurchases(count, 64),
        pgbenchPurchases('pgbench, usual transactions', 'purchase-transactions.sql', count),
        pgbenchPurchases('pgbench, strongest statements', 'purchase-statements.sql', count),
      ];
    },
  },
};

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, repeats: { type: 'string' } },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : Object.keys(parts);
const repeats = Number(values.repeats ?? (values.quick ? 1 : 5));

await using stage = await createStage();
for (const name of chosen) {
  const part = parts[name];
  if (part === undefined)
    throw new Error(`there is no part ${name}; there are ${Object.keys(parts).join(', ')}`);
  process.stderr.write(`${part.title}\n`);
  const text = toMarkdown(part, await compare(stage, part.sides(values.quick), repeats));
  process.stdout.write(`${text}\n`);
  if (!values.quick) {
    const folder = new URL('results/', import.meta.url);
    await mkdir(folder, { recursive: true });
    await writeFile(new URL(`${machine()['date']}-${name}.md`, folder), text);
  }
}

function toMarkdown(part: Part, results: readonly SideResult[]): string {
  const ours = results[0]?.perSecond.median ?? 0;
  const rows = results.map(({ name, perSecond, latency }) => {
    const ratio = ours / perSecond.median;
    const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(1));
    return `| ${name} | ${show(perSecond)} | ${ratio.toFixed(2)} × | ${ms(latency?.p50)} | ${ms(latency?.p99)} |`;
  });
  return [
    `# ${part.title}`,
    '',
    ...Object.entries(machine()).map(([name, value]) => `- ${name}: ${value}`),
    `- median of ${repeats} runs each (lowest–highest); load generator, service and PostgreSQL share the cores;`,
    '  fsync, synchronous_commit and full_page_writes on; fresh tables for every run; sides alternate; committed rows counted',
    '',
    `| side | ${part.unit} | first side ÷ this | p50 ms | p99 ms |`,
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
