/** A part of the suite: what it measures, and what it found of the works that the service promises to be fast at. */
import type { Figure } from './figures.ts';
import type { Stage } from './stage.ts';

export interface Run {
  /** A short look: small sizes, nothing is kept. */
  readonly quick: boolean;
  readonly repeats: number;
}

export interface Part {
  readonly title: string;
  readonly conditions: (run: Run) => readonly string[];
  /** Throws where an invariant does not hold: then there is no figure. */
  readonly measure: (stage: Stage, run: Run) => Promise<PartResult>;
}

export interface PartResult {
  /** Lines of the part's own page. */
  readonly page: readonly string[];
  readonly findings: readonly Finding[];
}

/** One aim, and how near we came: a row of the table. */
export interface Finding {
  /** What is done, as the table calls it. */
  readonly work: string;
  readonly ours: Quantity;
  /** What it stands beside, measured in the same run; without it the aim is about the figure itself. */
  readonly reference?: Quantity & { readonly name: string };
  readonly aim: Aim;
}

export interface Quantity {
  readonly unit: string;
  readonly figure: Figure;
}

/** `times`: ours divided by the reference; else the figure itself, in its unit. */
export interface Aim {
  readonly at: 'least' | 'most';
  readonly value: number;
  readonly times: boolean;
}

/** How ours compares: the ratio of the medians, or our median where there is no reference. */
export function reached({ ours, reference, aim }: Finding): number {
  if (!aim.times || reference === undefined) return ours.figure.median;
  return ours.figure.median / reference.figure.median;
}

export function isMet(finding: Finding): boolean {
  return meets(finding.aim, reached(finding));
}

export function meets({ at, value }: Aim, that: number): boolean {
  return at === 'least' ? that >= value : that <= value;
}

export const atLeast = (value: number): Aim => ({ at: 'least', value, times: false });
export const atMost = (value: number): Aim => ({ at: 'most', value, times: false });
export const timesAtLeast = (value: number): Aim => ({ at: 'least', value, times: true });
export const timesAtMost = (value: number): Aim => ({ at: 'most', value, times: true });
