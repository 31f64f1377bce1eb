/** Sides that are compared: their runs alternate, because a machine drifts within the hour. */
import assert from 'node:assert/strict';
import type { Costs } from './cores.ts';
import { type Figure, figureOf } from './figures.ts';
import type { Aim, Finding } from './part.ts';
import type { Stage } from './stage.ts';

export interface Measured {
  readonly perSecond: number;
  readonly latency?: { p50: number; p95: number; p99: number } | undefined;
  readonly costs?: Costs;
  /** What else was measured, by name. */
  readonly also?: Readonly<Record<string, number>>;
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
  readonly p50: Figure | undefined;
  readonly p99: Figure | undefined;
  readonly costs: CostFigures | undefined;
  readonly also: Readonly<Record<string, Figure>>;
  /** Of the last run. */
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
  return sides.map(({ name }) => resultOf(name, measured.get(name) ?? []));
}

function resultOf(name: string, runs: readonly Measured[]): SideResult {
  const figure = (values: readonly (number | undefined)[]) => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? undefined : figureOf(known);
  };
  const names = Object.keys(runs[0]?.also ?? {});
  return {
    name,
    perSecond: figureOf(runs.map((run) => run.perSecond)),
    p50: figure(runs.map((run) => run.latency?.p50)),
    p99: figure(runs.map((run) => run.latency?.p99)),
    costs: runs.every((run) => run.costs !== undefined)
      ? costsOver(runs.flatMap((run) => run.costs ?? []))
      : undefined,
    also: Object.fromEntries(names.map((key) => [key, figureOf(runs.map((run) => run.also?.[key] ?? 0))])),
    note: runs.at(-1)?.note,
  };
}

export type CostFigures = Readonly<Record<keyof Costs, Figure>>;

export function costsOver(runs: readonly Costs[]): CostFigures {
  const over = (of: keyof Costs) => figureOf(runs.map((costs) => costs[of]));
  return { service: over('service'), postgres: over('postgres'), rest: over('rest') };
}

/** The first of two sides beside the second, for the table. */
export function sideFinding(
  work: string,
  unit: string,
  [ours, reference]: readonly [SideResult | undefined, SideResult | undefined],
  aim: Aim,
): Finding {
  assert(ours !== undefined && reference !== undefined, 'both sides were measured');
  return {
    work,
    ours: { unit, figure: ours.perSecond },
    reference: { name: reference.name, unit, figure: reference.perSecond },
    aim,
  };
}

/** What else was measured of a side, for the table; beside the same of another one, where there is one. */
export function alsoFinding(
  work: string,
  unit: string,
  [side, name]: readonly [SideResult | undefined, string],
  aim: Aim,
  beside?: SideResult,
): Finding {
  const figure = side?.also[name];
  assert(figure !== undefined, `${name} was measured`);
  const other = beside?.also[name];
  if (beside === undefined || other === undefined) return { work, ours: { unit, figure }, aim };
  return { work, ours: { unit, figure }, reference: { name: beside.name, unit, figure: other }, aim };
}
