/** Every rule is seen to fail on a planted violation, and to be content with what it asks for instead. */
import { describe, expect, test } from 'vitest';
import { violations } from './rule.ts';
import { RULES } from './rules.ts';
import { FILE_LINES_MAX, medianLines } from './shape.ts';
import { isProduct, sourceFile } from './source.ts';
import { duplicateStatements } from './sql.ts';

interface Planted {
  readonly rule: string;
  readonly path: string;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

const seats = 'server/src/seats/hold-seats.ts';
const lines = (count: number, line = 'a();') => Array.from({ length: count }, () => line).join('\n');
const importing = (...specifiers: string[]) => specifiers.map((each) => `import { a } from '${each}';`);
const sql = (text: string) => `const S = statement(\`${text}\`);`;

const planted: readonly Planted[] = [
  {
    rule: 'imports',
    path: 'contract/src/events.ts',
    bad: importing('../../server/src/platform/clock.ts', 'node:assert', 'fastify', 'typeboxer'),
    good: importing('./ids.ts', '#contract/ids.ts', 'typebox', 'typebox/value'),
  },
  {
    rule: 'imports',
    path: 'server/src/platform/clock.ts',
    bad: importing('../limits.ts', '../config/config.ts', '../messaging/index.ts', '../seats/index.ts'),
    good: importing('#contract/ids.ts', './postgres/database.ts', 'pg', 'node:timers'),
  },
  {
    rule: 'imports',
    path: 'server/src/messaging/reader.ts',
    bad: importing('../seats/index.ts', '../http/route.ts', '../config/config.ts', '../context.ts'),
    good: importing('../platform/clock.ts', '../limits.ts', './log.ts', 'pg'),
  },
  {
    rule: 'imports',
    path: seats,
    bad: [
      ...importing('../payments/index.ts', '../messaging/log.ts', '../http/route.ts', '../config/config.ts'),
      ...importing(
        '../main.ts',
        '../context.ts',
        '../../test/support/world.ts',
        './seat.test.ts',
        '../new/a.ts',
      ),
      `import { Pool } from 'pg';`,
      `import type { Wallet } from '../payments/index.ts';`,
      `export { a } from '../payments/index.ts';`,
      `export * from '../payments/index.ts';`,
      `const a = await import('../payments/index.ts');`,
      `type A = import('../payments/index.ts').A;`,
    ],
    good: [
      ...importing('../platform/batcher.ts', '../messaging/index.ts', '#contract/events.ts', '../limits.ts'),
      ...importing('./seat.ts', 'node:assert/strict', 'typebox'),
      `import type { ClientConfig } from 'pg';`,
    ],
  },
  {
    rule: 'imports',
    path: 'server/src/seats/routes.ts',
    bad: importing('../http/server.ts', '../payments/routes.ts'),
    good: importing('../http/route.ts', './hold-seats.ts'),
  },
  {
    rule: 'imports',
    path: 'server/src/http/server.ts',
    bad: importing('../seats/hold-seats.ts', '../config/config.ts', '../context.ts'),
    good: importing('../seats/index.ts', '../seats/routes.ts', '../messaging/index.ts', 'fastify'),
  },
  {
    rule: 'imports',
    path: 'server/src/context.ts',
    bad: importing('../test/support/world.ts', './seats/hold-seats.ts', './messaging/reader.ts'),
    good: importing(
      './seats/index.ts',
      './config/config.ts',
      './http/server.ts',
      './service.ts',
      './limits.ts',
    ),
  },
  {
    rule: 'imports',
    path: 'bench/holds.ts',
    bad: importing('../server/test/support/world.ts'),
    good: importing('../server/src/service.ts', '../server/src/seats/index.ts', 'pg', './load.ts'),
  },
  {
    rule: 'imports',
    path: 'server/src/loyalty/index.ts',
    bad: ['export const a = 1;'],
    good: [],
  },
  {
    rule: 'imports',
    path: 'server/src/seats/seats.int.test.ts',
    bad: [],
    good: importing('../../test/support/database.ts', '../payments/wallet.ts', '../config/config.ts'),
  },
  {
    rule: 'file-length',
    path: seats,
    bad: [lines(FILE_LINES_MAX + 1), `${lines(FILE_LINES_MAX + 1)}\n`],
    good: [lines(FILE_LINES_MAX), `${lines(FILE_LINES_MAX)}\n`],
  },
  {
    rule: 'function-length',
    path: seats,
    bad: [
      `function f() {\n${lines(69)}\n}`,
      `const f = () => {\n${lines(69)}\n};`,
      `const o = { f() {\n${lines(69)}\n} };`,
      `class C { f() {\n${lines(69)}\n} }`,
    ],
    good: [`function f() {\n${lines(68)}\n}`, `function f() {}\n${lines(200)}`],
  },
  { rule: 'file-name', path: 'server/src/seats/holdSeats.ts', bad: [''], good: [] },
  { rule: 'file-name', path: 'server/src/waiting_room/room.ts', bad: [''], good: [] },
  { rule: 'file-name', path: 'Bench.ts', bad: [''], good: [] },
  { rule: 'file-name', path: 'server/sql/000001-messaging.sql', bad: [], good: [''] },
  { rule: 'file-name', path: 'server/src/seats/hold-seats.int.test.ts', bad: [], good: [''] },
  { rule: 'file-name', path: 'README.ko.md', bad: [], good: [''] },
  { rule: 'file-name', path: '.ci/run', bad: [], good: [''] },
  {
    rule: 'ambient',
    path: seats,
    bad: [
      'Date.now();',
      'const { now } = Date; globalThis.Date.now();',
      'new Date();',
      'new Date;',
      'Date();',
      'Math.random();',
      'setTimeout(f, 1);',
      'globalThis.setTimeout(f, 1);',
      'setInterval(f, 1);',
      'await new Promise(setImmediate);',
      'const tools = { setTimeout };',
      `import { setTimeout } from 'node:timers/promises';`,
      `import timers from 'timers';`,
    ],
    good: [
      'clock.sleep(1);',
      'new Date(row.at);',
      'new Date(1, 2);',
      'clock.setTimeout(f, 1);',
      'const options = { setTimeout: 1 };',
      'const text = "Date.now()";',
      'Math.max(1, 2);',
    ],
  },
  {
    rule: 'environment',
    path: 'server/src/service.ts',
    bad: [
      'process.env.PORT;',
      `process.env['PORT'];`,
      'globalThis.process.env;',
      `import { env } from 'node:process';`,
      `import { env as e } from 'process';`,
      'const { env } = process;',
    ],
    good: ['process.exitCode = 1;', 'const { env } = options;', 'loadConfig(env);'],
  },
  {
    rule: 'console',
    path: 'contract/src/ids.ts',
    bad: ['console.log(1);', `console['error'](1);`],
    good: ['logger.info(1);', 'this.console.log(1);'],
  },
  {
    rule: 'any',
    path: 'scripts/check.ts',
    bad: ['const a: any = 1;', 'f<any>();', 'const a = b as any;', 'type A = Record<string, any>;'],
    good: ['const any = 1;', 'const a: unknown = any;', '// any'],
  },
  {
    rule: 'focus',
    path: 'server/src/seats/seat.test.ts',
    bad: [
      `test.only('a', f);`,
      `describe.only('a', f);`,
      `it.concurrent.only('a', f);`,
      `test.only.each([])('a', f);`,
    ],
    good: [`test('a', f);`, `test.skipIf(a)('.only(', f);`, 'options.only(1);'],
  },
  {
    rule: 'default-export',
    path: seats,
    bad: ['export default 1;', 'export default function f() {}', 'const a = 1; export { a as default };'],
    good: ['export const a = 1;', `import Type from 'typebox';`],
  },
  {
    rule: 'sql-name',
    path: seats,
    bad: [
      sql('select seat_no from seats.seat'),
      sql('\n  select count(*)'),
      sql('select pg_notify($1, $2)'),
      sql('select $1::int'),
      sql('with a as (select 1) select * from a'),
      sql('with recursive a (n) as materialized (select 1) select * from a'),
      sql('insert into seats.seat values (1)'),
      sql('update seats.seat s set state = 1'),
      sql('delete from seats.seat'),
      sql('truncate seats.seat'),
      sql('lock table seats.seat'),
      sql('/* hold */ select seat_no from seats.seat'),
      sql('/* payments.hold */ select seat_no from seats.seat'),
      sql('-- seats.hold\nselect seat_no from seats.seat'),
      `client.query('select seat_no from seats.seat');`,
      'client.query(`select ${columns} from seats.seat`);',
    ],
    good: [
      sql('/* seats.hold */ select seat_no from seats.seat'),
      sql('/* seats.lock-free */\nupdate seats.seat set state = 1'),
      `client.query('begin');`,
      `const text = 'select a seat first';`,
      `const text = 'update the catalogue';`,
      `const text = 'with a card';`,
      `const problem = 'seats.taken';`,
    ],
  },
  {
    rule: 'sql-name',
    path: 'server/src/platform/postgres/migrate.ts',
    bad: [],
    good: [sql('select revision from public.migration')],
  },
  {
    rule: 'sql-schema',
    path: seats,
    bad: [
      sql('/* seats.a */ insert into messaging.log (events) values ($1)'),
      sql('/* seats.a */ select w.balance from payments.wallet w'),
      sql('/* seats.a */ select s.no from seats.seat s join waiting_room.token t on t.no = s.no'),
      sql('update catalogue.concert set title = $1'),
    ],
    good: [
      sql('/* seats.a */ select s.no from seats.seat s'),
      sql('/* seats.a */ select 1 -- as payments.wallet does'),
      `const problem = 'payments.lapsed';`,
    ],
  },
  {
    rule: 'sql-schema',
    path: 'server/src/waiting-room/join-room.ts',
    bad: [sql('/* waiting-room.a */ select s.no from seats.seat s')],
    good: [sql('/* waiting-room.a */ insert into waiting_room.token (no) values ($1)')],
  },
  {
    rule: 'sql-schema',
    path: 'server/src/context.ts',
    bad: [sql('/* context.a */ select s.no from seats.seat s')],
    good: [],
  },
  {
    rule: 'sql-clock',
    path: seats,
    bad: [
      sql('/* seats.a */ select now()'),
      sql('/* seats.a */ select current_timestamp'),
      sql('/* seats.a */ update seats.hold set at = NOW ()'),
    ],
    good: [
      sql('/* seats.a */ select clock_timestamp(), transaction_timestamp()'),
      sql('/* seats.a */ select 1 -- not now()'),
      'const now = clock.now();',
    ],
  },
  {
    rule: 'sql-clock',
    path: 'server/sql/000009-more.sql',
    bad: ['create table a (at timestamptz default now());'],
    good: ['create table a (at timestamptz default clock_timestamp()); -- not now()'],
  },
  {
    rule: 'sql-case',
    path: 'server/sql/000009-more.sql',
    bad: ['SELECT 1;', 'select 1 WHERE true;', 'CREATE TABLE a ();'],
    good: ['select 1; -- UPDATE waits here', `insert into a values ('H');`],
  },
  {
    rule: 'sql-case',
    path: seats,
    bad: [sql('/* seats.a */ SELECT 1')],
    good: [`const method = 'DELETE FROM';`],
  },
  {
    rule: 'machine-path',
    path: 'docs/runbook.md',
    bad: ['See /root/frontrow/README.md.', '`/home/kim/frontrow`', 'file:///work/main/a.ts', 'cd /work/main'],
    good: [
      './work/main',
      'https://example.org/home/page',
      '/workers/a',
      'a clone under `/root`',
      '`~/home/a`',
    ],
  },
  {
    rule: 'leftover',
    path: 'server/sql/000009-more.sql',
    bad: ['-- TODO: an index', '-- FIXME later', '-- XXX'],
    good: ['-- to do so is right', '-- TODOS'],
  },
  {
    rule: 'suppression',
    path: seats,
    bad: [
      '// @ts-ignore',
      '// @ts-expect-error because',
      '/* eslint-disable */',
      '/* oxlint-disable */',
      '// oxlint-disable-next-line no-shadow',
      '// oxlint-disable-next-line -- every rule',
    ],
    good: ['// oxlint-disable-next-line no-shadow -- the inner one is meant', '// a.ts-ignore'],
  },
];

describe.each(planted)('$rule in $path', ({ rule: name, path, bad, good }) => {
  const rule = RULES.find((each) => each.name === name);

  test.each(bad)('finds %j', (text) => {
    expect(found(text)).toHaveLength(1);
  });

  test.each(good)('accepts %j', (text) => {
    expect(found(text)).toEqual([]);
  });

  function found(text: string): string[] {
    if (rule === undefined) throw new Error(`there is no rule ${name}`);
    return violations(rule, [sourceFile(path, text)]);
  }
});

test('no rule is without a planted violation', () => {
  const shown = new Set(planted.filter((each) => each.bad.length > 0).map((each) => each.rule));
  expect(RULES.map((rule) => rule.name).filter((name) => !shown.has(name))).toEqual([]);
});

test('a violation says where it is and what to do', () => {
  const rule = RULES.filter((each) => each.name === 'console');
  const file = sourceFile(seats, '\n\nconst text = `\n`; console.log(text);\n');
  expect(rule.flatMap((each) => violations(each, [file]))).toEqual([
    'server/src/seats/hold-seats.ts:4: the service writes log lines, not to the console; take a Logger',
  ]);
});

test('one statement name for two statements', () => {
  const one = sourceFile(seats, sql('/* seats.take */ select 1'));
  const two = sourceFile('server/src/seats/sell-seats.ts', `\n${sql('/* seats.take */ select 2')}`);
  expect(duplicateStatements([one])).toEqual([]);
  expect(duplicateStatements([one, two])).toEqual([
    'server/src/seats/sell-seats.ts:2: seats.take is the name of another statement at server/src/seats/hold-seats.ts:1; rename one',
  ]);
});

test('the median looks at the product only', () => {
  const files = [10, 300, 20].map((count) => sourceFile(seats, lines(count)));
  const suite = sourceFile('server/src/seats/seat.test.ts', lines(1));
  expect(medianLines([...files, suite, suite, suite])).toBe(20);
});

test('the product is what runs, without its suites', () => {
  const product = [seats, 'contract/src/events.ts', 'server/src/main.ts'];
  const others = [
    'server/src/seats/a.test.ts',
    'server/src/a.contract.ts',
    'server/test/tidy.test.ts',
    'bench/run.ts',
  ];
  expect([...product, ...others].filter(isProduct)).toEqual(product);
});
