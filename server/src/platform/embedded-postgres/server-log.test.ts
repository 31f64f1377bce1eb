import { mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createServerLog } from './server-log.ts';

it('starts anew when it has grown large, while the server goes on writing', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fr-test-'));
  const log = createServerLog(join(folder.path, 'postgres.log'), 10);
  await using server = await log.open();
  await server.write('short\n');
  await log.trim();
  expect(await readFile(log.path, 'utf8')).toBe('short\n');

  await server.write('grown large\n');
  await log.trim();
  await server.write('next\n');
  expect(await readFile(log.path, 'utf8')).toBe('next\n');
  expect(await readFile(`${log.path}.1`, 'utf8')).toBe('short\ngrown large\n');
  expect((await stat(`${log.path}.1`)).mode & 0o777).toBe(0o600);
});

it('gives the last lines after a position', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fr-test-'));
  const log = createServerLog(join(folder.path, 'postgres.log'));
  expect(await log.tail(0)).toBe('');
  await using server = await log.open();
  await server.write('before\n');
  const from = await log.sizeBytes();
  expect(await log.tail(from)).toBe('');
  await server.write('after\n');
  expect(await log.tail(from)).toBe('after\n');
  await server.write('x'.repeat(100_000));
  expect((await log.tail(from)).length).toBe(4_096);
});
