import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../server/test/support/database.ts';
import { createEmptyDatabase } from '../../server/test/support/empty-database.ts';
import { ROOT } from '../support/run.ts';
import { describeSchema } from './describe-schema.ts';

test('server/sql/schema.sql is what the migrations make', async () => {
  await using db = await createTestDatabase();
  const made = await describeSchema(db.connection);
  const written = await readFile(join(ROOT, 'server/sql/schema.sql'), 'utf8').catch(() => '');
  expect(made.length).toBeGreaterThan(3_000);
  expect(written, 'the migrations changed: run npm run write-schema and look at the difference').toBe(made);
});

test('whatever a migration can make shows in the description', async () => {
  await using db = await createEmptyDatabase();
  const steps = [
    'create schema one',
    'create sequence one.counter as int',
    `create table one.item (item_id int primary key, "Kind" text not null default 'Big', doubled int generated always as (item_id * 2) stored)`,
    'alter table one.item add column line_id bigint generated always as identity',
    `alter table one.item add constraint kind_known check ("Kind" in ('Big', 'Small'))`,
    'alter table one.item add unique ("Kind", item_id)',
    'create table one.part (part_id int references one.item)',
    'alter table one.item set (fillfactor = 70)',
    'create index item_by_kind on one.item ("Kind") where item_id > 0',
    'create view one.small as select item_id from one.item',
    `create function one.noop() returns trigger language plpgsql as $$ begin return new; end $$`,
    'create trigger noop before insert on one.item for each row execute function one.noop()',
    'drop index one.item_by_kind',
    'alter table one.item alter column "Kind" drop not null',
  ];
  const seen = new Set<string>();
  for (const step of steps) {
    await db.query(step);
    const description = await describeSchema(db.connection);
    expect(seen, `${step} changed nothing in the description`).not.toContain(description);
    seen.add(description);
  }
  const [last] = [...seen].slice(-1);
  expect(last).toContain(`"Kind" text default 'Big'::text`);
  expect(last).toContain('with (fillfactor=70)');
});
