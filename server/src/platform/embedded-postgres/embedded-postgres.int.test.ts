/** The life of the embedded server: start, stop, crash, and who owns it meanwhile. */
import { spawn } from 'node:child_process';
import { lstat, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  account,
  copyFolder,
  isAlive,
  isRoot,
  makeFolder,
  pidOf,
  query,
  startInProcess,
  superuser,
  until,
  type TestFolder,
} from './test-kit.ts';
import { startEmbeddedPostgres } from './index.ts';

const quiet = () => {};
const inUse = expect.objectContaining({
  name: 'StartupRefusal',
  exitCode: 75,
  message: expect.stringContaining('in use by another Frontrow') as string,
}) as Error;

/** A data directory as a clean stop leaves it. Making one takes most of a second; copying it, much less. */
let used: TestFolder;

beforeAll(async () => {
  used = await makeFolder();
  const server = await startEmbeddedPostgres({ dataDir: used.path, log: quiet });
  await query(server.connection, 'create table kept as select 42 as answer');
  await server[Symbol.asyncDispose]();
});
afterAll(() => used[Symbol.asyncDispose]());

describe('a start on an empty folder', () => {
  it('gives a durable server that only its own user can reach', async () => {
    await using folder = await makeFolder();
    await using server = await startEmbeddedPostgres({
      dataDir: folder.path,
      log: quiet,
      settings: { work_mem: '7MB' },
    });

    const rows = await query<{ name: string; setting: string }>(
      server.connection,
      `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit',
         'data_checksums', 'listen_addresses', 'unix_socket_permissions', 'jit', 'work_mem')`,
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      data_checksums: 'on',
      listen_addresses: '',
      unix_socket_permissions: '0700',
      jit: 'off',
      work_mem: '7168',
    });
    const databases = await query(
      server.connection,
      `select datlocprovider as provider, datlocale as locale, pg_encoding_to_char(encoding) as encoding
         from pg_database where datname = current_database()`,
    );
    expect(databases).toEqual([{ provider: 'b', locale: 'C.UTF-8', encoding: 'UTF8' }]);

    expect(server.adopted).toBe(false);
    expect((await stat(server.connection.host)).mode & 0o777).toBe(0o700);
    expect((await stat(join(server.dataDir, 'frontrow-passwords.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder.path, 'postgres.log'))).mode & 0o777).toBe(0o600);
  });

  it('gives the service its own database, no superuser, and lets nobody in without the password', async () => {
    await using folder = await copyFolder(used); // with the log of its first start
    await using server = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    const me = await query(
      server.connection,
      `select current_user as name, rolsuper as super, pg_get_userbyid(datdba) as owner
         from pg_roles, pg_database where rolname = current_user and datname = current_database()`,
    );
    expect(me).toEqual([{ name: 'frontrow', super: false, owner: 'frontrow' }]);
    const stranger = query({ ...server.connection, password: 'guessed' }, 'select 1');
    await expect(stranger).rejects.toMatchObject({ code: '28P01' });
    const log = await readFile(join(folder.path, 'postgres.log'), 'utf8');
    expect(log).not.toContain(server.connection.password);
  });

  it('puts the socket elsewhere when the path is too long for one, and cleans up', async () => {
    await using folder = await makeFolder();
    const dataDir = join(folder.path, 'long-'.repeat(20));
    const server = await startEmbeddedPostgres({ dataDir, log: quiet });
    const socketDir = server.connection.host;
    try {
      expect(socketDir).not.toBe(server.dataDir);
      expect((await stat(socketDir)).mode & 0o777).toBe(0o700);
      expect((await stat(socketDir)).uid).toBe((await stat(server.dataDir)).uid);
      expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await server[Symbol.asyncDispose]();
    }
    await expect(stat(socketDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('clears away what a killed initdb left', async () => {
    await using folder = await makeFolder();
    const owner = startInProcess({ dataDir: folder.path });
    const staging = async () =>
      (await readdir(folder.path)).filter((name) => name.includes('.initialising-'));
    await until(async () => {
      const [name = 'none'] = await staging();
      return (await stat(join(folder.path, name, 'data', 'base'))).isDirectory();
    });
    await owner.kill();
    expect(await staging()).toHaveLength(1);
    await expect(stat(join(folder.path, 'postgres'))).rejects.toMatchObject({ code: 'ENOENT' });

    await using server = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await staging()).toEqual([]);
  });
});

describe('a stop and a start', () => {
  it('ends the server, whoever is still connected, and keeps the data', async () => {
    await using folder = await copyFolder(used);
    const first = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    const idler = new Client(first.connection);
    idler.on('error', quiet);
    await idler.connect();
    await idler.query('begin');
    const pid = await pidOf(first.dataDir);
    await first[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);

    await using second = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    expect(second.adopted).toBe(false);
    expect(await query(second.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await readFile(join(folder.path, 'postgres.log'), 'utf8')).not.toContain('not properly shut down');
  });

  it('does not wait for a server that does not react to the end of the claim', async () => {
    await using folder = await copyFolder(used);
    const server = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    const [claim] = await query<{ pid: number }>(
      await superuser(server),
      `select pid from pg_locks where locktype = 'advisory' and granted`,
    );
    if (claim === undefined) throw new Error('there is no claim');
    process.kill(claim.pid, 'SIGSTOP');
    const stopping = server[Symbol.asyncDispose]();
    const logFile = join(folder.path, 'postgres.log');
    await until(async () => /fast shutdown[^]*fast shutdown/.test(await readFile(logFile, 'utf8')));
    process.kill(claim.pid, 'SIGCONT');
    await stopping;
    await expect(pidOf(server.dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not stopped by a postmaster.pid whose process id belongs to another program now', async () => {
    await using folder = await copyFolder(used);
    const first = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    await first[Symbol.asyncDispose]();
    const { uid, gid } = await stat(first.dataDir);
    const other = spawn('/bin/sleep', ['60'], isRoot ? { uid, gid } : {});
    try {
      const lines = [other.pid, first.dataDir, 1, 5432, first.dataDir, '', '', 'ready', ''];
      await writeFile(join(first.dataDir, 'postmaster.pid'), lines.join('\n'));
      await using second = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
      expect(second.adopted).toBe(false);
      expect(other.signalCode).toBeNull();
    } finally {
      other.kill();
    }
  });
});

describe('a server whose owner was killed', () => {
  it('is adopted, with its data, and stopped by its new owner', async () => {
    await using folder = await copyFolder(used);
    const dead = startInProcess({ dataDir: folder.path });
    const { connection, dataDir = '' } = await dead.report;
    const pid = await pidOf(dataDir);
    await dead.kill();
    expect(isAlive(pid)).toBe(true);

    const heir = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    expect(heir.adopted).toBe(true);
    expect(heir.connection).toEqual(connection);
    expect(await query(heir.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(await pidOf(dataDir)).toBe(pid);
    await heir[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
  });

  it('is left alone while somebody else holds the claim', async () => {
    await using folder = await copyFolder(used);
    const dead = startInProcess({ dataDir: folder.path });
    const { connection, dataDir = '' } = await dead.report;
    if (connection === undefined) throw new Error('the server did not start');
    await dead.kill();
    const claimant = new Client(await superuser({ connection, dataDir }));
    await claimant.connect();
    await until(async () => {
      const { rows } = await claimant.query<{ taken: boolean }>(
        'select pg_try_advisory_lock(7066878787) as taken',
      );
      return rows[0]?.taken === true;
    });

    await expect(startEmbeddedPostgres({ dataDir: folder.path, log: quiet })).rejects.toEqual(inUse);
    expect((await claimant.query('select 1 as one')).rows).toEqual([{ one: 1 }]);

    await claimant.end();
    await using heir = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    expect(heir.adopted).toBe(true);
  });

  it('is replaced when it does not answer', async () => {
    await using folder = await copyFolder(used);
    const dead = startInProcess({ dataDir: folder.path });
    const { dataDir = '' } = await dead.report;
    const pid = await pidOf(dataDir);
    process.kill(pid, 'SIGSTOP');
    await dead.kill();

    const said: string[] = [];
    await using heir = await startEmbeddedPostgres({ dataDir: folder.path, log: (line) => said.push(line) });
    expect(heir.adopted).toBe(false);
    expect(isAlive(pid)).toBe(false);
    expect(said.join('\n')).toContain('does not answer');
    expect(await query(heir.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });
});

describe('the remains of a server that was killed together with its owner', () => {
  it('are waited for: a session that is still busy keeps the data closed', async () => {
    await using folder = await copyFolder(used);
    const dead = startInProcess({ dataDir: folder.path });
    const { connection, dataDir = '' } = await dead.report;
    const client = new Client(connection ?? {});
    client.on('error', quiet);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const session = rows[0]?.pid ?? 0;
    process.kill(session, 'SIGSTOP'); // as busy as can be
    await dead.kill();
    process.kill(await pidOf(dataDir), 'SIGKILL');

    let waited = false;
    const log = (line: string) => {
      if (!line.includes('waiting for the last sessions')) return;
      waited = true;
      process.kill(session, 'SIGCONT');
    };
    await using server = await startEmbeddedPostgres({ dataDir: folder.path, log });
    expect({ waited, adopted: server.adopted }).toEqual({ waited: true, adopted: false });
    expect(await query(server.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });
});

describe('two Frontrows on one folder', () => {
  it('refuses the second one, in this process and in another, and does not disturb the first', async () => {
    await using folder = await copyFolder(used);
    await using server = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    await expect(startEmbeddedPostgres({ dataDir: folder.path, log: quiet })).rejects.toEqual(inUse);
    // Twice: the refused attempt must not have loosened the lock.
    for (const _ of [1, 2]) {
      await using second = startInProcess({ dataDir: folder.path });
      expect(await second.report).toMatchObject({ exitCode: 75 });
    }
    expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('lets exactly one of two win that start at once on an empty folder', async () => {
    await using folder = await makeFolder();
    await using one = startInProcess({ dataDir: folder.path });
    await using two = startInProcess({ dataDir: folder.path });
    const reports = await Promise.all([one.report, two.report]);
    expect(reports.map(({ exitCode }) => exitCode).filter((code) => code !== undefined)).toEqual([75]);
    const winner = reports.find(({ connection }) => connection !== undefined);
    expect(await query(winner?.connection ?? {}, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a server that dies', () => {
  it('comes back in the same place with its data and our claim, as often as it dies', async () => {
    await using folder = await copyFolder(used);
    const said: string[] = [];
    await using server = await startEmbeddedPostgres({
      dataDir: folder.path,
      log: (line) => said.push(line),
    });
    for (const times of [1, 2]) {
      const pid = await pidOf(server.dataDir);
      process.kill(pid, 'SIGKILL');
      await until(() => !isAlive(pid));
      await until(() => said.filter((line) => line.includes('PostgreSQL is back')).length === times);
      expect(await query(server.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
      expect(await pidOf(server.dataDir)).not.toBe(pid);
    }
    const claims = await query(
      await superuser(server),
      `select pid from pg_locks where locktype = 'advisory' and granted`,
    );
    expect(claims).toHaveLength(1);
  });

  it('is claimed again when only the connection was lost', async () => {
    await using folder = await copyFolder(used);
    const said: string[] = [];
    await using server = await startEmbeddedPostgres({
      dataDir: folder.path,
      log: (line) => said.push(line),
    });
    const pid = await pidOf(server.dataDir);
    const admin = await superuser(server);
    await query(admin, `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'`);
    await until(() => said.some((line) => line.includes('PostgreSQL is back')));
    expect(await query(admin, `select 1 from pg_locks where locktype = 'advisory' and granted`)).toHaveLength(
      1,
    );
    expect(await pidOf(server.dataDir)).toBe(pid);
  });
});

describe('the user that the server runs as', () => {
  it('is the current one when that is not root, and stays so when root starts it later', async (context) => {
    if (!isRoot) return context.skip('only root can become somebody else');
    const daemon = account('daemon');
    await using folder = await makeFolder({ owner: daemon, mode: 0o711 });
    const owner = startInProcess({ dataDir: folder.path }, daemon);
    const { dataDir = '', message } = await owner.report;
    expect(message).toBeUndefined();
    expect((await stat(dataDir)).uid).toBe(daemon.uid);
    expect((await stat(join('/proc', String(await pidOf(dataDir))))).uid).toBe(daemon.uid);
    await owner[Symbol.asyncDispose]();

    await using server = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    expect((await stat(join(server.dataDir, 'postmaster.pid'))).uid).toBe(daemon.uid);
  });

  it('is nobody when root starts it', async (context) => {
    if (!isRoot) return context.skip('only for root');
    await using folder = await makeFolder({ mode: 0o700 }); // as mkdtemp makes it: an empty one is opened
    await using server = await startEmbeddedPostgres({ dataDir: folder.path, log: quiet });
    expect(server.dataDir).toBe(join(folder.path, 'postgres'));
    const { uid } = account('nobody');
    expect((await lstat(server.dataDir)).uid).toBe(uid);
    expect((await stat(join('/proc', String(await pidOf(server.dataDir))))).uid).toBe(uid);
  });
});
