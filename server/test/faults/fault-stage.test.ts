/**
 * Goal: whatever a fault has done to its stage, nothing of it outlives the run.
 * Method: the worst that scenarios do to processes is done and not healed; then the stage is given up.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { signalFamily } from '../../../rehearsal/faults/server-processes.ts';
import { makeStage, type Wishes } from '../../../rehearsal/faults/stage.ts';
import { createChance } from '../../../scripts/support/random.ts';

/** Of processes whose command or environment names the folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => ['cmdline', 'environ'].some((file) => read(`/proc/${pid}/${file}`).includes(folder)));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

const CASES: readonly (readonly [string, Wishes])[] = [
  ['three instances, a PostgreSQL and proxies', { proxies: 'all' }],
  ['an instance with its own PostgreSQL', { embedded: true }],
];

it.runIf(process.platform === 'linux').each(CASES)(
  'takes %s with it, frozen or killed as they are',
  async (_, wishes) => {
    const stage = await makeStage(wishes, createChance(1));
    const { folder } = stage;
    const started = processesIn(folder).length;
    const pid = await stage.server.pid();
    const [first, second] = stage.instances;
    if (second === undefined) await first?.kill();
    else first?.freeze();
    second?.freeze();
    if (pid !== undefined && wishes.embedded !== true) signalFamily(pid, 'SIGSTOP');
    await stage[Symbol.asyncDispose]();
    expect(started).toBeGreaterThan(1);
    expect(processesIn(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  },
  120_000,
);
