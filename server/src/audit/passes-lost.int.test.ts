/**
 * Aim: whatever becomes of a pass, or of one of its checks, the others go on, and it is told.
 * Method: real instances; a pass is kept at a check by a table that somebody locked, or is left behind as a row.
 */
import { randomUUID } from 'node:crypto';
import type { AuditReport } from '#contract/http/operator.ts';
import { Client } from 'pg';
import { afterEach, expect, it } from 'vitest';
import { until } from '../../test/support/until.ts';
import { createWorld, type World } from '../../test/support/world.ts';

let world: World;
afterEach(() => world[Symbol.asyncDispose]());

const run = (text: string, values: readonly unknown[] = []) =>
  world.db.database.rows({ name: `test.${randomUUID()}`, text }, values);

async function ask(instance = 0): Promise<string> {
  const answer = await world.client(instance).operator<{ auditId: string }>('POST', '/admin/audits');
  expect(answer.status).toBe(202);
  return answer.body.auditId;
}

async function read(auditId: string, instance = 0): Promise<AuditReport> {
  return (await world.client(instance).operator<AuditReport>('GET', `/admin/audits/${auditId}`)).body;
}

const ended = (auditId: string, instance = 0): Promise<AuditReport> =>
  until('the audit has ended', async () => {
    const report = await read(auditId, instance);
    return report.state !== 'RUNNING' && report;
  });

/** A table that nobody can read until it is let go. */
async function lock(table: string) {
  const client = new Client(world.db.connection);
  await client.connect();
  await client.query('begin');
  await client.query(`lock table ${table} in access exclusive mode`);
  return { [Symbol.asyncDispose]: () => client.end() };
}

const atACheck = () =>
  run(`select pid from pg_stat_activity where datname = current_database()
    and application_name = 'frontrow audit' and wait_event_type = 'Lock'`);
const comesToTheLock = () =>
  until('the audit waits for the table', async () => (await atACheck()).length === 1);

/** What a migration waits for. */
const longReads = () =>
  run(`select pid from pg_locks where locktype = 'advisory' and objsubid = 1 and granted
    and objid::bigint = hashtext('frontrow.long-reads')::bigint & 4294967295
    and database = (select oid from pg_database where datname = current_database())`);

async function metrics(): Promise<string> {
  return (await fetch(`${world.client().url}/metrics`)).text();
}

it('is FAILED seconds after its instance died, and the next one comes in its time', async () => {
  world = await createWorld({ env: { AUDIT_INTERVAL_MS: '1000' } });
  const left = randomUUID();
  await run(
    `insert into audit.pass (audit_id, started_at) values ($1, clock_timestamp() - interval '15 s')`,
    [left],
  );
  expect((await read(left)).state).toBe('FAILED');
  // One that ended before may want its pause of 20 times its own time.
  await until(
    'the next one is clean',
    async () => {
      const rows = await run(
        `select from audit.pass where state = 'CLEAN' and pass_no > (select pass_no from audit.pass where audit_id = $1)`,
        [left],
      );
      return rows.length > 0;
    },
    60_000,
  );
}, 90_000);

it('is RUNNING for as long as it is alive, however long ago it began', async () => {
  world = await createWorld({ instances: 2 });
  let auditId: string;
  {
    await using _ = await lock('seats.buyer');
    auditId = await ask();
    await comesToTheLock();
    await run(`update audit.pass set started_at = started_at - interval '1 hour'`);
    expect((await read(auditId, 1)).state).toBe('RUNNING');
  }
  expect((await ended(auditId)).state).toBe('CLEAN');
});

