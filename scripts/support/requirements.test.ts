import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { provide, type Requirement, REQUIREMENTS } from './requirements.ts';

let folder: string;
let requirement: Requirement;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-requirement-'));
  requirement = {
    name: 'Broker 2',
    suite: 'events over a broker',
    variable: 'FRONTROW_TEST_BROKER_BIN',
    folders: [join(folder, 'nowhere'), folder],
    needs: ['broker', 'broker-ctl'],
    aptPackages: ['broker-2'],
  };
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('a folder with all that is needed is found', async () => {
  await writeFile(join(folder, 'broker'), '');
  await writeFile(join(folder, 'broker-ctl'), '');
  expect(await provide(requirement, false)).toEqual({ requirement, found: folder });
});

test('a folder with a part of it is not', async () => {
  await writeFile(join(folder, 'broker'), '');
  const missing = `Broker 2 is not in ${folder}/nowhere or ${folder}, and a run of chosen tests installs nothing`;
  expect(await provide(requirement, false)).toEqual({ requirement, missing });
});

test('the folder that the environment names comes first', async () => {
  const other = await mkdtemp(join(folder, 'other-'));
  for (const each of [folder, other]) {
    await writeFile(join(each, 'broker'), '');
    await writeFile(join(each, 'broker-ctl'), '');
  }
  vi.stubEnv('FRONTROW_TEST_BROKER_BIN', other);
  expect(await provide(requirement, false)).toEqual({ requirement, found: other });
});

test('each requirement has a variable of its own', () => {
  const variables = REQUIREMENTS.map((each) => each.variable);
  expect(new Set(variables).size).toBe(variables.length);
  for (const variable of variables) expect(variable).toMatch(/^FRONTROW_TEST_[A-Z0-9_]+$/);
});
