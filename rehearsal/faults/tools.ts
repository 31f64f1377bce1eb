/** What some faults need of the machine: found, installed where that is harmless, or named as missing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { provide, type Requirement } from '../../scripts/support/requirements.ts';

export type ToolName = 'root' | 'linux' | 'loop devices' | 'strace' | 'xfs_io' | 'libfaketime';

/** The folder in which each was found. */
export type Tools = Readonly<Record<string, string>>;

const PACKAGED = {
  strace: { folders: ['/usr/bin'], needs: ['strace'], aptPackages: ['strace'] },
  xfs_io: { folders: ['/usr/sbin', '/sbin'], needs: ['xfs_io'], aptPackages: ['xfsprogs'] },
  libfaketime: {
    folders: [
      '/usr/lib/x86_64-linux-gnu/faketime',
      '/usr/lib/aarch64-linux-gnu/faketime',
      '/usr/lib64/faketime',
      '/usr/lib/faketime',
    ],
    needs: ['libfaketimeMT.so.1'],
    aptPackages: ['libfaketime'],
  },
} as const;

/** All of them, or why one is missing. */
export async function findTools(
  names: readonly ToolName[],
): Promise<{ readonly found: Tools } | { readonly missing: string }> {
  const tools: Record<string, string> = {};
  for (const name of names) {
    const found = await findTool(name);
    if ('missing' in found) return found;
    tools[name] = found.found;
  }
  return { found: tools };
}

async function findTool(name: ToolName): Promise<{ readonly found: string } | { readonly missing: string }> {
  switch (name) {
    case 'linux':
      return process.platform === 'linux'
        ? { found: '/proc' }
        : { missing: 'processes are found as Linux lists them' };
    case 'root':
      return process.getuid?.() === 0 ? { found: '/' } : { missing: 'only root may do that' };
    case 'loop devices':
      return existsSync('/dev/loop-control')
        ? { found: '/dev' }
        : { missing: 'this machine has no loop devices (/dev/loop-control)' };
    case 'strace':
    case 'xfs_io':
    case 'libfaketime':
      return provide(asRequirement(name), true);
  }
}

function asRequirement(name: keyof typeof PACKAGED): Requirement {
  const variable = `FRONTROW_TEST_${name.toUpperCase()}_BIN`;
  return { name, suite: `faults that need ${name}`, variable, ...PACKAGED[name] };
}

export function libraryOf(tools: Tools): string {
  return join(tools['libfaketime'] ?? '', 'libfaketimeMT.so.1');
}
