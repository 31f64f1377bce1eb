/** A database that tells of everything that it is asked: each statement, in a transaction or not, and each transaction. */
import type { Database, Tx } from '../../src/platform/postgres/database.ts';

/** A transaction is told of with its first statement, whose name it bears. */
export const beginOf = (statement: string): string => `begin ${statement}`;

/** Tells of each statement before it is sent. */
export function countedDatabase(database: Database, asked: (statement: string) => void): Database {
  return {
    rows: (statement, values) => {
      asked(statement.name);
      return database.rows(statement, values);
    },
    transaction: (work) =>
      database.transaction(async (tx) => {
        let isBegun = false;
        const note = (name: string): void => {
          if (!isBegun) asked(beginOf(name));
          isBegun = true;
          asked(name);
        };
        const result = await work(countedTx(tx, note));
        if (!isBegun) asked(beginOf('nothing'));
        return result;
      }),
    get stats() {
      return database.stats;
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

function countedTx(tx: Tx, asked: (statement: string) => void): Tx {
  return {
    ...tx,
    rows: (statement, values) => {
      asked(statement.name);
      return tx.rows(statement, values);
    },
    count: (statement, values) => {
      asked(statement.name);
      return tx.count(statement, values);
    },
    send: (statement, values, told) => {
      asked(statement.name);
      tx.send(statement, values, told);
    },
  };
}
