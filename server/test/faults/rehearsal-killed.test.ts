/**
 * Goal: a rehearsal with a service of its own leaves nothing behind but its data, however it ends.
 * Method: the command as a process is killed in the middle. Then the service is started on the same data, as `npm start`
 * does, and audits itself.
 */
import { expect, it } from 'vitest';
import { exitCodes } from '../../src/platform/startup-refusal.ts';
import { auditedSale } from '../support/audited-sale.ts';
import { temporaryFolder } from '../support/folder.ts';
import { startOnsale } from '../support/onsale-process.ts';
import { ServiceEnded, startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const PATIENCE_MS = 240_000;
const ARGS = [
  '--fans',
  '150',
  '--seats',
  '80',
  '--rate',
  '20',
  '--curve',
  'ramp:2',
  '--hold-seconds',
  '5',
  '--think',
  '1',
];

it(
  'killed in the middle, it takes its service with it, and nothing is lost or doubled',
  async () => {
    await using data = await temporaryFolder();
    const env = { DATA_DIR: data.path, PORT: '0', OPERATOR_TOKEN };
    const running = startOnsale(ARGS, env);
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
      () => startProcess(data.path).catch(unlessHeld),
      60_000,
    );
    const after = await auditedSale(service);
    expect(after.state).toBe('CLEAN');
    expect(after.sold).toBeGreaterThanOrEqual(soldThen);
  },
  PATIENCE_MS,
);

/** Anything but that somebody else has the data is a failure. */
function unlessHeld(error: unknown): undefined {
  if (error instanceof ServiceEnded && error.exitCode === exitCodes.inUse) return undefined;
  throw error;
}
