/** What an instance does at the database: each transaction that it commits, with its statements and the rows it writes. */
import { vi } from 'vitest';
import type { Database, Tx } from '../../src/platform/postgres/database.ts';

/** Of one table, in one transaction. */
export interface Written {
  readonly inserted: number;
  readonly updated: number;
  /** Of those updated: the row found room on its page, and no index had to be touched. */
  readonly inPlace: number;
  readonly deleted: number;
}

export interface Committed {
  /** By their names, in the order in which they were sent. */
  readonly statements: readonly string[];
  /** By the table's name with its schema; only those that something was written to. */
  readonly written: ReadonlyMap<string, Written>;
}

export interface RecordedWork {
  readonly transactions: Committed[];
  /** Statements that ran on their own. */
  readonly alone: string[];
}

// What a session has counted and not told the server yet: of this transaction, and of those just before it.
const WRITTEN = {
  name: 'test.written',
  text: `/* test.written */
    select schemaname || '.' || relname as "table", n_tup_ins as inserted, n_tup_upd as updated,
      n_tup_hot_upd as "inPlace", n_tup_del as deleted
    from pg_stat_xact_user_tables
    where n_tup_ins + n_tup_upd + n_tup_del > 0`,
};

/** From now until the end of the test. The record is complete for what is committed once its outcome is known. */
export function recordWork(database: Database): RecordedWork {
  const work: RecordedWork = { transactions: [], alone: [] };
  const untold = { ...database };
  vi.spyOn(database, 'rows').mockImplementation((statement, values) => {
    work.alone.push(statement.name);
    return untold.rows(statement, values);
  });
  vi.spyOn(database, 'transaction').mockImplementation((run) => {
    const statements: string[] = [];
    let written: ReadonlyMap<string, Written> = new Map();
    return untold.transaction(async (tx) => {
      const before = await readWritten(tx);
      const outcome = await run(noting(tx, statements));
      written = difference(before, await readWritten(tx));
      tx.onCommit(() => work.transactions.push({ statements, written }));
      return outcome;
    });
  });
  return work;
}

function noting(tx: Tx, statements: string[]): Tx {
  return {
    ...tx,
    rows: (statement, values) => {
      statements.push(statement.name);
      return tx.rows(statement, values);
    },
    count: (statement, values) => {
      statements.push(statement.name);
      return tx.count(statement, values);
    },
    send: (statement, values, told) => {
      statements.push(statement.name);
      tx.send(statement, values, told);
    },
  };
}

async function readWritten(tx: Tx): Promise<ReadonlyMap<string, Written>> {
  const rows = await tx.rows<Written & { table: string }>(WRITTEN, []);
  return new Map(rows.map(({ table, ...counts }) => [table, counts]));
}

function difference(
  before: ReadonlyMap<string, Written>,
  after: ReadonlyMap<string, Written>,
): ReadonlyMap<string, Written> {
  const differences = [...after].map(([table, is]): [string, Written] => {
    const was = before.get(table) ?? { inserted: 0, updated: 0, inPlace: 0, deleted: 0 };
    return [
      table,
      {
        inserted: is.inserted - was.inserted,
        updated: is.updated - was.updated,
        inPlace: is.inPlace - was.inPlace,
        deleted: is.deleted - was.deleted,
      },
    ];
  });
  return new Map(
    differences.filter(([, { inserted, updated, deleted }]) => inserted + updated + deleted > 0),
  );
}
