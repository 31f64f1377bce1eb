/** The service as a process of its own, started as `npm start` starts it, with the embedded PostgreSQL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../src/config/env.ts';
import { OPERATOR_TOKEN } from './world.ts';

const START = fileURLToPath(new URL('../../../scripts/start.mjs', import.meta.url));

export interface ServiceProcess extends AsyncDisposable {
  readonly url: string;
  readonly process: ChildProcess;
  /** From the start of the process until it said where it listens. */
  readonly startedInMs: number;
  /** SIGKILL: no goodbye, no flush. */
  kill(): Promise<void>;
}

/** It ended before it was open. */
export class ServiceEnded extends Error {
  override name = 'ServiceEnded';
  readonly exitCode: number | null;

  constructor(exitCode: number | null, lines: readonly string[]) {
    super(`it ended with ${exitCode}:\n${lines.join('\n')}`);
    this.exitCode = exitCode;
  }
}

/** Starts it and waits until it says where it listens. */
export async function startProcess(dataDir: string, env: Environment = {}): Promise<ServiceProcess> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [START], {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      DATA_DIR: dataDir,
      OPERATOR_TOKEN,
      DEMO_CATALOGUE: 'off',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const found = /^Frontrow is open: (http:\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    child.once('exit', (code) => reject(new ServiceEnded(code, lines.slice(-20))));
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return {
    url,
    process: child,
    startedInMs: performance.now() - startedMs,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  };
}
