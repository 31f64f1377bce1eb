import type { SourceFile } from './source.ts';

export interface Finding {
  /** Where, as an offset into the text. */
  readonly at: number;
  /** What is wrong there, and what to do instead. */
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  readonly covers: (path: string) => boolean;
  readonly check: (file: SourceFile) => Iterable<Finding>;
}

/** `server/src/seats/seat.ts:12: message`: one line for each violation, ready to be clicked. */
export function violations(rule: Rule, files: readonly SourceFile[]): string[] {
  const lines = files
    .filter((file) => rule.covers(file.path))
    .flatMap((file) =>
      Array.from(rule.check(file), ({ at, message }) => `${file.path}:${file.lineAt(at)}: ${message}`),
    );
  return [...new Set(lines)];
}
