/** A database that tells what its readers of the log find there. */
import type { QueryResultRow } from 'pg';
import type { Database, Reader } from '../../src/platform/postgres/database.ts';
import type { Statement } from '../../src/platform/postgres/statement.ts';

export interface Fetched {
  readonly asked_for: boolean;
  readonly events: readonly unknown[] | null;
  readonly above_horizon: boolean;
}

/** `inside` a transaction, together with the lock of a cursor. */
export function watchFetches(
  database: Database,
  told: (where: 'inside' | 'outside', rows: readonly Fetched[]) => void,
): Database {
  const watched = <R extends Reader>(reader: R, where: 'inside' | 'outside'): R => ({
    ...reader,
    rows: async <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      const rows = await reader.rows<Row>(statement, values);
      if (statement.name === 'messaging.fetch') told(where, rows as unknown as Fetched[]);
      return rows;
    },
  });
  return {
    ...watched(database, 'outside'),
    get stats() {
      return database.stats;
    },
    transaction: (work) => database.transaction((tx) => work(watched(tx, 'inside'))),
  };
}
