/** Runs the project's own tools, on the project's own Node, whatever is installed beside it. */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'node_modules/.bin');

export interface Ran {
  readonly exitCode: number;
  /** Standard output and error in the order they came; empty when they went to the terminal. */
  readonly output: string;
  readonly durationMs: number;
}

export interface RunOptions {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** true: to the terminal as it comes. false: collected. */
  readonly show: boolean;
  readonly timeoutMs?: number;
}

/** A tool of node_modules, or a program of the machine. Never throws: what cannot be started has exit code 127. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const startedMs = performance.now();
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...options.env, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', ...(options.show ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const))],
    ...(options.timeoutMs !== undefined && { timeout: options.timeoutMs }),
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));

  const { promise, resolve } = Promise.withResolvers<Ran>();
  const ended = (exitCode: number) => {
    const output = Buffer.concat(chunks).toString('utf8').trimEnd();
    resolve({ exitCode, output, durationMs: performance.now() - startedMs });
  };
  child.on('error', (error) => {
    chunks.push(Buffer.from(`${command}: ${error.message}\n`));
    ended(127);
  });
  // Ended by a signal: no code of its own, and not a success.
  child.on('close', (code) => ended(code ?? 1));
  return promise;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
