/** Goal: the rehearsal's own service is one that it can speak to as the operator, wherever the token stands. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { createTestDatabase } from '../server/test/support/database.ts';
import { temporaryFolder } from '../server/test/support/folder.ts';
import { until } from '../server/test/support/until.ts';
import { startOwnService } from './own-service.ts';

const TOKEN = 'operator-token-of-a-file-0123456789abcdef';
const SIGNING_KEY = `t1:${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64url')}`;

const home = process.cwd();
afterEach(() => process.chdir(home));

it('has the operator’s token of the file .env, and knows it', { timeout: 120_000 }, async () => {
  await using db = await createTestDatabase();
  await using folder = await temporaryFolder();
  const { user, password, host = '', port, database } = db.connection;
  const server = `${user}:${encodeURIComponent(String(password))}@localhost:${port}`;
  const settings = [
    `DATABASE_URL=postgres://${server}/${database}?host=${encodeURIComponent(host)}`,
    `DATA_DIR=${folder.path}`,
    `OPERATOR_TOKEN=${TOKEN}`,
    `SIGNING_KEYS=${SIGNING_KEY}`,
  ];
  await writeFile(join(folder.path, '.env'), settings.join('\n'));
  process.chdir(folder.path);

  await using service = await startOwnService(60_000);
  expect(service.token).toBe(TOKEN);
  const { url, token } = service;
  const headers = { authorization: `Bearer ${token}` };
  await until('the operator is let in', async () => {
    const { status } = await fetch(`${url}/api/v1/admin/queue/rooms`, { headers });
    expect(status, 'of a token that it does not know').not.toBe(401);
    return status === 200;
  });
});
