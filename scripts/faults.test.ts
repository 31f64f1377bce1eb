import { expect, test } from 'vitest';
import { run } from './support/run.ts';

const faults = (...args: string[]) => run('node', ['scripts/faults.ts', ...args], { show: false });

test('a name that there is not is refused, with what to do', async () => {
  const { exitCode, output } = await faults('instance-kild');
  expect(exitCode).toBe(64);
  expect(output).toContain('there is no fault instance-kild');
  expect(output).toContain('npm run faults -- --help');
}, 120_000);
