/** `npm run audit` as a process of its own: beside a service that runs, and on the data of one that does not. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHECKS } from '../../src/audit/checks.ts';
import type { Environment } from '../../src/config/env.ts';
import { findEmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { createClient } from '../support/client.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts';
import { scheduleSale } from '../support/sale.ts';
import { startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const AUDIT = fileURLToPath(new URL('../../../scripts/audit.ts', import.meta.url));

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function audit(args: readonly string[] = [], env: Environment = { DATA_DIR: folder.path }) {
  const child = spawn(process.execPath, [AUDIT, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  await once(child, 'close');
  return { exitCode: child.exitCode, ...said };
}

it('says what is wrong with how it was called, and where there is nothing to audit', async () => {
  expect(await audit(['--settle', 'soon'])).toMatchObject({
    exitCode: 64,
    err: expect.stringContaining('"soon" is not'),
  });
  expect(await audit()).toMatchObject({
    exitCode: 66,
    err: expect.stringContaining(`there are no data in ${folder.path}`),
  });
  const nowhere = { DATABASE_URL: 'postgres://nobody:none@127.0.0.1:9/none' };
  expect(await audit([], nowhere)).toMatchObject({
    exitCode: 69,
    err: expect.stringContaining('cannot be reached'),
  });
}, 60_000);

it('audits beside a service without disturbing it, then its data alone, and says 1 when something is broken', async () => {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(await startProcess(folder.path));
  const client = createClient(service.url, OPERATOR_TOKEN);
  const { performanceId } = await until(
    'there is a sale',
    () => scheduleSale(client, { seats: 10 }).catch(() => undefined),
    30_000,
  );
  const fan = await client.fan();
  await until('there is money', async () => (await fan.charge(50_000, 'charge')).status === 201);
  const held = await until('a seat is held', async () => {
    const answer = await fan.hold(performanceId, [1]);
    return answer.status === 201 && answer;
  });

  const beside = await audit(['--settle', '20']);
  expect(beside).toMatchObject({ exitCode: 0, err: '' });
  expect(beside.out).toMatch(/^ok +held-is-reserved +I9 +1 +\d+ ms  every held seat/m);
  expect(beside.out).toMatch(
    new RegExp(`^clean: ${CHECKS.length} checks in \\d+\\.\\d s, 0 reservations under way$`, 'm'),
  );
  await until('it is paid', async () => {
    return (await fan.pay(String(held.body['reservationId']), 'pay')).status === 201;
  });
  await service[Symbol.asyncDispose]();

  const alone = await audit(['--json']);
  expect(alone).toMatchObject({ exitCode: 0, err: expect.stringContaining('no service runs here') });
  expect(JSON.parse(alone.out)).toMatchObject({
    state: 'CLEAN',
    isServed: false,
    checks: { length: CHECKS.length },
  });
  expect(await findEmbeddedPostgres(folder.path)).toBeUndefined();

  {
    await using postgres = await startEmbeddedPostgres({ dataDir: folder.path, log: () => {} });
    expect(await findEmbeddedPostgres(folder.path)).toEqual(postgres.connection);
    await using lie = new AsyncDisposableStack();
    const connection = new Client(postgres.connection);
    lie.defer(() => connection.end());
    await connection.connect();
    await connection.query(`update payments.wallet set balance_krw = balance_krw + 1`);
  }
  const broken = await audit();
  expect(broken.exitCode).toBe(1);
  expect(broken.out).toMatch(/^BROKEN balances .*\n +wallet \S+ has 1 won, and 0 after its last transfer$/m);
  expect(broken.out).toContain(`\n2 violations: ${CHECKS.length} checks`);
}, 120_000);
