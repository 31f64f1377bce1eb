import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { processEnvironment } from './env.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'frontrow-env-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('the environment alone, where there is no .env', () => {
  vi.stubEnv('HOST', '10.0.0.1');
  expect(processEnvironment(directory)['HOST']).toBe('10.0.0.1');
});

test('.env says what the environment does not, and never overrules it', async () => {
  vi.stubEnv('HOST', '10.0.0.1');
  vi.stubEnv('PORT', undefined);
  await writeFile(join(directory, '.env'), '# ours\nHOST=10.0.0.2\nPORT="4000"\n#LOG_LEVEL=debug\n');
  const env = processEnvironment(directory);
  expect([env['HOST'], env['PORT'], env['LOG_LEVEL']]).toEqual(['10.0.0.1', '4000', undefined]);
});
