/**
 * A file system in a file, for a disk that can be full or lose its power. ext4 with its journal: after a power cut it
 * comes back with what was synced, and without what was not.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const runProgram = promisify(execFile);
const MIB = 1024 * 1024;
const UNMOUNT_MAX_MS = 20_000;
const UNMOUNT_PAUSE_MS = 200;

export interface Image extends AsyncDisposable {
  /** A folder that everybody may pass through. */
  readonly folder: string;
  /** Takes all but so much of what is free. */
  fill(leftMib: number): Promise<void>;
  /** Gives back what `fill` took. */
  empty(): Promise<void>;
  /** From here on nothing reaches the disk, not even the journal; whoever writes gets an error. */
  cutPower(): Promise<void>;
  /** After `cutPower`, when nobody has a file open: as a machine that is switched on again finds it. */
  switchOn(): Promise<void>;
}

export async function makeImage(parent: string, sizeMib: number): Promise<Image> {
  const file = join(parent, 'disk.img');
  const folder = join(parent, 'disk');
  const ballast = join(folder, 'ballast');
  await writeFile(file, '');
  await truncate(file, sizeMib * MIB);
  await runProgram('mkfs.ext4', ['-q', '-F', '-m', '0', file]);
  await mkdir(folder);
  let isMounted = false;
  const mount = async () => {
    await runProgram('mount', ['-o', 'loop', file, folder]);
    isMounted = true;
  };
  const unmount = async () => {
    if (!isMounted) return;
    await unmountAtLast(folder);
    isMounted = false;
  };
  await mount();
  await chmod(folder, 0o711);
  const freeMib = async () => {
    const { bavail, bsize } = await statfs(folder);
    return Math.floor((bavail * bsize) / MIB);
  };

  return {
    folder,
    fill: async (leftMib) => {
      const takenMib = (await freeMib()) - leftMib;
      assert(takenMib > 0, `there are more than ${leftMib} MiB to take`);
      await runProgram('fallocate', ['--length', `${takenMib}MiB`, ballast]);
    },
    empty: () => rm(ballast, { force: true }),
    cutPower: async () => {
      // Without -f: the journal is not written either.
      await runProgram('xfs_io', ['-x', '-c', 'shutdown', folder]);
    },
    switchOn: async () => {
      await unmount();
      await mount();
    },
    [Symbol.asyncDispose]: async () => {
      await unmount();
      await rm(file, { force: true });
    },
  };
}

/** Its users may take a moment to end. At the worst the name goes at once and the rest with its last user. */
async function unmountAtLast(folder: string): Promise<void> {
  const endMs = performance.now() + UNMOUNT_MAX_MS;
  for (;;) {
    try {
      await runProgram('umount', [folder]);
      return;
    } catch (error) {
      if (performance.now() > endMs) {
        await runProgram('umount', ['--lazy', folder]);
        throw error;
      }
      await sleep(UNMOUNT_PAUSE_MS);
    }
  }
}
