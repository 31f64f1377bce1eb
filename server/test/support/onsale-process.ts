/** `npm run onsale` as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../src/config/env.ts';

const ONSALE = fileURLToPath(new URL('../../../scripts/onsale.ts', import.meta.url));

export interface OnsaleProcess {
  readonly process: ChildProcess;
  /** Until now. */
  said(): string;
  readonly ended: Promise<{
    /** Null: ended by a signal. */
    readonly exitCode: number | null;
    /** Everything that it said. */
    readonly said: string;
  }>;
}

/** Nothing of this process's environment reaches it but the path. */
export function startOnsale(args: readonly string[], env: Environment): OnsaleProcess {
  const child = spawn(process.execPath, [ONSALE, ...args], {
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
