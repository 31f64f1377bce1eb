/** `npm run import` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../src/config/env.ts';

const IMPORT = fileURLToPath(new URL('../../../scripts/import.ts', import.meta.url));

export interface Imported {
  /** Null: ended by a signal. */
  readonly exitCode: number | null;
  /** Everything that it said. */
  readonly said: string;
}

export interface ImportProcess {
  readonly process: ChildProcess;
  /** Until now. */
  said(): string;
  readonly ended: Promise<Imported>;
}

/** Nothing of this process's environment reaches it but the path. */
export function startImport(args: readonly string[], env: Environment): ImportProcess {
  const child = spawn(process.execPath, [IMPORT, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (chunk: Buffer) => (said += chunk.toString());
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const ended = once(child, 'close').then(() => ({ exitCode: child.exitCode, said }));
  return { process: child, said: () => said, ended };
}

/** Imports the value as a file, which is written at the path. */
export async function importFile(
  path: string,
  file: unknown,
  env: Environment,
  ...args: readonly string[]
): Promise<Imported> {
  await writeFile(path, JSON.stringify(file));
  return startImport([path, ...args], env).ended;
}
