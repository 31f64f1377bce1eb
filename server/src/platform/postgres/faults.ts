/** What a PostgreSQL error means for the one who got it. Callers never match on messages. */

/**
 * - `again`: nothing happened and the same work may well succeed now (deadlock, lock wait over).
 * - `data`: this very work cannot succeed (constraint, value); others beside it can.
 * - `down`: the server or the way to it is gone, or it cannot write; what was under way has an unknown outcome.
 */
export type FaultKind = 'again' | 'data' | 'down';

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const AGAIN = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available: lock_timeout ran out
]);
const READ_ONLY = '25006'; // a standby, after a failover
const DOWN_CLASSES = new Set([
  '08', // connection exception
  '53', // insufficient resources: connections, memory, disk
  '57', // operator intervention: shutdown, cancelled by statement_timeout
  '58', // system error: I/O
  'XX', // internal error
]);

export class DatabaseFault extends Error {
  override name = 'DatabaseFault';
  readonly kind: FaultKind;
  /** SQLSTATE, or undefined when the connection itself failed. */
  readonly sqlstate: string | undefined;
  readonly constraint: string | undefined;

  constructor(doing: string, cause: unknown) {
    super(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.sqlstate = property(cause, 'severity') === undefined ? undefined : property(cause, 'code');
    this.constraint = property(cause, 'constraint');
    this.kind = kindOf(this.sqlstate, property(cause, 'severity'));
  }

  static from(doing: string, cause: unknown): DatabaseFault {
    return cause instanceof DatabaseFault ? cause : new DatabaseFault(doing, cause);
  }
}

/** Whether this very work is at fault, by its data or by a bug: others beside it can succeed. */
export function liesInTheWork(error: unknown): boolean {
  return !(error instanceof DatabaseFault) || error.kind === 'data';
}

function kindOf(sqlstate: string | undefined, severity: string | undefined): FaultKind {
  if (sqlstate === undefined || sqlstate === READ_ONLY || DOWN_CLASSES.has(sqlstate.slice(0, 2)))
    return 'down';
  // Whatever it says, the connection is gone: an idle transaction's time is over, a password is wrong, …
  if (severity === 'FATAL' || severity === 'PANIC') return 'down';
  return AGAIN.has(sqlstate) ? 'again' : 'data';
}

function property(value: unknown, name: string): string | undefined {
  const found: unknown = value instanceof Error ? Reflect.get(value, name) : undefined;
  return typeof found === 'string' ? found : undefined;
}
