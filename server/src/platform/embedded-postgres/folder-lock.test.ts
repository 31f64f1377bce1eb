import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from './folder-lock.ts';

/** Tries in a process of its own; the exit code is the refusal's, or 0. */
function lockInProcess(folder: string): number | null {
  const script = `
    const { lockFolder } = await import(${JSON.stringify(new URL('folder-lock.ts', import.meta.url).href)});
    try { lockFolder(${JSON.stringify(folder)}); } catch (error) { process.exitCode = error.exitCode ?? 1; }`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' }).status;
}

it('is held against this process and others, until it is given back', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fr-test-'));
  const refused = expect.objectContaining({ exitCode: 75 }) as Error;
  {
    using _lock = lockFolder(folder.path);
    expect(() => lockFolder(folder.path)).toThrow(refused);
    // After a refused attempt in the owner's own process: that must not have loosened the lock.
    expect(lockInProcess(folder.path)).toBe(75);
    expect(() => lockFolder(folder.path)).toThrow(refused);
  }
  expect(lockInProcess(folder.path)).toBe(0);
  using _again = lockFolder(folder.path);
  expect((await stat(join(folder.path, 'postgres.lock'))).mode & 0o777).toBe(0o600);
});
