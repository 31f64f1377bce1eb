/** Medians and spreads, and the machine that they belong to. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';

export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: readonly number[];
}

export function figureOf(runs: readonly number[]): Figure {
  const sorted = runs.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, runs };
}

/** Follows the commit when the files were not quite as it has them. */
export const UNCOMMITTED = ' with uncommitted changes';

/** The machine, and what of ours was measured on it. */
export function machine(): Readonly<Record<'cpu' | 'memory' | 'node' | 'commit' | 'date', string>> {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'server', 'contract', 'bench', ':!bench/results') !== '';
  return {
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed ? UNCOMMITTED : ''}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The median, and where the runs were between: three digits each, or so many behind the point. */
export function show({ median, min, max }: Figure, digits?: number): string {
  const round = (value: number) => (digits === undefined ? short(value) : inDigits(value, digits));
  return `${round(median)} (${round(min)}–${round(max)})`;
}

/** Three digits, and all that stand before the point. */
export function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}

/** Of times in milliseconds. */
export function showMs(figure: Figure): string {
  return `${show(figure)} ms`;
}

export function inDigits(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
