/**
 * npm run bench [-- --quick] [holds] [purchases] [joins] [million] [polls] [maps] [import] [audit]
 *
 * Each figure stands beside its reference from the same run, sides alternating. Writes bench/results/<date>-<part>.md.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measureAudit } from './audit.ts';
import { ourHolds, pgbenchHolds } from './holds.ts';
import { measureImport } from './import.ts';
import { ourJoins, pgbenchJoins } from './joins.ts';
import { machine } from './lib/figures.ts';
import { comparison, page } from './lib/page.ts';
import { compare, type Side } from './lib/sides.ts';
import { createStage, type Stage } from './lib/stage.ts';
import { mapSides } from './maps.ts';
import { measureCrowds } from './million.ts';
import { pollSides, pollUnhurried } from './polls.ts';
import { ourPurchases, pgbenchPurchases } from './purchases.ts';

interface Part {
  readonly title: string;
  readonly conditions: readonly string[];
  readonly measure: (stage: Stage, quick: boolean) => Promise<string[]>;
}

const DURABLE =
  'fsync, synchronous_commit and full_page_writes on; fresh tables for every run; committed rows counted';
const BY_NODE = 'the load generator (Node), the service and PostgreSQL share the cores';
const BY_WRK = 'the load generator (wrk, one thread), the service and PostgreSQL share the cores';

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, repeats: { type: 'string' } },
  allowPositionals: true,
});
const repeats = Number(values.repeats ?? (values.quick ? 1 : 5));
const MEDIANS = `median of ${repeats} runs each (lowest–highest); sides alternate`;

/** A part whose sides stand beside each other. */
function sided(unit: string, sidesOf: (quick: boolean) => readonly Side[]): Part['measure'] {
  return tables(unit, (quick) => [sidesOf(quick)]);
}

/** A part with a table for each of several comparisons. */
function tables(unit: string, groupsOf: (quick: boolean) => readonly (readonly Side[])[]): Part['measure'] {
  return async (stage, quick) => {
    const lines: string[] = [];
    for (const sides of groupsOf(quick)) {
      if (lines.length > 0) lines.push('');
      lines.push(...comparison(unit, await compare(stage, sides, repeats)));
    }
    return lines;
  };
}

const parts: Readonly<Record<string, Part>> = {
  holds: {
    title: 'Durable seat holds, distinct seats and buyers',
    conditions: [MEDIANS, BY_NODE, DURABLE],
    measure: sided('holds/s', (quick) => {
      const count = quick ? 10_000 : 40_000;
      return [
        ourHolds(count, 256),
        ourHolds(count, 64),
        pgbenchHolds('pgbench, usual transaction', 'hold-transaction.sql', count),
        pgbenchHolds('pgbench, strongest single statement', 'hold-statement.sql', count),
      ];
    }),
  },
  purchases: {
    title: 'Whole purchases: join, hold, pay → confirmed, sold, turn spent',
    conditions: [MEDIANS, BY_NODE, DURABLE],
    measure: sided('purchases/s', (quick) => {
      const count = quick ? 5_000 : 20_000;
      return [
        ourPurchases(count, 256),
        ourPurchases(count, 64),
        pgbenchPurchases('pgbench, usual transactions', 'purchase-transactions.sql', count),
        pgbenchPurchases('pgbench, strongest statements', 'purchase-statements.sql', count),
      ];
    }),
  },
  joins: {
    title: 'Joins, strictly in the order of the numbers, distinct people',
    conditions: [MEDIANS, BY_WRK, DURABLE, 'each join with an access token of its own, verified'],
    measure: sided('joins/s', (quick) => {
      const count = quick ? 40_000 : 200_000;
      return [
        ourJoins(count, 512),
        ourJoins(count, 64),
        pgbenchJoins(
          'pgbench, a sequence gives numbers (no order of answers)',
          'join-sequence.sql',
          count,
          64,
        ),
        // One commit at a time: the room's row is locked until each.
        pgbenchJoins('pgbench, the room counts', 'join-counter.sql', count / 20, 16),
      ];
    }),
  },
  million: {
    title: 'A crowd stands in one room',
    conditions: [
      'one run each; the crowd is sent by wrk (one thread and 1,024 connections for each instance, an access token for each person)',
      'beside it 16 connections join at 100 a second in all, and keep what they were answered: the order is judged from those',
      `the room lets 50 people in every 30 s; ${BY_WRK}`,
      DURABLE,
    ],
    measure: (stage, quick) => measureCrowds(stage, quick ? 100_000 : 1_000_000),
  },
  polls: {
    title: 'Polls, each by somebody else in line',
    conditions: [
      MEDIANS,
      BY_WRK,
      'aims: at least 0.8 × the bare route; within 1.3 × whether many wait or few; no query per poll',
    ],
    measure: async (stage, quick) => {
      const [people, few, seconds] = quick ? [100_000, 1_000, 3] : [1_000_000, 10_000, 10];
      const sides = pollSides({ people, few, connections: 64, seconds });
      const lines = comparison('polls/s', await compare(stage, sides, repeats));
      return [...lines, '', await pollUnhurried(stage, people, seconds)];
    },
  },
  maps: {
    title: 'Seat maps, read while 1,000 seats a second change state',
    conditions: [
      MEDIANS,
      BY_WRK,
      'seats are held and given back over HTTP, four at a time, by a load generator (Node) on the same cores',
      'half of the seats are sold, at random; the clients take gzip',
      'aim: at least 0.5 × the bare route, no query per view',
      'the reference sends the same bytes and headers; beside it the same seats change at an instance that nobody looks at',
    ],
    measure: tables('views/s', (quick) => mapSides({ seconds: quick ? 3 : 10, connections: 64 })),
  },
  import: {
    title: 'Importing a catalogue',
    conditions: [
      'one run into an empty database',
      'the importer, the service and PostgreSQL share the cores',
      DURABLE,
    ],
    measure: (stage, quick) => measureImport(stage, quick ? 100_000 : 2_000_000),
  },
  audit: {
    title: 'An audit of a large sale',
    conditions: [
      `median of ${repeats} runs on the same rows, which stand for a sale that goes on (bench/sql/audit-sale.sql)`,
      'PostgreSQL and the auditor share the cores; nothing else is asked of them',
      'every check is clean',
    ],
    measure: (stage, quick) => measureAudit(stage, quick ? 1 : 20, repeats),
  },
};

await using stage = await createStage();
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const part = parts[name];
  if (part === undefined)
    throw new Error(`there is no part ${name}; there are ${Object.keys(parts).join(', ')}`);
  process.stderr.write(`${part.title}\n`);
  const text = page(part.title, part.conditions, await part.measure(stage, values.quick));
  process.stdout.write(`${text}\n`);
  if (!values.quick) {
    const folder = new URL('results/', import.meta.url);
    await mkdir(folder, { recursive: true });
    await writeFile(new URL(`${machine()['date']}-${name}.md`, folder), text);
  }
}
