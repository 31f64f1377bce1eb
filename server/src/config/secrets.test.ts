import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { parseSigningKeys, provideKeys } from './secrets.ts';

const notGiven = loadConfig({}).secrets;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'frontrow-secrets-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('keys that were given are used and nothing is written', async () => {
  const token = 'o'.repeat(32);
  const signingKeys = parseSigningKeys([`k7:${'A'.repeat(43)}`]);
  const given = { ...notGiven, signingKeys, operatorToken: token };
  expect(await provideKeys(given, directory)).toEqual({
    signingKeys,
    operatorToken: token,
    operatorTokenIsNew: false,
  });
  expect(await readdir(directory)).toEqual([]);
});

test('keys that were not given are made once and kept', async () => {
  const dataDir = join(directory, 'deep', 'data');
  const first = await provideKeys(notGiven, dataDir);
  expect(first.operatorTokenIsNew).toBe(true);
  expect(first.operatorToken).toMatch(/^[\w-]{43}$/);
  expect(first.signingKeys.map((key) => [key.kid, key.secret.length])).toEqual([['k1', 32]]);

  const second = await provideKeys(notGiven, dataDir);
  expect(second).toEqual({ ...first, operatorTokenIsNew: false });
  expect((await readdir(dataDir)).toSorted()).toEqual(['operator-token', 'signing-keys']);
});

test('two data directories have different keys', async () => {
  const one = await provideKeys(notGiven, join(directory, 'one'));
  const two = await provideKeys(notGiven, join(directory, 'two'));
  expect(one.operatorToken).not.toBe(two.operatorToken);
  expect(one.signingKeys).not.toEqual(two.signingKeys);
});

test('only the owner can read what is kept', async () => {
  await provideKeys(notGiven, directory);
  for (const file of await readdir(directory)) {
    const { mode } = await stat(join(directory, file));
    expect((mode & 0o777).toString(8), file).toBe('600');
  }
});

test('instances that start at once agree, and one of them announces the token', async () => {
  const starts = Array.from({ length: 20 }, () => provideKeys(notGiven, directory));
  const keys = await Promise.all(starts);
  expect(new Set(keys.map((each) => each.operatorToken)).size).toBe(1);
  expect(new Set(keys.map((each) => JSON.stringify(each.signingKeys))).size).toBe(1);
  expect(keys.filter((each) => each.operatorTokenIsNew)).toHaveLength(1);
  expect((await readdir(directory)).toSorted()).toEqual(['operator-token', 'signing-keys']);
});

test('a rotated file of keys is read as it stands, the first signs', async () => {
  const text = `k2:${'B'.repeat(43)},k1:${'A'.repeat(43)}`;
  await writeFile(join(directory, 'signing-keys'), `${text}\n`);
  const { signingKeys } = await provideKeys(notGiven, directory);
  expect(signingKeys.map((key) => key.kid)).toEqual(['k2', 'k1']);
});

test.each(['signing-keys', 'operator-token'])(
  'a damaged %s is refused, kept and not printed',
  async (file) => {
    await writeFile(join(directory, file), 'hunter2');
    await expect(provideKeys(notGiven, directory)).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining(join(directory, file)),
    });
    await expect(provideKeys(notGiven, directory)).rejects.not.toThrow(/hunter2/);
    expect(await readFile(join(directory, file), 'utf8')).toBe('hunter2');
  },
);

test('an empty file is damage, not an invitation', async () => {
  await writeFile(join(directory, 'operator-token'), '');
  await expect(provideKeys(notGiven, directory)).rejects.toMatchObject({ exitCode: 78 });
});

test('a data directory that cannot be used is refused with advice', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  await expect(provideKeys(notGiven, join(file, 'data'))).rejects.toMatchObject({
    exitCode: 73,
    advice: 'Give the service a DATA_DIR that it may write to, or set SIGNING_KEYS and OPERATOR_TOKEN.',
  });
});
