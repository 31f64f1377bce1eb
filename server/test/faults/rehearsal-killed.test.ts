/**
 * Goal: a rehearsal with a service of its own leaves nothing behind but its data, however it ends.
 * Method: the command as a process; it is let through, and killed in the middle. Then the service is started on the same
 * data, as `npm start` does, and audits itself.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createClient } from '../support/client.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startOnsale } from '../support/onsale-process.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const PATIENCE_MS = 240_000;
const SEATS = 80;
const ARGS = [
  '--fans',
  '150',
  '--seats',
  String(SEATS),
  '--rate',
  '20',
  '--curve',
  'ramp:2',
  '--hold-seconds',
  '5',
];

/** What the service says of itself once nothing is under way. */
async function audited(service: ServiceProcess) {
  const client = createClient(service.url, OPERATOR_TOKEN);
  const report = await until(
    'an audit has nothing under way',
    async () => {
      const { body } = await client.operator('POST', '/admin/audits');
      const path = `/admin/audits/${String(body['auditId'])}`;
      return until('the audit is over', async () => {
        const answer = await client.operator<{ state: string; underWay: number }>('GET', path);
        return answer.body.state !== 'RUNNING' && answer.body;
      }).then((found) => found.underWay === 0 && found);
    },
    60_000,
  );
  const { body } = await client.operator<{ sold: number; held: number }>(
    'GET',
    '/admin/performances/1/sales',
  );
  return { state: report.state, ...body };
}

it(
  'a rehearsal with a service of its own sells out, and the service and its database end with it',
  async () => {
    await using data = await temporaryFolder();
    const env = { DATA_DIR: data.path, PORT: '0', OPERATOR_TOKEN };
    const { exitCode, said } = await startOnsale([...ARGS, '--think', '0.2'], env).ended;
    expect({ exitCode, said }).toEqual({
      exitCode: 0,
      said: expect.stringContaining('Every promise was kept.'),
    });
    expect(await readdir(join(data.path, 'rehearsals'))).toEqual([expect.stringMatching(/^\d{4}-.*\.html$/)]);
    await using service = await startProcess(data.path);
    expect(await audited(service)).toMatchObject({ state: 'CLEAN', sold: SEATS, held: 0 });
  },
  PATIENCE_MS,
);

it(
  'killed in the middle, it takes its service with it, and nothing is lost or doubled',
  async () => {
    await using data = await temporaryFolder();
    const env = { DATA_DIR: data.path, PORT: '0', OPERATOR_TOKEN };
    const running = startOnsale([...ARGS, '--think', '1'], env);
    const soldThen = await until(
      'something is sold',
      () => Number(/ ([1-9]\d*) of 80 sold/.exec(running.said())?.[1] ?? 0) || undefined,
      120_000,
    );
    running.process.kill('SIGKILL');
    await running.ended;

    // The service of the rehearsal is about to end; until then it keeps others out of its data.
    await using service = await until(
      'the data are free',
      () => startProcess(data.path).catch(() => undefined),
      60_000,
    );
    const after = await audited(service);
    expect(after.state).toBe('CLEAN');
    expect(after.sold).toBeGreaterThanOrEqual(soldThen);
  },
  PATIENCE_MS,
);