it('waits for the one on another instance, and no migration waits for it meanwhile', async () => {
  world = await createWorld({ instances: 2 });
  let ids: string[];
  {
    await using _ = await lock('seats.buyer');
    ids = [await ask(0)];
    await comesToTheLock();
    ids.push(await ask(1));
    await until('the second one is alive', async () => {
      return (await run(`select from pg_locks where locktype = 'advisory' and objsubid = 2`)).length >= 2;
    });
    expect(await atACheck()).toHaveLength(1);
    expect(await longReads()).toHaveLength(1);
  }
  const [first, second] = await Promise.all(ids.map((auditId) => ended(auditId)));
  expect([first?.state, second?.state]).toEqual(['CLEAN', 'CLEAN']);
  const firstEndMs = Date.parse(first?.startedAt ?? '') + (first?.tookMs ?? 0);
  expect(Date.parse(second?.startedAt ?? '')).toBeGreaterThanOrEqual(firstEndMs - 5);
});

it('is shared by all who ask while another one runs, and who asks when it runs gets one more', async () => {
  world = await createWorld();
  let next: ReturnType<typeof lock>;
  let first: string;
  let second: string;
  {
    await using _ = await lock('seats.buyer');
    first = await ask();
    await comesToTheLock();
    // In the queue for the table it stands behind the first audit, so it keeps the second one.
    next = lock('seats.buyer');
    second = await ask();
    expect(second).not.toBe(first);
    expect(await ask()).toBe(second);
  }
  {
    await using _ = await next;
    await ended(first);
    await comesToTheLock();
    expect([first, second]).not.toContain(await ask());
  }
  expect((await ended(second)).state).toBe('CLEAN');
});

it('is FAILED at once when its connections are lost', async () => {
  world = await createWorld();
  await using _ = await lock('seats.buyer');
  const auditId = await ask();
  await comesToTheLock();
  await run(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'frontrow audit'`);
  expect((await ended(auditId)).state).toBe('FAILED');
});

it('names the check that could not be carried out, and says what the others found', async () => {
  world = await createWorld();
  await run('alter table seats.buyer rename to somebody');
  await run(`insert into payments.wallet values ('${randomUUID()}', 500)`);
  const report = await ended(await ask());
  expect(report.state).toBe('FAILED');
  const failed = report.checks.filter(({ failure }) => failure !== undefined);
  expect(failed).toEqual([
    expect.objectContaining({
      name: 'buyer-counts',
      failure: expect.stringContaining('seats.buyer') as string,
    }),
  ]);
  const broken = report.checks.filter(({ violationCount }) => violationCount > 0);
  expect(broken.map(({ name }) => name)).toEqual(['balances', 'money-conserved']);
  expect(world.log.lines.filter(({ text }) => text === 'an audit could not be carried out')).toEqual([
    expect.objectContaining({ level: 'error' }),
  ]);
  expect(await metrics()).toContain('frontrow_audit_failed_passes 1\n');
  expect(await metrics()).toContain('frontrow_audit_violations{check="balances"} 1\n');
  expect(await metrics()).not.toContain('frontrow_audit_violations{check="buyer-counts"}');
  await run('alter table seats.somebody rename to buyer');
  expect((await ended(await ask())).state).toBe('VIOLATED');
  expect(await metrics()).toContain('frontrow_audit_failed_passes 0\n');
});

it('bears an event whose reservation is no id', async () => {
  world = await createWorld();
  for (const id of ['zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz', '----a---------------------------------', ''])
    await run(
      `insert into messaging.log (names, events, event_count)
        values ('{}', json_build_array(json_build_object('name', 'SeatSold', 'reservationId', $1::text)), 1)`,
      [id],
    );
  expect((await ended(await ask())).state).toBe('CLEAN');
});

it('is given up when its instance stops, without waiting for the check that it is at', async () => {
  world = await createWorld();
  await run('alter table seats.buyer rename to somebody');
  await run(`create view seats.buyer as
    select * from seats.somebody union all select null, null, null from pg_sleep(600)`);
  const auditId = await ask();
  await until('the check is asleep', async () => {
    const text = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
    return (await run(text)).length === 1;
  });
  await world.instances[0]?.[Symbol.asyncDispose]();
  expect(await run('select state from audit.pass where audit_id = $1', [auditId])).toEqual([
    { state: 'FAILED' },
  ]);
});
