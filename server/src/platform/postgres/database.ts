/**
 * The one door to PostgreSQL: pooled connections in pipeline mode, named prepared statements, transactions.
 *
 * What writes takes a `Tx`, so that it cannot be called outside a transaction; what only reads takes a
 * `Reader`, which a `Tx` is as well.
 */
import assert, { AssertionError } from 'node:assert/strict';
import { Client, Pool, type PoolClient, type PoolConfig, type QueryResultRow } from 'pg';
import { endClient } from './end-client.ts';
import { DatabaseFault, isConsequence, isStale } from './faults.ts';
import { watchServerLife } from './server-life.ts';
import { parametersOf } from './parameters.ts';
import { sendTogether } from './send-together.ts';
import type { Statement } from './statement.ts';
import { typeParsers } from './types.ts';

export interface Reader {
  /** Runs a statement on its own and gives its rows. */
  rows<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

export interface Tx extends Reader {
  readonly kind: 'transaction';
  /** Runs a statement and gives how many rows it wrote: those themselves need not be sent. */
  count(statement: Statement, values: readonly unknown[]): Promise<number>;
  /**
   * Sends a statement without waiting: its outcome is awaited, and any fault raised, at the commit. `told` gets its rows
   * before that. It must not throw.
   */
  send(statement: Statement, values: readonly unknown[], told?: (rows: readonly unknown[]) => void): void;
  /** Runs `then` once the commit is known to have succeeded, never otherwise. It must not throw. */
  onCommit(then: () => void): void;
  /**
   * Nothing of it is to be kept: it is rolled back when its work is done, which is no fault, and runs no `onCommit`. A
   * commit would wait for the disk even where only a row was locked.
   */
  abandon(): void;
  /**
   * The statements that follow may take so long, on both sides: the server's statement_timeout and how long
   * the driver waits for the answer. For rare work on very many rows; the usual limits are for the hot path.
   */
  bePatient(statementMaxMs: number): void;
}

export interface Database extends Reader {
  /** Commits what `work` did unless it abandoned it, or rolls everything back and throws. Faults are `DatabaseFault`. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  readonly stats: { total: number; idle: number; waiting: number };
  [Symbol.asyncDispose](): Promise<void>;
}

export interface DatabaseOptions {
  readonly connection: PoolConfig;
  readonly connectionsMax: number;
  /** Server settings for every session, such as `{ lock_timeout: '500ms' }`. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * A server that does not answer at all cannot keep its own time-outs either: after so long the connection
   * is given up. Longer than statement_timeout.
   */
  readonly answerMaxMs?: number;
  /** Told of connections lost while idle; the pool replaces them by itself. */
  readonly onIdleError: (error: Error) => void;
  /**
   * Told that the server has begun another life, before anybody is given an answer of it: whatever is remembered may be
   * of commits that are lost. It must not throw.
   */
  readonly onNewLife?: () => void;
}

const ANSWER_MAX_MS = 8_000;
/** The driver waits longer than the server works, so that it is the server that says no. */
const ANSWER_MARGIN_MS = 3_000;
const PATIENCE: Statement = {
  name: 'platform.patience',
  text: `/* platform.patience */ select set_config('statement_timeout', $1, true)`,
};

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    ...options.connection,
    max: options.connectionsMax,
    pipeline: true,
    connectionTimeoutMillis: 1_000,
    query_timeout: options.answerMaxMs ?? ANSWER_MAX_MS,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: 'frontrow',
    options: Object.entries(options.settings)
      .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, String.raw`\$&`)}`)
      .join(' '),
    types: typeParsers,
  });
  // Without a listener a connection's end would end the process: an idle one's, and one's that ends in the very
  // moment in which it is handed out.
  pool.on('error', options.onIdleError);
  pool.on('connect', (client) => client.on('error', () => {}));
  const connected = new Set<Client>();
  pool.on('connect', (client) => {
    assert(client instanceof Client);
    connected.add(client);
  });
  pool.on('remove', (client) => connected.delete(client as Client));
  watchServerLife(pool, options.onNewLife ?? (() => {}));

  return {
    rows: <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      return guarded(statement.name, async () => {
        const result = await pool.query<Row>(queryOf(statement, values));
        return result.rows;
      });
    },
    transaction: (work) => runTransaction(pool, work),
    get stats() {
      return { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
    },
    [Symbol.asyncDispose]: async () => {
      await pool.end(); // says goodbye, and does not wait for the answer
      await Promise.all([...connected].map(endClient));
    },
  };
}

function queryOf(statement: Statement, values: readonly unknown[]) {
  return { name: statement.name, text: statement.text, values: parametersOf(statement, values) };
}

async function runTransaction<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await guarded('connect', () => pool.connect());
  let lost: Error | undefined;
  const losing = (error: Error) => {
    lost = error;
  };
  client.on('error', losing);
  const open = openTx(client);
  let result: T;
  try {
    try {
      result = await work(open.tx);
    } catch (error) {
      open.close();
      await rollback(client).catch(losing);
      if (isStale(error)) losing(error);
      throw error;
    }
    open.close();
    await concluded(open.sent, conclude(client, open.isAbandoned() ? 'rollback' : 'commit', losing));
  } finally {
    client.off('error', losing);
    client.release(lost);
  }
  if (!open.isAbandoned()) runHooks(open.hooks);
  return result;
}

interface OpenTx {
  readonly tx: Tx;
  /** What was sent without waiting. */
  readonly sent: readonly Promise<unknown>[];
  /** For after the commit. */
  readonly hooks: readonly (() => void)[];
  /** Work that goes on after its transaction has ended would write into somebody else's. */
  readonly close: () => void;
  readonly isAbandoned: () => boolean;
}

/** In pipeline mode BEGIN travels together with the first statement of the work. */
function openTx(client: PoolClient): OpenTx {
  const hooks: (() => void)[] = [];
  const sent: Promise<unknown>[] = [];
  let open = true;
  let abandoned = false;
  let patience: { query_timeout?: number } = {};
  const run = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
    tell?: (rows: readonly unknown[]) => void,
  ) => {
    assert(open, `${statement.name} came after the end of its transaction`);
    sendTogether(client);
    const result = await client.query<Row>({ ...queryOf(statement, values), ...patience });
    tell?.(result.rows);
    return result;
  };
  const told = createTelling();
  const send = (doing: string, start: () => Promise<unknown>) => {
    const outcome = told(doing, start);
    outcome.catch(() => {}); // looked at when the work is done
    sent.push(outcome);
  };
  const tx: Tx = {
    kind: 'transaction',
    rows: <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) =>
      told(statement.name, async () => (await run<Row>(statement, values)).rows),
    count: (statement, values) =>
      told(statement.name, async () => (await run(statement, values)).rowCount ?? 0),
    send: (statement, values, tell) => send(statement.name, () => run(statement, values, tell)),
    onCommit: (then) => {
      hooks.push(then);
    },
    abandon: () => {
      abandoned = true;
    },
    bePatient: (statementMaxMs) => {
      patience = { query_timeout: statementMaxMs + ANSWER_MARGIN_MS };
      send(PATIENCE.name, () => run(PATIENCE, [`${statementMaxMs}ms`]));
    },
  };
  sendTogether(client);
  send('begin', () => client.query('begin'));
  const close = () => {
    open = false;
  };
  return { tx, sent, hooks, close, isAbandoned: () => abandoned };
}

/** What failed is told instead of what follows from it, by whichever of the statements behind it is listened to first. */
function createTelling() {
  let failed: unknown;
  return async <Result>(doing: string, start: () => Promise<Result>): Promise<Result> => {
    try {
      return await guarded(doing, start);
    } catch (error) {
      if (!isConsequence(error)) failed = error;
      throw failed ?? error;
    }
  };
}

/** What was committed stays true whatever a hook does: its error is a bug, and ends the process like one. */
function runHooks(hooks: readonly (() => void)[]): void {
  for (const hook of hooks) {
    try {
      hook();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

async function rollback(client: PoolClient): Promise<void> {
  await client.query('rollback');
}

/**
 * COMMIT or ROLLBACK travels right behind what was sent, and does not wait for its outcome: where a statement failed,
 * PostgreSQL answers the COMMIT with a rollback, and it is the statement's own fault that is raised.
 */
async function concluded(sent: readonly Promise<unknown>[], ended: Promise<void>): Promise<void> {
  await Promise.allSettled([ended]); // answered last; before that the connection is not free
  await Promise.all(sent);
  await ended;
}

async function conclude(
  client: PoolClient,
  how: 'commit' | 'rollback',
  losing: (error: Error) => void,
): Promise<void> {
  sendTogether(client);
  const result = await guarded(how, () => client.query(how)).catch((error: unknown) => {
    losing(error as Error); // how it ended is unknown, so is the connection's state
    throw error;
  });
  // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error.
  if (result.command !== how.toUpperCase()) {
    throw new DatabaseFault(how, new Error(`answered ${result.command}`), 'data');
  }
}

/** Every fault of the driver leaves this folder as a `DatabaseFault`, with the statement's name; a bug as it is. */
async function guarded<T>(doing: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    throw DatabaseFault.from(doing, error);
  }
}
