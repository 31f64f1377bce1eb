/**
 * Goal: the service runs on a PostgreSQL that is not ours, from version 15 on, and refuses one that may lose
 * what was answered. Method: Debian's PostgreSQL 15, where the test command found it.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StartupRefusal } from '../../src/platform/startup-refusal.ts';
import { checkServer } from '../../src/platform/postgres/requirements.ts';
import { createClient } from '../support/client.ts';
import { scheduleSale } from '../support/sale.ts';
import { startProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OPERATOR_TOKEN } from '../support/world.ts';

const bin = process.env['FRONTROW_TEST_PG15_BIN'];
const NOBODY = 65_534;
const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

describe.skipIf(bin === undefined)('PostgreSQL 15 by DATABASE_URL', () => {
  let folder: string;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frontrow-pg15-'));
    if (asNobody.uid !== undefined) await chown(folder, NOBODY, NOBODY);
    const data = join(folder, 'data');
    const initdb = [
      '-D',
      data,
      '-U',
      'frontrow',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--data-checksums',
    ];
    await promisify(execFile)(`${bin}/initdb`, initdb, asNobody);
    const settings = [
      '-c',
      'listen_addresses=',
      '-c',
      `unix_socket_directories=${folder}`,
      '-c',
      'max_connections=60',
    ];
    const server = spawn(`${bin}/postgres`, ['-D', data, ...settings], { ...asNobody, stdio: 'ignore' });
    const ended = once(server, 'exit');
    stop = async () => {
      server.kill('SIGINT');
      await ended;
    };
    await until('it answers', () =>
      run('select 1').then(
        () => true,
        () => false,
      ),
    );
    await run('create database shop');
  });
  afterAll(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(sql: string, database = 'postgres'): Promise<void> {
    const client = new Client({ host: folder, user: 'frontrow', database });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  it('carries a whole purchase', async () => {
    const dataDir = join(folder, 'service');
    const DATABASE_URL = `postgres://frontrow@localhost/shop?host=${encodeURIComponent(folder)}`;
    await using service = await startProcess(dataDir, { DATABASE_URL });
    const client = createClient(service.url, OPERATOR_TOKEN);
    const { performanceId, priceKrw } = await scheduleSale(client, { seats: 10 });
    const fan = await client.fan();
    await fan.charge(priceKrw);
    const held = await until('the seats are laid out', async () => {
      const answer = await fan.hold(performanceId, [3]);
      return answer.status === 201 && answer;
    });
    expect((await fan.pay(String(held.body['reservationId']))).status).toBe(201);
    await until('the ticket is there', async () => {
      const { body } = await client.get<{ tickets: unknown[] }>('/tickets', fan.account);
      return body.tickets.length === 1;
    });
  });

  it.each([['fsync'], ['full_page_writes']])(
    'is refused with %s off, because it may lose what was answered',
    async (name) => {
      await run(`alter system set ${name} = off`);
      await run('select pg_reload_conf()');
      const connection = { host: folder, user: 'frontrow', database: 'shop' };
      const refusal = await until('the setting is in force', () =>
        checkServer(connection).then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
      await run(`alter system reset ${name}`);
      await run('select pg_reload_conf()');
      expect(refusal).toBeInstanceOf(StartupRefusal);
      expect(String(refusal)).toContain(`${name} is off`);
      await until('it is accepted again', () =>
        checkServer(connection).then(
          () => true,
          () => false,
        ),
      );
    },
  );
});
