/** For each rule, texts that it must find and texts that it must accept. */
import { FILE_LINES_MAX } from './shape.ts';

interface Planted {
  readonly rule: string;
  readonly path: string;
  readonly bad: readonly string[];
  readonly good: readonly string[];
}

/** In two parts: whoever looks for such a path in this repository should not find this one. */
const WORK = ['', 'work'].join('/');

export const seats = 'server/src/seats/hold-seats.ts';
export const lines = (count: number, line = 'a();') => Array.from({ length: count }, () => line).join('\n');
const importing = (...specifiers: string[]) => specifiers.map((each) => `import { a } from '${each}';`);
export const sql = (text: string) => `const S = statement(\`${text}\`);`;

export const planted: readonly Planted[] = [
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
    path: 'bench/parts/holds.ts',
    bad: importing('../../server/test/support/world.ts'),
    good: importing('../../server/src/service.ts', '../../server/src/seats/index.ts', 'pg', './load.ts'),
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
    path: 'server/src/audit/check-seats.ts',
    bad: [
      sql('/* audit.a */ update seats.seat set price_krw = 0'),
      sql('/* audit.a */ delete from messaging.log'),
      sql('/* audit.a */ select s.no from seats.seat s for update'),
      sql('/* audit.a */ select s.no from seats.seat s for key share'),
      sql('/* audit.a */ with a as (insert into seats.hold default values returning 1) select 1'),
    ],
    good: [
      sql('/* audit.a */ select s.no from seats.seat s join payments.payment p on p.no = s.no'),
      sql('/* audit.a */ insert into audit.pass (audit_id) values ($1)'),
    ],
  },
  {
    rule: 'sql-schema',
    path: 'server/src/messaging/log.ts',
    bad: [sql('/* messaging.a */ select p.state from audit.pass p')],
    good: [],
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
    bad: [
      'See /root/frontrow/README.md.',
      '`/home/kim/frontrow`',
      `file://${WORK}/main/a.ts`,
      `cd ${WORK}/main`,
      '`/tmp/frontrow/log`',
      '/var/folders/ab/x',
    ],
    good: [
      './work/main',
      'https://example.org/home/page',
      '/workers/a',
      'a clone under `/root`',
      '`~/home/a`',
      'think of `/tmp`',
      '/var/lib/frontrow',
    ],
  },
  {
    rule: 'registry',
    path: 'package-lock.json',
    bad: ['      "resolved": "https://registry.example.org/a/-/a-1.0.0.tgz",'],
    good: [
      '"resolved": "contract"',
      '"funding": { "url": "https://example.org" }',
      '"version": "1.0.0"',
      '"integrity": "sha512-a=="',
    ],
  },
  {
    rule: 'registry',
    path: '.npmrc',
    bad: [
      'registry=https://registry.example.org/',
      '@frontrow:registry = https://registry.example.org/',
      '//registry.example.org/:_authToken=abc',
    ],
    good: ['save-exact=true', 'omit-lockfile-registry-resolved=true', '# the registry is the default'],
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
