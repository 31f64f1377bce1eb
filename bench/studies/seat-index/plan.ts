/** What EXPLAIN (ANALYZE, BUFFERS) says, as text and in figures. */

export interface Plan {
  /** Lines of the plan, without what is the same everywhere. */
  readonly lines: readonly string[];
  readonly executionMs: number;
  /** Pages of 8 KiB that were looked at, in the server's memory or not. */
  readonly pages: number;
}

/** Takes the rows of EXPLAIN. Throws when they do not say how long it took, or what was read. */
export function readPlan(rows: readonly string[]): Plan {
  const executionMs = Number(/^Execution Time: ([\d.]+) ms$/m.exec(rows.join('\n'))?.[1]);
  // The first is that of the whole: what is below it is counted in it.
  const buffers = /^\s*Buffers: shared (?:hit=(\d+))?\s?(?:read=(\d+))?/m.exec(rows.join('\n'));
  if (!Number.isFinite(executionMs) || buffers === null) throw new Error(`not a plan: ${rows.join('\n')}`);
  const planning = rows.findIndex((line) => line.startsWith('Planning'));
  return {
    lines: rows.slice(0, planning === -1 ? rows.length : planning).map((line) => line.trimEnd()),
    executionMs,
    pages: Number(buffers[1] ?? 0) + Number(buffers[2] ?? 0),
  };
}
