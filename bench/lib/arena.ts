/** The fans of an arena, run as a process of their own. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Quantiles } from './quantiles.ts';
import type { Stage } from './stage.ts';

export interface ArenaFan {
  /** Of the queue. */
  readonly token: string;
  readonly key: string;
  /** As many as there are, when there are fewer. */
  readonly wants: number;
}

export interface ArenaJob {
  readonly host: string;
  readonly port: number;
  readonly room: string;
  readonly performanceId: number;
  /** For all who are past the line together. */
  readonly connections: number;
  /** In the order of their numbers. */
  readonly fans: readonly ArenaFan[];
  /** The number of the first. */
  readonly firstNumber: number;
}

export interface ArenaReport {
  /** Fans who were let in and came. */
  readonly came: number;
  /** … and own seats. */
  readonly bought: number;
  readonly seats: number;
  /** Holds that were refused, because somebody else was sooner. */
  readonly tooLate: number;
  /** Requests that a busy service refused with 503, and that were sent again. */
  readonly busy: number;
  /** By request. */
  readonly latencies: Readonly<Record<string, Quantiles>>;
}

const FANS = fileURLToPath(new URL('../arena-fans.ts', import.meta.url));

export async function runArena(stage: Stage, job: ArenaJob): Promise<ArenaReport> {
  const file = join(stage.folder, 'arena.json');
  await writeFile(file, JSON.stringify(job));
  const { stdout } = await promisify(execFile)(process.execPath, [FANS, file], { maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as ArenaReport;
}
