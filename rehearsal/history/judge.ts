/** What a check says: how much it looked at, and what it found. */
import type { Contradiction } from './operation.ts';

export interface Judgement {
  /** A sentence that is true of a right service. */
  readonly check: string;
  readonly promise: string;
  /** Of nothing nothing is known. */
  readonly judged: number;
  /** Too much to be searched through. */
  readonly undecided: number;
  readonly contradictions: readonly Contradiction[];
}

export interface Judge {
  /** Counts one thing that was looked at. */
  expect(isRight: boolean, says: () => string, operations: () => readonly number[]): void;
  /** Counts what was looked at elsewhere. */
  take(found: { readonly judged: number; readonly broken: readonly Broken[] }): void;
  /** Counts one that could not be decided. */
  leave(): void;
  judgement(): Judgement;
}

export interface Broken {
  readonly says: string;
  readonly operations: readonly number[];
}

export function createJudge(check: string, promise: string): Judge {
  const contradictions: Contradiction[] = [];
  let [judged, undecided] = [0, 0];
  return {
    expect(isRight, says, operations) {
      judged++;
      if (!isRight) contradictions.push({ promise, check, says: says(), operations: operations() });
    },
    take(found) {
      judged += found.judged;
      contradictions.push(...found.broken.map((broken) => ({ promise, check, ...broken })));
    },
    leave: () => void undecided++,
    judgement: () => ({ check, promise, judged, undecided, contradictions }),
  };
}

/** For sentences: when something was, in seconds since the recording process began. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

export function idsOf(operations: readonly { readonly id: number }[]): number[] {
  return operations.map(({ id }) => id);
}
