/** What a report says, in the terminal and on a page, counted from what a rehearsal has brought. Pure. */
import { ENDINGS, type Ending, type Story } from '../crowd/fan.ts';
import { BEHAVIOURS, type Behaviour } from '../crowd/plan.ts';
import { quantilesOf, type StepFigures } from '../figures.ts';
import type { Rehearsal } from '../rehearse.ts';

export interface Facts {
  readonly endings: readonly (readonly [Ending, number])[];
  readonly did: readonly (readonly [Behaviour, number])[];
  readonly refused: readonly (readonly [problem: string, count: number])[];
  readonly unknown: readonly (readonly [problem: string, count: number])[];
  readonly seatsSold: number;
  readonly takenKrw: number;
  readonly requests: number;
  readonly lostChoices: number;
  readonly waitS: StepFigures['latencyMs'];
  /** A tenth of those who came each, the earliest first. */
  readonly deciles: readonly Decile[];
  /** By number: when they were first told that it is their turn. */
  readonly admissions: readonly (readonly [number: number, atS: number])[];
}

export interface Decile {
  readonly fans: number;
  readonly admitted: number;
  readonly bought: number;
  readonly seats: number;
  /** Null: nobody of them was let in. */
  readonly medianWaitS: number | null;
}

const TENTHS = 10;

export function factsOf({ stories, steps, startedMs, soldOutAtS }: Rehearsal): Facts {
  // When it is sold out the line breaks up, and whoever has not left yet is let in for nothing.
  const untilMs = soldOutAtS === null ? Number.POSITIVE_INFINITY : startedMs + 1_000 * soldOutAtS;
  const waits = stories.flatMap((story) => waitSOf(story, untilMs) ?? []);
  return {
    endings: ENDINGS.map(
      (ending) => [ending, count(stories, ({ end }) => end?.ending === ending)] as const,
    ).filter(([, fans]) => fans > 0),
    did: BEHAVIOURS.map((each) => [each, count(stories, ({ did }) => did.has(each))] as const),
    refused: merged(steps, 'refused'),
    unknown: merged(steps, 'unknown'),
    seatsSold: sum(stories, ({ seats }) => seats),
    takenKrw: sum(stories, ({ paidKrw }) => paidKrw),
    requests: sum(steps, ({ requests }) => requests),
    lostChoices: sum(stories, ({ lostChoices }) => lostChoices),
    waitS: quantilesOf(waits),
    deciles: decilesOf(stories, untilMs),
    admissions: stories
      .flatMap(({ number, admittedMs }) =>
        number === null || admittedMs === null ? [] : [[number, (admittedMs - startedMs) / 1_000] as const],
      )
      .toSorted(([a], [b]) => a - b),
  };
}

function waitSOf({ joinedMs, admittedMs }: Story, untilMs: number): number | undefined {
  if (joinedMs === null || admittedMs === null || admittedMs > untilMs) return undefined;
  return (admittedMs - joinedMs) / 1_000;
}

/** By the numbers that they were given: who joined earlier has a lower one. */
function decilesOf(stories: readonly Story[], untilMs: number): Decile[] {
  const inLine = stories
    .filter(({ number }) => number !== null)
    .toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0));
  const tenths = Math.min(TENTHS, inLine.length);
  return Array.from({ length: tenths }, (_, tenth) => {
    const from = Math.round((tenth * inLine.length) / tenths);
    const part = inLine.slice(from, Math.round(((tenth + 1) * inLine.length) / tenths));
    const waits = part.flatMap((story) => waitSOf(story, untilMs) ?? []);
    return {
      fans: part.length,
      admitted: waits.length,
      bought: count(part, ({ seats }) => seats > 0),
      seats: sum(part, ({ seats }) => seats),
      medianWaitS: waits.length === 0 ? null : quantilesOf(waits).p50,
    };
  });
}

function merged(steps: readonly StepFigures[], kind: 'refused' | 'unknown'): [string, number][] {
  const counts = new Map<string, number>();
  for (const step of steps) {
    for (const [problem, times] of step[kind]) counts.set(problem, (counts.get(problem) ?? 0) + times);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

function count<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.reduce((total, item) => total + Number(holds(item)), 0);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
