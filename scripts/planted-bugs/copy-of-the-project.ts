/**
 * A copy of the project to plant bugs in: nothing is ever planted in the folder that somebody works in. Packages are
 * linked, one by one, so that what tools remember beside them stays in the copy.
 */
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, sep } from 'node:path';

export interface Copy extends AsyncDisposable {
  /** The root of the copied project. */
  readonly root: string;
  /** For all that its tests make, so that what a killed run leaves is found, and goes with the copy. */
  readonly temporary: string;
}

/** Made by tools or by running, or of no use to a test run. */
const LEFT_OUT = new Set(['node_modules', '.git', '.data', 'coverage', '.env']);

export async function copyProject(project: string): Promise<Copy> {
  await using stack = new AsyncDisposableStack();
  // Short: the path of a socket in it must not be long.
  const folder = await mkdtemp(join(tmpdir(), 'planted-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const [root, temporary] = [join(folder, 'project'), join(folder, 't')];
  await cp(project, root, {
    recursive: true,
    filter: (source) => {
      const [top = ''] = relative(project, source).split(sep);
      return !LEFT_OUT.has(top) && !/\.(?:log|tmp)$/.test(basename(source));
    },
  });
  await linkPackages(join(project, 'node_modules'), join(root, 'node_modules'));
  await mkdir(temporary);
  // PostgreSQL may run as another user, who must come through.
  for (const passed of [folder, temporary]) await chmod(passed, 0o711);
  const owned = stack.move();
  return { root, temporary, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name.startsWith('.') && name !== '.bin') continue;
    await symlink(join(from, name), join(to, name));
  }
}
