/** A database that knows its answers by heart: for what a use case makes of the rows that it finds. */
import type { Tx } from '../../src/platform/postgres/database.ts';

export interface CannedRows extends Tx {
  /** What was asked, in order: the names of the statements with their values. */
  readonly asked: { readonly name: string; readonly values: readonly unknown[] }[];
}

/** Gives these rows, or counts, for the statements of these names; any other statement is a failure. */
export function cannedRows(
  answers: Readonly<Record<string, readonly object[]>>,
  counts: Readonly<Record<string, number>> = {},
): CannedRows {
  const asked: CannedRows['asked'] = [];
  return {
    kind: 'transaction',
    asked,
    rows: <Row>({ name }: { readonly name: string }, values: readonly unknown[]) => {
      const rows = answers[name];
      if (rows === undefined) return Promise.reject(new Error(`nobody expected ${name}`));
      asked.push({ name, values });
      return Promise.resolve([...rows] as Row[]);
    },
    count: ({ name }, values) => {
      const count = counts[name];
      if (count === undefined) return Promise.reject(new Error(`nobody expected ${name}`));
      asked.push({ name, values });
      return Promise.resolve(count);
    },
    send: ({ name }, values, told) => {
      const rows = answers[name];
      if (rows === undefined) throw new Error(`nobody expected ${name}`);
      asked.push({ name, values });
      told?.(rows);
    },
    bePatient: () => {
      throw new Error('nobody expected something that takes long');
    },
    onCommit: () => {
      throw new Error('nobody expected something to wait for the commit');
    },
    abandon: () => {
      throw new Error('nobody expected to keep nothing');
    },
  };
}
