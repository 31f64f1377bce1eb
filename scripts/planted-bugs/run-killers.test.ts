/** Goal: nothing outlives a run of the killers, and nothing is changed but the copy. Vitest is a script of the test here. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from '../../server/src/platform/embedded-postgres/test-kit.ts';
import { until } from '../../server/test/support/until.ts';
import { type Copy, copyProject } from './copy-of-the-project.ts';
import { runKillers, type RunKillersOptions } from './run-killers.ts';

const KILLERS = [{ file: 'server/a.test.ts', test: 'no (more) than one' }];

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'frontrow-project-'));
});
afterEach(() => rm(project, { recursive: true, force: true }));

/** A copy of a project whose vitest is this script. */
async function copyWith(script: string): Promise<Copy> {
  for (const folder of ['server', '.git', 'node_modules/.bin', 'node_modules/.cache', 'node_modules/pg'])
    await mkdir(join(project, folder), { recursive: true });
  await writeFile(join(project, 'server/seat.ts'), 'right');
  await writeFile(join(project, 'node_modules/.bin/vitest'), `#!/bin/sh\n${script}\n`);
  await chmod(join(project, 'node_modules/.bin/vitest'), 0o755);
  return copyProject(project);
}

const run = (copy: Copy, given: Partial<RunKillersOptions> = {}) =>
  runKillers({ copy, killers: KILLERS, timeoutMs: 60_000, signal: new AbortController().signal, ...given });

test('a copy has the project without its history, its packages by links, and goes without a trace', async () => {
  const copy = await copyWith('exit 0');
  expect(await readdir(copy.root)).toEqual(['node_modules', 'server']);
  expect(await readdir(join(copy.root, 'node_modules'))).toEqual(['.bin', 'pg']);
  await writeFile(join(copy.root, 'server/seat.ts'), 'wrong');
  await copy[Symbol.asyncDispose]();
  expect(await readFile(join(project, 'server/seat.ts'), 'utf8')).toBe('right');
  expect(await readdir(join(project, 'node_modules/pg'))).toEqual([]);
  await expect(readdir(copy.root)).rejects.toThrow('ENOENT');
});

test('only the named tests are run, in the copy, and what they say is read', async () => {
  await using copy = await copyWith(`
    printf '%s\\n' "$PWD" "$@" > "$TMPDIR/arguments"
    for each in "$@"; do case $each in --outputFile.json=*) report=\${each#*=};; esac; done
    echo '{"testResults":[]}' > "$report"; echo done; exit 3`);
  const report = { testResults: [] };
  expect(await run(copy)).toEqual({ exitCode: 3, isTimedOut: false, output: 'done\n', report });
  const [folder, ...args] = (await readFile(join(copy.temporary, 'arguments'), 'utf8')).split('\n');
  expect(folder).toBe(copy.root);
  expect(args).toEqual(
    expect.arrayContaining([
      '--project=unit',
      String.raw`--testNamePattern=no \(more\) than one`,
      'server/a.test.ts',
    ]),
  );
});

test('one that comes to no end is ended with all that it started, and has said nothing', async () => {
  await using copy = await copyWith('trap "" TERM; sleep 600 & echo $! > "$TMPDIR/pid"; wait');
  const ran = await run(copy, { timeoutMs: 2_000, endingMaxMs: 100 });
  expect(ran).toMatchObject({ isTimedOut: true, report: undefined });
  await until('what it started has ended', () => hasEnded(copy));
});

test('an interruption ends it at once', async () => {
  await using copy = await copyWith('sleep 600 & echo $! > "$TMPDIR/pid"; wait');
  const interrupted = new AbortController();
  const running = run(copy, { signal: interrupted.signal });
  const outcome = running.then(
    () => 'ended',
    (error: unknown) => error,
  );
  await until('it has begun', () => pidIn(copy));
  interrupted.abort(new Error('Ctrl-C'));
  expect(await outcome).toEqual(new Error('Ctrl-C'));
  await until('what it started has ended', () => hasEnded(copy));
});

async function pidIn(copy: Copy): Promise<number | undefined> {
  const text = await readFile(join(copy.temporary, 'pid'), 'utf8').catch(() => '');
  return text.endsWith('\n') ? Number(text) : undefined;
}

async function hasEnded(copy: Copy): Promise<boolean> {
  const pid = await pidIn(copy);
  return pid !== undefined && !isAlive(pid);
}
