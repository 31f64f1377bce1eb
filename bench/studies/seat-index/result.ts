/** What the repeats of one table come to. */
import { type Figure, figureOf } from '../../lib/figures.ts';
import {
  type Bytes,
  type Measured,
  type Moment,
  MOMENT_NAMES,
  type Prepared,
  type Readings,
  type Size,
} from './measure.ts';
import type { Plan } from './plan.ts';
import type { Variant } from './variants.ts';

export interface Read {
  readonly executionMs: Figure;
  readonly clientMs: Figure;
  /** Of the last repeat; it is the same in all. */
  readonly plan: Plan;
}

export type Reads = Readonly<Record<Moment, Read>>;

export interface Result {
  readonly variant: Variant;
  readonly bytes: Bytes;
  readonly reads: Reads;
  readonly secondReads: Reads | undefined;
  /** A seat that is held, or sold. */
  readonly change: { readonly us: Figure; readonly walBytes: Figure; readonly hotPercent: Figure };
  readonly grownBytes: Figure;
  readonly layOut: { readonly ms: Figure; readonly walBytes: Figure };
}

export function resultOf({ variant, bytes }: Prepared, runs: readonly Measured[], { sold }: Size): Result {
  const figure = (of: (run: Measured) => number) => figureOf(runs.map(of));
  const second = runs.flatMap((run) => run.secondReadings ?? []);
  const changes = sold * 2;
  return {
    variant,
    bytes,
    reads: readsOf(runs.map((run) => run.readings)),
    secondReads: second.length > 0 ? readsOf(second) : undefined,
    change: {
      us: figure(({ sale }) => (sale.ms * 1000) / changes),
      walBytes: figure(({ sale }) => sale.walBytes / changes),
      hotPercent: figure(({ sale }) => sale.hotShare * 100),
    },
    grownBytes: figure(({ sale }) => sale.grownBytes),
    layOut: { ms: figure(({ layOut }) => layOut.ms), walBytes: figure(({ layOut }) => layOut.walBytes) },
  };
}

function readsOf(runs: readonly Readings[]): Reads {
  const of = (moment: Moment): Read => {
    const plan = runs.at(-1)?.[moment].plan;
    if (plan === undefined) throw new Error('nothing was read');
    return {
      executionMs: figureOf(runs.flatMap((run) => run[moment].executionMs)),
      clientMs: figureOf(runs.flatMap((run) => run[moment].clientMs)),
      plan,
    };
  };
  return Object.fromEntries(MOMENT_NAMES.map((moment) => [moment, of(moment)])) as Reads;
}

export const MIB = 2 ** 20;

/** Those of the second write-up twice: with one index and with both. */
export function readings(results: readonly Result[]): { name: string; isOurs: boolean; reads: Reads }[] {
  return results.flatMap(({ variant, reads, secondReads }) => {
    const isOurs = variant.isOurs === true;
    const second = secondReads && { name: 'second write-up: and (concert)', isOurs, reads: secondReads };
    return [{ name: variant.name, isOurs, reads }, ...(second === undefined ? [] : [second])];
  });
}
