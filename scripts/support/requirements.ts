/** What some suites need from the machine: looked for, installed where that is harmless, or named as missing. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './run.ts';

export interface Requirement {
  readonly name: string;
  readonly suite: string;
  /** Handed to the tests with what was found; a suite without it skips itself. */
  readonly variable: string;
  /** Candidates, the first that is there is taken. `needs` are the files in it that must exist. */
  readonly folders: readonly string[];
  readonly needs: readonly string[];
  readonly aptPackages: readonly string[];
  readonly beforeInstall?: () => Promise<void>;
}

export const REQUIREMENTS: readonly Requirement[] = [
  {
    name: 'PostgreSQL 15',
    suite: 'the oldest PostgreSQL that DATABASE_URL may name',
    variable: 'FRONTROW_TEST_PG15_BIN',
    folders: ['/usr/lib/postgresql/15/bin'],
    needs: ['initdb', 'pg_ctl', 'postgres'],
    aptPackages: ['postgresql-15'],
    beforeInstall: createNoCluster,
  },
];

export type Provided =
  | { readonly requirement: Requirement; readonly found: string }
  | { readonly requirement: Requirement; readonly missing: string };

/** Finds one requirement. With `mayInstall`, and root on Debian, installs what is not there. */
export async function provide(requirement: Requirement, mayInstall: boolean): Promise<Provided> {
  const found = find(requirement);
  if (found !== undefined) return { requirement, found };
  const where = `${requirement.name} is not in ${requirement.folders.join(' or ')}`;
  const missing = (why: string): Provided => ({ requirement, missing: `${where}, and ${why}` });

  if (!mayInstall) return missing('a run of chosen tests installs nothing');
  if (!existsSync('/etc/debian_version')) return missing('this is not Debian, where it could be installed');
  if (process.getuid?.() !== 0)
    return missing(`only root could run apt-get install ${requirement.aptPackages.join(' ')}`);
  console.log(`installing ${requirement.aptPackages.join(' ')} for ${requirement.suite}`);
  const problem = await install(requirement);
  if (problem !== undefined) return missing(`apt-get could not install it (${problem})`);
  const installed = find(requirement);
  return installed === undefined
    ? missing('what apt-get installed is not it')
    : { requirement, found: installed };
}

function find({ variable, folders, needs }: Requirement): string | undefined {
  const given = process.env[variable];
  const candidates = given === undefined ? folders : [given, ...folders];
  return candidates.find((folder) => needs.every((file) => existsSync(join(folder, file))));
}

/** Says in a few words what went wrong, if anything did. */
async function install({ aptPackages, beforeInstall }: Requirement): Promise<string | undefined> {
  await beforeInstall?.();
  const aptGet = (...args: string[]) =>
    run('apt-get', ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20', '--yes', ...args], {
      env: { DEBIAN_FRONTEND: 'noninteractive', UCF_FORCE_CONFFOLD: '1' },
      show: false,
      timeoutMs: 240_000,
    });
  const first = await aptGet('install', '--no-install-recommends', ...aptPackages);
  if (first.exitCode === 0) return undefined;
  // The list of packages is missing or old.
  await aptGet('update');
  const second = await aptGet('install', '--no-install-recommends', ...aptPackages);
  return second.exitCode === 0 ? undefined : (second.output.split('\n').at(-1) ?? 'no reason given');
}

/** Debian would make a cluster and start it on port 5432. The suite makes its own; a choice already made stays. */
async function createNoCluster(): Promise<void> {
  const file = '/etc/postgresql-common/createcluster.conf';
  if (existsSync(file)) return;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, 'create_main_cluster = false\n', { flag: 'wx' });
}
