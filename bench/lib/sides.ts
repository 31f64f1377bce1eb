/** Sides that are compared: their runs alternate, because a machine drifts within the hour. */
import { type Figure, figureOf } from './figures.ts';
import type { Stage } from './stage.ts';

export interface Measured {
  readonly perSecond: number;
  readonly latency?: { p50: number; p95: number; p99: number } | undefined;
  /** What else there is to know of the run. */
  readonly note?: string;
}

export interface Side {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<Measured>;
}

export interface SideResult {
  readonly name: string;
  readonly perSecond: Figure;
  readonly latency: Measured['latency'];
  readonly note: string | undefined;
}

export async function compare(stage: Stage, sides: readonly Side[], repeats: number): Promise<SideResult[]> {
  const measured = new Map<string, Measured[]>(sides.map((side) => [side.name, []]));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const side of sides) {
      const result = await side.run(stage);
      measured.get(side.name)?.push(result);
      process.stderr.write(`  ${side.name}: ${Math.round(result.perSecond).toLocaleString('en')}/s\n`);
    }
  }
  return sides.map(({ name }) => {
    const runs = measured.get(name) ?? [];
    const last = runs.at(-1);
    return {
      name,
      perSecond: figureOf(runs.map((run) => run.perSecond)),
      latency: last?.latency,
      note: last?.note,
    };
  });
}
