/** What a PostgreSQL error means for the one who got it. Callers never match on messages. */

/**
 * - `again`: nothing happened and the same work may well succeed now (deadlock, lock wait over).
 * - `data`: this very work cannot succeed (constraint, value); others beside it can.
 * - `broken`: this statement took too long or met something damaged; others may well succeed.
 * - `down`: the server or the way to it is gone, or it cannot write; what was under way has an unknown outcome.
 */
export type FaultKind = 'again' | 'data' | 'broken' | 'down';

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const AGAIN = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available: lock_timeout ran out
  '0A000', // feature_not_supported: a table changed under a statement that was prepared before
]);
const STALE_PLAN = '0A000';
const QUERY_CANCELED = '57014'; // statement_timeout ran out, or an operator ended the statement
const BROKEN_CLASSES = new Set([
  '58', // system error: a file cannot be read
  'XX', // internal error: a page is damaged
]);
const UNIQUE_VIOLATION = '23505';
const READ_ONLY = '25006'; // a standby, after a failover
const DOWN_CLASSES = new Set([
  '08', // connection exception
  '53', // insufficient resources: connections, memory, disk
  '57', // operator intervention: shutdown, start
]);

export class DatabaseFault extends Error {
  override name = 'DatabaseFault';
  readonly kind: FaultKind;
  /** SQLSTATE, or undefined when the connection itself failed. */
  readonly sqlstate: string | undefined;
  readonly constraint: string | undefined;

  /** What it means follows from the cause, unless it is said. */
  constructor(doing: string, cause: unknown, kind?: FaultKind) {
    super(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.sqlstate = property(cause, 'severity') === undefined ? undefined : property(cause, 'code');
    this.constraint = property(cause, 'constraint');
    this.kind = kind ?? kindOf(this.sqlstate, property(cause, 'severity'));
  }

  static from(doing: string, cause: unknown): DatabaseFault {
    return cause instanceof DatabaseFault ? cause : new DatabaseFault(doing, cause);
  }
}

const IN_FAILED_TRANSACTION = '25P02';

/** A statement behind one that failed says no more than that. */
export function isConsequence(error: unknown): boolean {
  return error instanceof DatabaseFault && error.sqlstate === IN_FAILED_TRANSACTION;
}

/** Whether the connection has prepared what does not fit the tables any more; another one has not. */
export function isStale(error: unknown): error is DatabaseFault {
  return error instanceof DatabaseFault && error.sqlstate === STALE_PLAN;
}

/** Whether the same work may succeed if it is simply done again, `alone` or with others. */
export function isWorthRepeating(error: unknown, alone: boolean): boolean {
  if (!(error instanceof DatabaseFault)) return false;
  // Somebody else just took a unique key. A fresh snapshot sees that, and the decision will be another one.
  return error.kind === 'again' || (error.sqlstate === UNIQUE_VIOLATION && alone);
}

/** Whether this very work is surely at fault, by its data or by a bug: others beside it can succeed. */
export function liesInTheWork(error: unknown): boolean {
  return !(error instanceof DatabaseFault) || error.kind === 'data';
}

/** Whether it may be this very work all the same: the server is there, and answers others. */
export function mayLieInTheWork(error: unknown): boolean {
  return !(error instanceof DatabaseFault) || error.kind !== 'down';
}

function kindOf(sqlstate: string | undefined, severity: string | undefined): FaultKind {
  // Whatever it says, the connection is gone: an idle transaction's time is over, a password is wrong, …
  if (sqlstate === undefined || severity === 'FATAL' || severity === 'PANIC') return 'down';
  const sqlclass = sqlstate.slice(0, 2);
  if (sqlstate === QUERY_CANCELED || BROKEN_CLASSES.has(sqlclass)) return 'broken';
  if (sqlstate === READ_ONLY || DOWN_CLASSES.has(sqlclass)) return 'down';
  return AGAIN.has(sqlstate) ? 'again' : 'data';
}

function property(value: unknown, name: string): string | undefined {
  const found: unknown = value instanceof Error ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : undefined;
}
