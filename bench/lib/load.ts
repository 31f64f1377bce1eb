/** Runs the load generator as a process of its own. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compiled } from './compiled.ts';
import type { Quantiles } from './quantiles.ts';

/** One request; `{name}` in path, headers and body is filled with what the journey knows. */
export interface Step {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Due so long after the answer before it; at once when left out. */
  readonly afterMs?: number;
  /** Texts and numbers of the answer that the journey knows from then on. */
  readonly takes?: readonly string[];
}

export interface Journey {
  readonly known: Readonly<Record<string, string>>;
}

export interface LoadJob {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly steps: readonly Step[];
  readonly journeys: readonly Journey[];
  /** Journeys begin at this pace (open loop); undefined: as soon as a connection is free. */
  readonly perSecond?: number;
  /** Give back what each journey came to know. */
  readonly collect?: boolean;
}

/** What a journey came to know, and when its last step was sent and answered, on one clock. */
export interface Outcome {
  readonly known: Readonly<Record<string, string>>;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

export interface LoadReport {
  /** By the clock of the machine, as `Date.now` has it: when the first journey began. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly statuses: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly latencies: Readonly<Record<string, Quantiles>>;
  /** In the order in which the journeys ended. */
  readonly outcomes: readonly Outcome[];
}

const GENERATOR = fileURLToPath(new URL('../generator.ts', import.meta.url));

export async function runLoad(job: LoadJob): Promise<LoadReport> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-load-'));
  try {
    const file = join(folder, 'job.json');
    await writeFile(file, JSON.stringify(job));
    const { stdout } = await promisify(execFile)(process.execPath, [GENERATOR, file], {
      env: { ...process.env, ...compiled },
      maxBuffer: 1 << 28,
    });
    return JSON.parse(stdout) as LoadReport;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Since the first journey began, the start of the generator left out. */
export function secondsSince({ startedAtMs }: LoadReport): number {
  return (performance.timeOrigin + performance.now() - startedAtMs) / 1_000;
}
