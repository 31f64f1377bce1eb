import { randomUUID } from 'node:crypto';
import type { AuditReport, AuditSummary } from '#contract/http/operator.ts';
import { afterEach, expect, it } from 'vitest';
import { openSale } from '../../test/support/sale.ts';
import { until } from '../../test/support/until.ts';
import { createWorld, type World } from '../../test/support/world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

const run = (text: string, values: readonly unknown[] = []) =>
  world.db.database.rows({ name: `test.${randomUUID()}`, text }, values);
/** Something that every audit finds. */
const lie = () => run(`insert into payments.wallet values ('${randomUUID()}', 500)`);

async function ask(instance = 0): Promise<string> {
  const answer = await world.client(instance).operator<{ auditId: string }>('POST', '/admin/audits');
  expect(answer.status).toBe(202);
  return answer.body.auditId;
}

function find(auditId: string, instance = 0): Promise<AuditReport> {
  return until('the audit has ended', async () => {
    const { status, body } = await world
      .client(instance)
      .operator<AuditReport>('GET', `/admin/audits/${auditId}`);
    expect(status).toBe(200);
    return body.state !== 'RUNNING' && body;
  });
}

function list(query = ''): Promise<{ audits: AuditSummary[]; next: string | null }> {
  return world
    .client()
    .operator<{ audits: AuditSummary[]; next: string | null }>('GET', `/admin/audits${query}`)
    .then(({ body }) => body);
}

async function metrics(instance = 0): Promise<string> {
  return (await fetch(`${world.client(instance).url}/metrics`)).text();
}

function figureIn(text: string, name: string): number {
  return Number(new RegExp(`^frontrow_${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

it('is for operators only, and an audit that there is not is not found', async () => {
  world = await createWorld();
  const fan = await world.client().fan();
  for (const [method, path] of [
    ['POST', '/admin/audits'],
    ['GET', '/admin/audits'],
    ['GET', `/admin/audits/${randomUUID()}`],
  ] as const) {
    for (const token of [undefined, fan.account, fan.turn]) {
      expect((await world.client().request(method, path, { token })).status).toBe(401);
    }
  }
  const unknown = await world.client().operator('GET', `/admin/audits/${randomUUID()}`);
  expect(unknown).toMatchObject({ status: 404, body: { code: 'audit.not-found' } });
  expect((await world.client().operator('GET', '/admin/audits/first')).status).toBe(400);
});

it('is begun on one instance and read on any, with every check and what it counted', async () => {
  world = await createWorld({ instances: 2 });
  await openSale(world, { seats: 10 });
  await world.settle();
  const report = await find(await ask(), 1);
  expect(report).toMatchObject({ state: 'CLEAN', underWay: 0, tookMs: expect.any(Number) });
  expect(report.checks.find(({ name }) => name === 'seat-rows')).toMatchObject({
    promise: 'I1',
    counted: 10,
    violationCount: 0,
    violations: [],
  });
});

it('names what is broken, in the answer, at error in the log, and in the metrics of every instance', async () => {
  world = await createWorld({ instances: 2 });
  await lie();
  const report = await find(await ask());
  expect(report.state).toBe('VIOLATED');
  const broken = report.checks.filter(({ violationCount }) => violationCount > 0);
  expect(broken.map(({ name }) => name)).toEqual(['balances', 'money-conserved']);
  expect(world.log.lines.filter(({ text }) => text === 'a promise is broken')).toEqual([
    expect.objectContaining({
      level: 'error',
      fields: expect.objectContaining({ check: 'balances', violations: broken[0]?.violations }) as unknown,
    }),
    expect.objectContaining({
      level: 'error',
      fields: expect.objectContaining({ check: 'money-conserved' }) as unknown,
    }),
  ]);
  for (const instance of [0, 1]) {
    const text = await metrics(instance);
    expect(text).toContain('frontrow_audit_violations{check="balances"} 1');
    expect(text).toContain('frontrow_audit_violations{check="seat-owners"} 0');
    const tookMs = report.tookMs ?? Number.NaN;
    expect(figureIn(text, 'audit_pass_seconds')).toBe(tookMs / 1000);
    const finishedMs = Date.parse(report.startedAt) + tookMs;
    expect(figureIn(text, 'audit_finished_timestamp_seconds')).toBe(finishedMs / 1000);
  }
});

it('sees what was there when it was asked for, though another one runs at that moment', async () => {
  world = await createWorld();
  await ask();
  await lie();
  expect((await find(await ask())).state).toBe('VIOLATED');
});

it('lists audits from the newest on, in pages', async () => {
  world = await createWorld();
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const id = await ask();
    await find(id);
    ids.unshift(id);
  }
  const first = await list('?limit=2');
  expect(first.audits.map(({ auditId }) => auditId)).toEqual(ids.slice(0, 2));
  expect(first.audits[0]).toMatchObject({ state: 'CLEAN', violationCount: 0 });
  const second = await list(`?limit=2&cursor=${first.next}`);
  expect(second).toMatchObject({ audits: [{ auditId: ids[2] }], next: null });
});

it('tells an audit that its instance did not finish by its age', async () => {
  world = await createWorld();
  const id = randomUUID();
  await run(
    `insert into audit.pass (audit_id, started_at) values ($1, clock_timestamp() - interval '1 hour')`,
    [id],
  );
  expect((await find(id)).state).toBe('FAILED');
  expect((await list()).audits).toMatchObject([{ auditId: id, state: 'FAILED' }]);
});

it('says that it failed when it could not be carried out', async () => {
  world = await createWorld();
  await run('alter table seats.buyer rename to somebody');
  const report = await find(await ask());
  expect(report.state).toBe('FAILED');
  expect(world.log.lines.map(({ text }) => text)).toContain('an audit could not be carried out');
  await run('alter table seats.somebody rename to buyer');
  expect((await find(await ask())).state).toBe('CLEAN');
});

it('runs again and again by itself', async () => {
  world = await createWorld({ instances: 2, env: { AUDIT_INTERVAL_MS: '1000' } });
  const ended = (count: number) =>
    until(
      `${count} have ended`,
      async () => {
        const { audits } = await list();
        const done = audits.filter(({ state }) => state !== 'RUNNING');
        return done.length >= count && done;
      },
      30_000,
    );
  await ended(1);
  // As if the pause after it were over.
  await run(`update audit.pass set started_at = started_at - interval '1 hour'`);
  expect((await ended(2)).map(({ state }) => state)).toEqual(['CLEAN', 'CLEAN']);
}, 90_000);

it('keeps what was found longer than what was clean, and not for ever', async () => {
  world = await createWorld();
  await run(`insert into audit.pass (audit_id, state, took_ms, violation_count)
    select gen_random_uuid(), 'VIOLATED', 1, 1 from generate_series(1, 1005)`);
  await run(
    `insert into audit.pass (audit_id, state, took_ms) select gen_random_uuid(), 'CLEAN', 1 from generate_series(1, 1005)`,
  );
  await find(await ask());
  const rows = await run('select state, count(*) from audit.pass group by state order by state');
  expect(rows).toEqual([
    { state: 'CLEAN', count: 1_000 },
    { state: 'VIOLATED', count: 1_000 },
  ]);
});
